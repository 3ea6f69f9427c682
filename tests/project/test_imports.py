"""Who may import whom, where import-linter does not look: pages, lazily imported packages, the requirements."""

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.sources import ROOT, dotted, imports, modules

APP = modules("app.py", "pages", "cnnviz")
PAGES = [(path, tree) for path, tree in modules("pages") if path.count("/") == 2]
CODE = ("app.py", "pages", "cnnviz", "tests", "benchmarks")


def _requirements(file):
    lines = (line.split("#")[0].strip() for line in (ROOT / file).read_text("utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def _packages(trees):
    """The distributions that provide what some files import, apart from the standard library and the project."""
    known = packages_distributions()
    tops = {imported.split(".")[0] for _, tree in trees for imported in imports(tree)}
    return {
        canonicalize_name(known.get(top, [top])[0])
        for top in tops - set(sys.stdlib_module_names) - {"cnnviz", "tests", "benchmarks"}
    }


def test_the_requirements_are_what_the_app_imports():
    files = ("requirements.txt", "requirements-ray.txt", "requirements-mlflow.txt", "requirements-by-hand.txt")
    required = [requirement for file in files for requirement in _requirements(file)]
    assert _packages(APP) == {canonicalize_name(requirement.name) for requirement in required}


def test_ray_is_an_extra_that_nothing_else_needs():
    users = {path for path, tree in APP if any(re.match(r"ray(\.|$)", imported) for imported in imports(tree))}
    assert users == {"cnnviz/training/ray_executor.py", "cnnviz/training/ray_worker.py"}


def test_mlflow_is_an_extra_that_nothing_else_needs():
    users = {path for path, tree in APP if any(re.match(r"mlflow(\.|$)", imported) for imported in imports(tree))}
    assert users == {"cnnviz/training/tracked.py"}


def test_opencv_is_an_extra_that_nothing_else_needs():
    users = {path for path, tree in APP if any(re.match(r"cv2(\.|$)", imported) for imported in imports(tree))}
    assert users == {"cnnviz/insight/by_hand.py"}


def test_the_tests_import_only_what_is_required():
    files = ("requirements.txt", "requirements-dev.txt", "requirements-ray.txt", "requirements-mlflow.txt",
             "requirements-by-hand.txt")  # fmt: skip
    required = [requirement for file in files for requirement in _requirements(file)]
    assert _packages(modules(*CODE)) <= {canonicalize_name(requirement.name) for requirement in required}


def test_what_is_installed_is_what_is_required():
    for requirement in _requirements("requirements.txt") + _requirements("requirements-dev.txt"):
        assert requirement.specifier.contains(version(requirement.name), prereleases=True), requirement


def test_only_the_interface_imports_streamlit():
    users = {path for path, tree in modules("cnnviz") if any(re.match(r"streamlit(\.|$)", i) for i in imports(tree))}
    assert users
    assert not [path for path in users if not path.startswith("cnnviz/ui/")]


def test_there_are_pages():
    assert len(PAGES) >= 5


@pytest.mark.parametrize(("path", "tree"), PAGES, ids=[path for path, _ in PAGES])
def test_a_page_only_joins_what_the_library_offers(path, tree):
    """Widgets, spec, call, render: a page needs nothing but Streamlit and the project."""
    assert {imported.split(".")[0] for imported in imports(tree)} <= {"streamlit", "cnnviz"}


@pytest.mark.parametrize(("path", "tree"), PAGES, ids=[path for path, _ in PAGES])
def test_a_page_reads_top_to_bottom(path, tree):
    lines = len((ROOT / path).read_text("utf-8").splitlines())
    assert lines <= 150, f"{path} has {lines} lines"
    assert ast.get_docstring(tree)


def test_app_is_short():
    assert len((ROOT / "app.py").read_text("utf-8").splitlines()) < 80


_TORCH_FREE = """
import importlib, json, pkgutil, sys
import cnnviz.architectures, cnnviz.augmentation, cnnviz.data, cnnviz.insight, cnnviz.inspection, cnnviz.training
for package in ("specs", "figures", "export"):
    package = importlib.import_module(f"cnnviz.{package}")
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
import cnnviz.errors, cnnviz.events, cnnviz.language, cnnviz.rows
from cnnviz.architectures import catalog
entries = [entry.spec().model_dump() for entry in catalog()]
from cnnviz.training import TrainingConfig
TrainingConfig(architecture="lenet_bn")
print(json.dumps([len(entries), sorted({name.split(".")[0] for name in sys.modules})]))
"""

_HOME = """
import json, sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("pages/main.py", default_timeout=60).run()
assert not app.exception, app.exception
print(json.dumps([len(app.title), sorted({name.split(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize("script", [_TORCH_FREE, _HOME], ids=["library", "home"])
def test_specs_catalogue_drawing_and_home_do_not_import_torch(script):
    """Importing torch takes seconds; the first page must not wait for them."""
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr
    count, loaded = json.loads(run.stdout.splitlines()[-1])
    assert count
    assert not {"torch", "torchvision", "torchinfo"} & set(loaded)
    if script is _TORCH_FREE:
        assert "streamlit" not in loaded


_RANDOM = re.compile(
    r"(torch(\.(cuda|mps|random))?\.(manual_seed(_all)?|seed(_all)?|set_rng_state(_all)?)"
    r"|(np|numpy)\.random\.(seed|rand|randn|randint|choice|permutation|shuffle)"
    r"|random\.(seed|random|randint|choice|choices|shuffle|sample|uniform))"
)
_UNSAFE = {"eval", "exec", "torch.load", "pickle.load", "pickle.loads", "os.system"}


@pytest.mark.parametrize(("path", "tree"), APP, ids=[path for path, _ in APP])
def test_shared_state_is_left_alone(path, tree):
    """Thirty threads share one process: no global generators, no module that collects, nothing uploaded is executed."""
    calls = {dotted(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not [call for call in calls if _RANDOM.fullmatch(call)]
    assert not calls & _UNSAFE
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)]
    assert not {"pickle", "shelve", "marshal", "joblib", "multiprocessing"} & {i.split(".")[0] for i in imports(tree)}
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        empty = isinstance(value, ast.List | ast.Dict) and not (
            getattr(value, "elts", None) or getattr(value, "keys", None)
        )
        made = isinstance(value, ast.Call) and dotted(value.func) in {"list", "dict", "set", "defaultdict", "deque"}
        assert not empty and not (made and not value.args), f"{path}:{node.lineno} collects at module level"
