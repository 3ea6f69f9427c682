"""Two commands on a fresh clone: what `make` and `.ci/run` would do, and whether the README tells the truth."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from cnnviz.cli import COMMANDS, main
from tests.project.sources import ROOT

README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture
def make():
    path = shutil.which("make")
    assert path, "these tests need make"
    return path


def _alone():
    """The environment without an outer make's words: these tests run inside `make test` too."""
    return {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def _plan(make, target, venv):
    """The commands that make would run, none of which is run."""
    run = subprocess.run(
        [make, "-n", target, f"VENV={venv}"],
        cwd=ROOT,
        env=_alone(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return run.stdout


def test_make_run_installs_once_and_starts_the_app(make, tmp_path):
    fresh = _plan(make, "run", tmp_path)
    order = ["-m venv", "pip install --disable-pip-version-check -r requirements.txt", "streamlit run app.py"]
    places = [fresh.index(step) for step in order]
    assert places == sorted(places)
    (tmp_path / ".installed-app").touch()
    again = _plan(make, "run", tmp_path)
    assert "pip install" not in again
    assert "streamlit run app.py" in again


def test_make_test_installs_once_and_runs_every_check_in_order(make, tmp_path):
    fresh = _plan(make, "test", tmp_path)
    order = [
        "pip install --disable-pip-version-check -r requirements-dev.txt",
        "ruff check",
        "mypy",
        "lint-imports",
        '-m "not browser and not soak and not ray and not trackers and not alone"',
        '-m "alone and not browser and not soak and not ray and not trackers"',
        '-m "browser and not soak"',
    ]
    places = [fresh.index(step) for step in order]
    assert places == sorted(places)
    assert "pytest" in fresh.strip().splitlines()[-1], "pytest's own line closes the output"
    (tmp_path / ".installed-app").touch()
    (tmp_path / ".installed-dev").touch()
    assert "pip install" not in _plan(make, "test", tmp_path)


def test_branches_are_counted_on_request_with_a_floor(make, tmp_path):
    """Counting them doubles the time of what is counted, so `make test` does without."""
    assert "--cov" not in _plan(make, "test", tmp_path)
    counted = _plan(make, "coverage", tmp_path).strip().splitlines()[-1]
    assert "-n 2" in counted and "--cov --cov-fail-under=85" in counted


def test_a_changed_requirement_is_installed(make, tmp_path):
    for stamp in (".installed-app", ".installed-dev"):
        (tmp_path / stamp).touch()
        os.utime(tmp_path / stamp, (0, 0))
    plan = _plan(make, "test", tmp_path)
    assert "-r requirements.txt" in plan
    assert "-r requirements-dev.txt" in plan


def test_an_old_python_is_refused_with_a_sentence(make, tmp_path):
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexec python3 -c 'import sys; sys.version_info = (3, 9, 1); exec(sys.argv[1])' \"$2\"\n")
    old.chmod(0o755)
    run = subprocess.run(
        [make, "run", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13" in run.stderr
    assert "make run PYTHON=python3.13" in run.stderr
    assert not (tmp_path / "venv").exists()


@pytest.fixture
def machine(tmp_path):
    """A machine with only the programs it is given; each notes that it was called."""
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    for name in ("bash", "dirname", "env"):
        (programs / name).symlink_to(shutil.which(name))

    def run(*names):
        for name in names:
            (programs / name).write_text(f'#!{shutil.which("bash")}\necho {name} "$@" >> {log}\n')
            (programs / name).chmod(0o755)
        environment = {"PATH": str(programs), "CI": "true"}
        done = subprocess.run(
            [programs / "bash", ROOT / ".ci" / "run"],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return log.read_text().splitlines()

    return run


def test_ci_installs_a_browser_where_there_is_none(machine):
    called = machine("python3", "make", "apt-get", "sudo")
    installs = [line for line in called if line.split(" ", 1)[-1].startswith(("apt-get install", "install"))]
    assert "chromium" in installs[0]
    assert called[-1] == "make test"


def test_ci_installs_nothing_that_is_there(machine):
    called = machine("python3", "make", "apt-get", "sudo", "chromium")
    assert not [line for line in called if "apt-get" in line]
    assert called[-1] == "make test"


def test_ci_can_be_run_by_its_name():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_readme_and_project_agree_on_the_pythons():
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    for minor in range(9, 16):
        assert (f"3.{minor}" in README) == supported.contains(f"3.{minor}")


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_links_lead_somewhere(text):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert targets
    assert not [target for target in targets if not (ROOT / target).exists()]
    named = re.findall(r"`((?:cnnviz|pages|tests|assets|docs)/[\w/.]+?)/?`", text)
    assert not [path for path in named if not (ROOT / path).exists()]


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", README + CONTRIBUTING, re.M))
    assert {"run", "test", "messages"} <= named <= targets


@pytest.mark.parametrize("line", re.findall(r"^python -m cnnviz (.+?)\s*(?:#.*)?$", README, re.M))
def test_the_readmes_commands_are_understood(line, capsys):
    command, *arguments = line.split()
    assert command in COMMANDS
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert [argument for argument in arguments if argument.startswith("--") and argument not in shown] == []


def test_the_readmes_notebook_names_exist():
    from importlib import import_module

    code = re.search(r"```python\n(.*?)```", README, re.S)[1]
    compile(code, "README.md", "exec")
    found = re.findall(r"^from ([\w.]+) import (.+)$", code, re.M)
    assert found
    for module, names in found:
        for name in names.split(","):
            assert hasattr(import_module(module), name.strip())


def test_licence_is_the_one_that_is_declared():
    assert PROJECT["project"]["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License")


def test_nothing_that_a_run_leaves_behind_is_committed():
    ignored = Path(ROOT / ".gitignore").read_text("utf-8").split()
    assert {".venv/", ".cnnviz/", "__pycache__/", "*.pot", ".coverage"} <= set(ignored)
