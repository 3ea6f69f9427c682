"""The filters of a first layer as small pictures, the chosen one framed."""

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnviz.figures.lines import colour
from cnnviz.figures.theme import layout
from cnnviz.language import Language

COLUMNS: Final = 16
_ROW: Final = 66  # px


def filter_sheet(weights: NDArray[Any], chosen: int, _: Language, *, dark: bool) -> go.Figure:
    """All filters on a common scale around 0, black for the most negative weight and white for the most positive.

    Args:
        weights: (C, k, k).
        chosen: which one is framed, from 0.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    count, side = weights.shape[:2]
    step, columns = side + 1, min(COLUMNS, count)
    rows = -(-count // columns)
    sheet = np.full((rows * step - 1, columns * step - 1), np.nan)
    for index, one in enumerate(weights):
        y, x = index // columns * step, index % columns * step
        sheet[y : y + side, x : x + side] = one
    most = float(np.abs(weights).max()) or 1.0
    traces = go.Heatmap(z=sheet, zmin=-most, zmax=most, colorscale="Greys_r", showscale=False,
                        hovertemplate="%{z:.3f}<extra></extra>")  # fmt: skip
    top, left = chosen // columns * step - 1, chosen % columns * step - 1
    frame = {"type": "rect", "x0": left, "x1": left + step, "y0": top, "y1": top + step,
             "line": {"color": colour(1, dark), "width": 4}}  # fmt: skip
    axis = {"visible": False, "fixedrange": True}
    return go.Figure(
        traces,
        layout(
            _, dark, height=_ROW * rows + 8, shapes=[frame], margin={"l": 4, "r": 4, "t": 4, "b": 4},
            xaxis={**axis, "range": (-1.5, COLUMNS / 2 * step if columns < COLUMNS / 2 else columns * step)},
            yaxis={**axis, "range": (rows * step, -1.5), "scaleanchor": "x"},
        ),
    )  # fmt: skip
