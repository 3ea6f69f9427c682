"""What a stranger who clones the repository may rely on: licences, no network, no traces, translatable sentences."""

import ast
import re

import pytest

from tests.project.sources import ROOT, dotted, files, imports, modules, name, texts

THIS = "tests/project/test_repository.py"  # the only file that may name what no other may name

REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("pythonhosted", "org"), ("download", "pytorch", "org"), ("npmjs", "org"), ("npmjs", "com"),
        ("yarnpkg", "com"), ("deb", "debian", "org"), ("anaconda", "org"), ("conda-forge", "org"), ("jsdelivr", "net"),
        ("unpkg", "com"), ("cdnjs", "cloudflare", "com"), ("fonts", "googleapis", "com"), ("fonts", "gstatic", "com"),
        ("huggingface", "co"),
    )
)  # fmt: skip
MACHINE_PATHS = re.compile(r"(?<![\w./~-])/(?:work|root|home|Users|tmp|mnt|private)/[\w.]|(?<!\w)[A-Z]:\\\\?Users")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|lorem ipsum|DESIGN\.md|glossary\.md)\b|\bshared/")
# What may stand behind "http": namespaces, this machine, and pages that a person opens by a click.
ADDRESSES = re.compile(
    r"https?://(?:www\.w3\.org/|127\.0\.0\.1|localhost|\[::1\]|\{|arxiv\.org/|nbformat\.readthedocs\.io/|doi\.org/|github\.com/|$|[\"'`])"
)


def test_nothing_names_a_registry_or_a_machine():
    for path, text in texts():
        if path != THIS:
            assert not [host for host in REGISTRIES if host in text.lower()], path
            assert not MACHINE_PATHS.findall(text), path


def test_nothing_is_left_unfinished():
    for path, text in texts():
        if path != THIS:
            assert not UNFINISHED.findall(text), path


def test_no_test_is_switched_off():
    for path, tree in modules("tests", "benchmarks"):
        used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not {"pytest.mark.skip", "pytest.mark.xfail"} & used, path


def test_every_asset_has_its_licence_beside_it():
    """A licence lies in the same folder, and `assets/README.md` says for each work where it is from and its terms.

    What the project wrote itself is under its own licence; a table of facts names the source of each line.
    """
    told = (ROOT / "assets" / "README.md").read_text("utf-8")
    assets = [path for path in files() if name(path).startswith("assets/") and "lessons" not in path.parts]
    papers = [path for path in assets if re.search(r"licen[cs]e|readme", path.name, re.I)]
    works = [path for path in assets if path not in papers]
    assert {"cat.png", "train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"} <= {path.name for path in works}
    for work in works:
        lines = [line for line in told.splitlines() if f"`{work.name}`" in line or f"`{work.parent.name}/*" in line]
        assert lines, f"{name(work)} is not in assets/README.md"
        if "the project's" in lines[0]:
            continue
        if work.suffix == ".csv":
            assert "source" in work.read_text("utf-8").splitlines()[0].split(","), name(work)
            continue
        beside = [paper.name for paper in papers if paper.parent == work.parent]
        named = [f"{work.stem}.LICENSE.txt", "LICENSE"]
        assert set(named) & set(beside), name(work)
        assert re.search(r"\b(MIT|CC0|CC BY|public domain)\b", lines[0]), name(work)


def test_the_code_loads_nothing_from_the_network():
    """No content network, no web font, no client: the app works with the network cable out."""
    seen = 0
    for path, text in texts():
        if path.startswith(("cnnviz/", "pages/", ".streamlit/")) or path == "app.py":
            for match in re.finditer(r"https?://[^\s]*", text):
                seen += 1
                assert ADDRESSES.match(match.group()), f"{path}: {match.group()}"
            assert not re.search(r"(src|href)=[\"']//|@import\s+url|importScripts\(", text), path
    assert seen
    clients = {"requests", "httpx", "aiohttp", "urllib.request", "urllib3", "ftplib", "torch.hub", "huggingface_hub"}
    for path, tree in modules("cnnviz", "pages", "app.py"):
        assert not clients & set(imports(tree)), path
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "download":
                assert isinstance(node.value, ast.Constant) and node.value.value is False, path


def test_nothing_typed_by_a_person_can_become_html():
    for path, text in texts():
        if path != THIS:
            assert "unsafe_allow" + "_html" not in text, path
            assert "unsafe_allow" + "_javascript" not in text, path


_SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")


@pytest.mark.parametrize("path", [path for path, _ in modules("pages")])
def test_what_a_page_says_goes_through_the_catalogue(path):
    """Every literal that reads like words is an argument of `_`, `N_` or `_.plural`, or explains the code."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    exempt = set()
    for node in ast.walk(tree):
        marked = isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in {"_", "N_", "plural"}
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if marked or docstring:
            exempt |= {id(child) for child in ast.walk(node)}
    assert not [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in exempt
        and _SENTENCE.search(node.value)
    ]
