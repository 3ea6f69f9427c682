"""One text, two forms: a Python script and a Jupyter notebook, from the same sections.

A notebook is nbformat 4.5, written as the plain JSON that it is: https://nbformat.readthedocs.io/en/latest/format_description.html
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import fill
from typing import Any, Final

from cnnviz.export.code import WIDTH

_IMPORTS: Final = (
    (r"\bargparse\.", "import argparse"),
    (r"\bgzip\.", "import gzip"),
    (r"\bhashlib\.", "import hashlib"),
    (r"\bmath\.", "import math"),
    (r"\bOrderedDict\b", "from collections import OrderedDict"),
    (r"\bPath\b", "from pathlib import Path"),
    ("", ""),
    (r"\btorch\.", "import torch"),
    (r"\bImage\.", "from PIL import Image"),
    (r"(?<!torch\.)\b(Tensor|nn)\b", "from torch import {}"),
    (r"\b(cross_entropy|interpolate|pad)\(", "from torch.nn.functional import {}"),
    (r"\bget_model\(", "from torchvision.models import get_model"),
    (r"\bv2\.", "from torchvision.transforms import v2"),
    (r"\bmake_grid\(", "from torchvision.utils import make_grid"),
)
"""What exported code may use, and the line that brings it, in the order of isort."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the text: a heading, prose under it, and code without its imports.

    The prose is shown in notebooks; in a script the docstrings say as much.
    """

    heading: str
    code: str
    prose: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What is exported.

    Attributes:
        title: the first line, a sentence without its full stop.
        prose: paragraphs under it.
        sections: definitions, in order.
        script_end: what only the script has: the code under `if __name__ == "__main__":`.
        notebook_end: the sections in its place that only the notebook has.
    """

    title: str
    prose: tuple[str, ...]
    sections: tuple[Section, ...]
    script_end: str
    notebook_end: tuple[Section, ...]

    def script(self) -> str:
        """The text of a `.py` file."""
        paragraphs = [f"{self.title}.", *(fill(text, WIDTH) for text in self.prose)]
        parts = [section.code.rstrip("\n") for section in self.sections]
        code = "\n\n\n".join([*parts, self.script_end.rstrip("\n")])
        gap = "\n\n" if code.startswith(("def ", "class ", "@")) else "\n"
        return '"""' + "\n\n".join(paragraphs) + '\n"""\n\n' + imports(code) + f"\n{gap}{code}\n"

    def notebook(self) -> str:
        """The text of an `.ipynb` file."""
        sections = (*self.sections, *self.notebook_end)
        cells = [_markdown(f"# {self.title}\n\n" + "\n\n".join(self.prose))]
        cells.append(_code(imports("\n".join(section.code for section in sections))))
        for section in sections:
            cells.append(_markdown(f"## {section.heading}\n\n{section.prose}".strip()))
            cells.append(_code(section.code))
        for number, cell in enumerate(cells):
            cell["id"] = f"cell-{number}"
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
        content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def imports(code: str) -> str:
    """The import lines that a piece of code needs, standard library first."""
    lines: list[str] = []
    for pattern, line in _IMPORTS:
        found = sorted(set(re.findall(pattern, code))) if pattern else [""]
        if found:
            lines.append(line.format(", ".join(map(str, found))) if "{}" in line else line)
    return "\n".join(lines).strip("\n")


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": _lines(text)}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": _lines(text.strip("\n")),
    }


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def joined(definitions: Iterable[str]) -> str:
    """Top-level functions and classes with two empty lines between them."""
    return "\n\n".join(f"{definition.rstrip()}\n" for definition in definitions)
