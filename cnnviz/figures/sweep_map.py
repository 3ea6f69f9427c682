"""A sweep as a map: rows are learning rates, columns batch sizes, and each cell says what came of its run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from cnnviz.figures.blocks import readable_on
from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

ROW: Final = 64  # px, a row at least
_FEW: Final = 352  # px of all rows, where that makes them higher
_HIGHEST: Final = 88  # px of a row
_TALL: Final = 9  # rows; with more of them a cell has one line
_LOW: Final = 30  # px of a row then
_SCALES: Final = {False: ("#e8f1fb", "#0b4a8a"), True: ("#17283c", "#8cc4f5")}
_NOTHING: Final = {False: "#f2f4f7", True: "#1b222c"}


@dataclass(frozen=True, slots=True)
class MapCell:
    """One cell in words and as a number.

    Attributes:
        learning_rate: its row.
        batch_size: its column.
        value: what its colour says; None for a cell that has nothing to show.
        text: what stands in it, first line: a figure, or how far it is.
        note: second line, or "".
        said: the whole cell in words, for the pointer and the arrow keys.
        name: what a click on it is called; "" for a cell that leads nowhere.
        best: whether it is marked.
    """

    learning_rate: float
    batch_size: int
    value: float | None
    text: str
    note: str
    said: str
    name: str = ""
    best: bool = False


def sweep_map(
    cells: Sequence[MapCell], _: Language, dark: bool = False, scale: tuple[float, float] | None = None
) -> go.Figure:
    """The cells in their rows and columns, the largest learning rate above; darker is more, and the figure says it.

    Args:
        cells: of every row and column.
        _: the reader's language.
        dark: whether the reader's theme is dark.
        scale: the values of the palest and the strongest colour; None for the least and the most there are.
    """
    colours = palette(dark)
    rates = sorted({cell.learning_rate for cell in cells})
    sizes = sorted({cell.batch_size for cell in cells})
    shape = len(rates), len(sizes)
    values, others = np.full(shape, np.nan), np.full(shape, np.nan)
    said, names = [[""] * shape[1] for _row in rates], [[""] * shape[1] for _row in rates]
    places = {(cell.learning_rate, cell.batch_size): cell for cell in cells}
    for i, rate in enumerate(rates):
        for j, size in enumerate(sizes):
            cell = places[rate, size]
            said[i][j], names[i][j] = cell.said, cell.name
            (others if cell.value is None else values)[i, j] = 1.0 if cell.value is None else cell.value
    known = values[np.isfinite(values)]
    low, high = scale or ((float(known.min()), float(known.max())) if len(known) else (0.0, 1.0))
    common: dict[str, Any] = {
        "x": list(range(shape[1])), "y": list(range(shape[0])), "showscale": False, "text": said, "hoverinfo": "text",
        "customdata": names, "xgap": 3, "ygap": 3,
    }  # fmt: skip
    first, last = _SCALES[dark]
    plain = _NOTHING[dark]
    traces = [
        go.Heatmap(z=values, zmin=low, zmax=high, colorscale=((0.0, first), (1.0, last)), **common),
        go.Heatmap(z=others, zmin=0, zmax=1, colorscale=((0.0, plain), (1.0, plain)), **common),
    ]
    one_line = shape[0] > _TALL
    row = _LOW if one_line else min(_HIGHEST, max(ROW, _FEW // shape[0]))
    texts, frames = [], []
    for i, rate in enumerate(rates):
        for j, size in enumerate(sizes):
            cell = places[rate, size]
            share = None if cell.value is None else (cell.value - low) / ((high - low) or 1)
            ink = colours.ink if share is None else readable_on(_between(first, last, share))
            text = f"<b>{cell.text}</b>" if cell.best else cell.text
            if cell.note and not one_line:
                text += f"<br>{cell.note}"
            texts.append(
                {
                    "x": j,
                    "y": i,
                    "text": text,
                    "showarrow": False,
                    "font": {"size": 17 if row > ROW else 15, "color": ink},
                }
            )
            if cell.best:
                frames.append(
                    {"type": "rect", "x0": j - 0.49, "x1": j + 0.49, "y0": i - 0.49, "y1": i + 0.49,
                     "line": {"color": colours.ink, "width": 3}, "fillcolor": "rgba(0,0,0,0)"}
                )  # fmt: skip
    axis = {"fixedrange": True, "showgrid": False, "zeroline": False, "automargin": True}
    return go.Figure(
        traces,
        layout(
            _,
            dark,
            height=70 + shape[0] * row,
            margin={"l": 4, "r": 4, "t": 4, "b": 8},
            annotations=texts,
            shapes=frames,
            xaxis={**axis, "title": {"text": _("Batch size")}, "tickvals": list(range(shape[1])),
                   "ticktext": [_.number(size) for size in sizes], "range": [-0.5, shape[1] - 0.5]},
            yaxis={**axis, "title": {"text": _("Learning rate")}, "tickvals": list(range(shape[0])),
                   "ticktext": [_.significant(rate) for rate in rates], "range": [-0.5, shape[0] - 0.5]},
        ),
    )  # fmt: skip


def _between(first: str, last: str, share: float) -> str:
    """A colour on the way from one "#rrggbb" to another."""
    ends = [[int(colour[start : start + 2], 16) for start in (1, 3, 5)] for colour in (first, last)]
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in zip(*ends, strict=True))
