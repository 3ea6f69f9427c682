"""The texts of a drawing plan: plotly's little HTML taken apart, and its number formats in the reader's language."""

import html
import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from cnnviz.language import SPACE

# The notation of the module d3-format, which plotly has
_FORMAT: Final = re.compile(r"(,)?(?:\.(\d+))?(~)?([fg%])?")
_PLACE: Final = re.compile(r"%\{(\w+)(?::([^}]*))?\}")
_SWAPPED: Final = str.maketrans(".,", ",.")


def lines_of(text: str) -> list[list[Any]]:
    """Lines of a text and whether each is bold: "<b>A</b><br>B" → [["A", True], ["B", False]]."""
    found = []
    bold = False
    for line in text.split("<br>"):
        opened = bold or "<b>" in line
        bold = opened and "</b>" not in line
        found.append([html.unescape(line.replace("<b>", "").replace("</b>", "")), opened])
    return found


def lines(text: str) -> str:
    """The same without its marks, for the pointer and the screen reader."""
    return "\n".join(line for line, _bold in lines_of(text))


@lru_cache(maxsize=64)
def _parts(form: str) -> tuple[str | None, ...]:
    """A format's comma, digits, tilde and kind."""
    found = _FORMAT.fullmatch(form)
    if found is None:
        raise ValueError(f"cannot write a number as {form!r}")
    return found.groups()


class Writer:
    """Writes what stands under the pointer.

    Args:
        code: of the reader's language.
    """

    def __init__(self, code: str) -> None:
        self._comma = code == "es"

    def say(self, value: Any, form: str = "") -> str:
        """A number in one of d3's formats that the figures use: `.3f`, `.1%`, `.4~g`, `,` and none.

        Raises:
            ValueError: for another format.
        """
        if isinstance(value, str):
            return value
        grouped, digits, trimmed, kind = _parts(form)
        number = float(value)
        if not math.isfinite(number):
            return ""
        if kind == "%":
            text = f"{100 * number:.{digits or 6}f}{SPACE}%"
        elif kind == "f":
            text = f"{number:.{digits or 6}f}"
        else:
            text = f"{number:{',' if grouped else ''}.{digits or 6 if not grouped else 12}g}"
            text = re.sub(r"e([+-])0*", lambda sign: "e" + sign[1].replace("+", ""), text)
        if trimmed and "." in text and "e" not in text:
            text = text.rstrip("0").rstrip(".")
        return text.translate(_SWAPPED) if self._comma else text

    def points(self, trace: dict[str, Any]) -> list[str] | str | None:
        """What stands under the pointer at each point of a line, one text for all of them, or None."""
        if trace.get("hoverinfo") == "skip":
            return None
        given = trace.get("hovertext")
        if given is not None:
            return lines(given) if isinstance(given, str) else [lines(one) for one in given]
        template = trace.get("hovertemplate")
        if template is None:
            return None
        write = self._template(template)
        return [write(x=x, y=y) for x, y in zip(trace["x"], trace["y"], strict=True)]

    def bars(self, trace: dict[str, Any]) -> list[str] | None:
        """The same of bars."""
        found = self.points(trace)
        return [found] * len(trace["x"]) if isinstance(found, str) else found

    def grid(self, trace: dict[str, Any], rows: Sequence[Any], columns: Sequence[Any]) -> list[str] | None:
        """The same of cells, a row after the other."""
        if trace.get("hoverinfo") == "skip":
            return None
        z = np.asarray(trace["z"])
        if trace.get("text") is not None:
            given = [lines(str(one)) for row in trace["text"] for one in row]
            flat = z.reshape(len(rows) * len(columns), -1)[:, 0].astype(float)
            return [text if math.isfinite(value) else "" for text, value in zip(given, flat, strict=True)]
        template = trace.get("hovertemplate")
        if template is None:
            return None
        write = self._template(template)
        return [
            write(x=x, y=y, z=one) for y, row in zip(rows, z, strict=True) for x, one in zip(columns, row, strict=True)
        ]

    def _template(self, template: str) -> Callable[..., str]:
        """A template taken apart once: what fills in the numbers of a point, "" where one of them is none."""
        pieces = _PLACE.split(lines(template.replace("<extra></extra>", "")))  # words, name, format, words, …
        words, names, forms = pieces[::3], pieces[1::3], pieces[2::3]

        def fill(**values: Any) -> str:
            said = [self._said(values[name], form or "") for name, form in zip(names, forms, strict=True)]
            if "" in said:
                return ""
            return "".join(part for pair in zip(words, [*said, ""], strict=True) for part in pair)

        return fill

    def _said(self, value: Any, form: str) -> str:
        if isinstance(value, np.ndarray):
            return ", ".join(self.say(one) for one in value)
        return self.say(value, form)
