"""The repository's files, and what their Python says, for the tests of this folder."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {"__pycache__", "node_modules", "htmlcov", "screenshots"}
_TEXT = {
    ".cfg", ".css", ".csv", ".html", ".ini", ".js", ".json", ".md", ".po", ".py", ".svg", ".toml", ".txt", ".yaml",
    ".yml", "",
}  # fmt: skip


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project: what lies in hidden folders of tools, and what tools leave behind, is not."""

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                kept = path.name in {".ci", ".streamlit", ".github"} or not path.name.startswith(".")
                if kept and path.name not in _NOT_OURS and not path.name.endswith(".egg-info"):
                    yield from walk(path)
            elif path.suffix not in {".pyc", ".pot"} and path.name not in {".coverage", ".git"}:
                yield path

    return tuple(walk(ROOT))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def texts() -> Iterator[tuple[str, str]]:
    """(path, text) of every text file."""
    for path in files():
        if path.suffix in _TEXT:
            yield name(path), path.read_text("utf-8")


def name(path: Path) -> str:
    """A path as people write it."""
    return path.relative_to(ROOT).as_posix()


def modules(*folders: str) -> tuple[tuple[str, ast.Module], ...]:
    """(path, syntax tree) of the Python files in some folders, or of single files."""
    return tuple(
        (name(path), _tree(path))
        for path in files()
        if path.suffix == ".py"
        and any(name(path) == folder or name(path).startswith(f"{folder}/") for folder in folders)
    )


def imports(tree: ast.AST) -> Iterator[str]:
    """The dotted names that a file imports, those inside functions and type checks included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute or a name; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""
