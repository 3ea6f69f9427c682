"""A small picture and what a convolution makes of it, every pixel to be seen."""

from typing import Any, Final, Protocol

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 280
_MARK: Final = "#d55e00"


class Convolved(Protocol):
    """What is drawn: see `cnnviz.insight.inception.Pixelwise`."""

    @property
    def output(self) -> NDArray[np.float32]:
        """(rows, columns)."""
        ...

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(rows, columns)."""
        ...

    @property
    def difference(self) -> float:
        """To the dense layer."""
        ...


def pixel_pictures(
    picture: NDArray[np.uint8], found: Convolved, row: int, column: int, _: Language, *, dark: bool = False
) -> go.Figure:
    """The picture at the left, the output at the right, the chosen pixel and what it changes framed.

    Args:
        picture: (rows, columns, 3).
        found: the output.
        row: of the chosen pixel, from 1.
        column: of the chosen pixel, from 1.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    rows, columns = found.output.shape
    traces: list[Any] = [
        go.Image(z=picture, hovertemplate=_("Red, green, blue: {values}", values="%{z}") + "<extra></extra>"),
        go.Heatmap(
            z=found.output, xaxis="x2", yaxis="y2", colorscale="Greys", reversescale=True, showscale=False,
            hovertemplate="%{z:.2f}<extra></extra>",
        ),
    ]  # fmt: skip
    frames = [_frame(row - 1, column - 1, "x", "y")]
    frames += [_frame(int(y), int(x), "x2", "y2") for y, x in np.argwhere(found.changed)]
    hidden: dict[str, Any] = {
        "showticklabels": False,
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }
    titles = [
        {"text": text, "x": place, "xref": "paper", "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom",
         "showarrow": False, "font": {"size": 14, "color": colours.ink}}
        for text, place in ((_("In: red, green, blue"), 0.0), (_("Out: one channel"), 0.515))
    ]  # fmt: skip
    figure = go.Figure(traces)
    figure.layout = go.Layout(
        layout(
            _, dark, height=HEIGHT, margin={"l": 2, "r": 2, "t": 26, "b": 2}, shapes=frames, annotations=titles,
            xaxis={**hidden, "domain": (0.0, 0.485), "range": [-0.5, columns - 0.5]},
            yaxis={**hidden, "range": [rows - 0.5, -0.5], "scaleanchor": "x", "constrain": "domain"},
            xaxis2={**hidden, "domain": (0.515, 1.0), "anchor": "y2", "range": [-0.5, columns - 0.5]},
            yaxis2={**hidden, "anchor": "x2", "range": [rows - 0.5, -0.5], "scaleanchor": "x2", "constrain": "domain"},
        )
    )  # fmt: skip
    return figure


def _frame(row: int, column: int, x: str, y: str) -> dict[str, Any]:
    return {"type": "rect", "xref": x, "yref": y, "x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5,
            "y1": row + 0.5, "line": {"color": _MARK, "width": 2.5}}  # fmt: skip


def describe_pixels(found: Convolved, row: int, column: int, _: Language) -> str:
    """Both pictures in words."""
    rows, columns = found.output.shape
    return _(
        "A cat on {columns} × {rows} pixels, and beside it one output channel as grey values. The pixel in row {row}, "
        "column {column} is framed; {count} outputs change with it.",
        columns=columns,
        rows=rows,
        row=row,
        column=column,
        count=int(found.changed.sum()),
    )
