"""Lesson texts: Markdown of our own, one file per language under `assets/lessons/<language>/`."""

from functools import cache
from pathlib import Path
from typing import Final

from cnnviz.language import Language

FOLDER: Final = Path(__file__).resolve().parents[2] / "assets" / "lessons"


@cache
def lesson(name: str, _: Language) -> str:
    """The text of a lesson in the reader's language."""
    return (FOLDER / _.code / f"{name}.md").read_text("utf-8")
