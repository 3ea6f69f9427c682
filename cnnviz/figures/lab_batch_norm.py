"""The drawings of the batch-norm lab: the framed tensor, values before and after, the two modes, the noise."""

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnviz.figures.lines import colour
from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 380
ROWS: Final = 6  # pictures of a batch that are drawn
UNITS: Final = 12  # of a dense layer that are drawn
BINS: Final = 48
_GAP: Final = 3  # px between two maps
_CELL: Final = 6  # px of a dense layer's value, so that both mosaics are drawn alike


def mosaic(values: NDArray[Any]) -> NDArray[np.float64]:
    """Maps side by side, a row per picture and a column per channel, with gaps of NaN between them.

    Args:
        values: (N, C, H, W); a single value is drawn as a square.
    """
    tiles = values.astype(float)
    if tiles.shape[2:] == (1, 1):
        tiles = tiles.repeat(_CELL, 2).repeat(_CELL, 3)
    count, channels, height, width = tiles.shape
    drawn = np.full((count * (height + _GAP) - _GAP, channels * (width + _GAP) - _GAP), np.nan)
    for row in range(count):
        for column in range(channels):
            y, x = row * (height + _GAP), column * (width + _GAP)
            drawn[y : y + height, x : x + width] = tiles[row, column]
    return drawn


def framed_tensor(values: NDArray[Any], channel: int, _: Language, *, dark: bool) -> go.Figure:
    """The first pictures of a batch; what batch norm averages together is framed, open below where the batch goes on.

    Args:
        values: the batch, (N, C, H, W).
        channel: which one is framed, from 0.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    shown = values[:ROWS, :UNITS]
    drawn = mosaic(shown)
    low, high = np.percentile(shown, (1, 99))  # a few extreme values would leave everything else grey
    height, width = drawn.shape
    step = (width + _GAP) / shown.shape[1]
    left = channel * step - _GAP / 2 - 0.5
    traces = [
        go.Heatmap(
            z=drawn, zmin=low, zmax=high, colorscale="Cividis", showscale=False, hovertemplate="%{z:.3f}<extra></extra>"
        )
    ]
    right, top, bottom = left + step, -_GAP, height + _GAP / 2
    sides = [(left, top, left, bottom), (right, top, right, bottom), (left, top, right, top)]
    if len(values) == len(shown):
        sides.append((left, bottom, right, bottom))
    frame = [
        {"type": "line", "x0": x0, "y0": y0, "x1": x1, "y1": y1, "line": {"color": colour(1, dark), "width": 5}}
        for x0, y0, x1, y1 in sides
    ]
    rows = (height + _GAP) / len(shown)
    columns = _("Channels") if shown.shape[2] > 1 else _("Units")
    return go.Figure(
        traces,
        layout(
            _,
            dark,
            height=HEIGHT,
            shapes=frame,
            margin={"l": 4, "r": 4, "t": 8, "b": 8},
            xaxis={
                "title": {"text": _share(columns, shown.shape[1], values.shape[1], _), "standoff": 4},
                "tickvals": [step * index + step / 2 - 2 for index in range(shown.shape[1])],
                "ticktext": [str(index + 1) for index in range(shown.shape[1])],
                "showgrid": False, "zeroline": False, "fixedrange": True, "range": [-_GAP, width + _GAP],
            },
            yaxis={
                "title": {"text": _share(_("Pictures of the batch"), len(shown), len(values), _), "standoff": 4},
                "tickvals": [rows * index + rows / 2 - 2 for index in range(len(shown))],
                "ticktext": [str(index + 1) for index in range(len(shown))],
                "showgrid": False, "zeroline": False, "fixedrange": True, "range": [height + _GAP, -_GAP],
                "automargin": True,
            },
        ),
    )  # fmt: skip


def _share(title: str, shown: int, count: int, _: Language) -> str:
    """An axis's title, and how many of all are drawn if not all are."""
    return title if shown == count else _("{title}: {shown} of {count}", title=title, shown=shown, count=count)


def distributions(
    groups: list[tuple[str, NDArray[Any]]], _: Language, *, dark: bool, height: int = HEIGHT
) -> go.Figure:
    """How values are spread, one panel above another on a common axis; the sentence above each says what it is.

    Args:
        groups: (title in the reader's language, values).
        _: the reader's language.
        dark: whether the reader's theme is dark.
        height: in px.
    """
    colours = palette(dark)
    everything = np.concatenate([values.ravel() for _title, values in groups])
    low, high = float(everything.min()), float(everything.max())
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    traces: list[Any] = []
    rows = len(groups)
    panels: dict[str, Any] = {}
    titles = []
    for number, (title, values) in enumerate(groups):
        suffix = "" if number == 0 else str(number + 1)
        shares = np.histogram(values, edges)[0] / values.size
        top, room = 1 - number / rows, 0.16
        panels[f"yaxis{suffix}"] = {
            "domain": (top - 1 / rows + 0.02, top - room / rows * 1.9), "showticklabels": False, "showgrid": False,
            "zeroline": False, "fixedrange": True, "rangemode": "tozero",
        }  # fmt: skip
        titles.append(
            {"text": title, "x": 0, "xref": "paper", "xanchor": "left", "y": top, "yref": "paper", "yanchor": "top",
             "showarrow": False, "align": "left", "font": {"size": 14, "color": colours.ink}}
        )  # fmt: skip
        traces.append(
            go.Bar(
                x=(edges[:-1] + edges[1:]) / 2, y=shares, yaxis=f"y{suffix}", marker={"color": colour(number, dark)},
                hovertemplate="%{x:.2f}: %{y:.1%}<extra></extra>",
            )
        )  # fmt: skip
    axis = {"gridcolor": colours.grid, "zeroline": True, "zerolinecolor": colours.ink, "fixedrange": True}
    return go.Figure(
        traces,
        layout(
            _, dark, height=height, bargap=0, margin={"l": 4, "r": 4, "t": 4, "b": 8},
            xaxis={**axis, "title": {"text": _("Value"), "standoff": 4}, "anchor": f"y{'' if rows == 1 else rows}"},
            annotations=titles, **panels,
        ),
    )  # fmt: skip


def noise_strips(
    draws: dict[int, NDArray[Any]], chosen: int, prediction: float, _: Language, *, dark: bool
) -> go.Figure:
    """One value normalised in many batches, a strip for each batch size; the chosen size is drawn strong.

    Args:
        draws: batch size → normalised values.
        chosen: the size that is looked at.
        prediction: the same value in prediction mode, a line.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    traces = []
    for here in (False, True):  # two traces for any number of strips, the chosen one on top
        strips = [(place, values) for place, (size, values) in enumerate(draws.items()) if (size == chosen) == here]
        traces.append(
            go.Scatter(
                # Side by side within a strip, so that equal values stay apart.
                x=np.concatenate([place + np.linspace(-0.28, 0.28, len(values)) for place, values in strips]),
                y=np.concatenate([values for _place, values in strips]),
                mode="markers", hovertemplate="%{y:.3f}<extra></extra>",
                marker={"color": colour(0, dark) if here else colours.neutral, "size": 8 if here else 5,
                        "opacity": 1 if here else 0.5, "symbol": "diamond" if here else "circle"},
            )
        )  # fmt: skip
    always = {
        "type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": prediction, "y1": prediction,
        "line": {"color": colour(1, dark), "width": 2, "dash": "dash"},
    }  # fmt: skip
    words = _("prediction mode: always the same")
    note = {
        "x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper", "yanchor": "top", "showarrow": False,
        "text": f"<b>- - {words}</b>", "font": {"color": colour(1, dark), "size": 14},
    }  # fmt: skip
    axis = {"gridcolor": colours.grid, "zeroline": False, "fixedrange": True}
    return go.Figure(
        traces,
        layout(
            _,
            dark,
            height=HEIGHT,
            shapes=[always],
            annotations=[note],
            margin={"l": 4, "r": 8, "t": 12, "b": 8},
            xaxis={
                **axis,
                "title": {"text": _("Batch size"), "standoff": 4},
                "tickvals": list(range(len(draws))),
                "ticktext": [f"<b>{size}</b>" if size == chosen else str(size) for size in draws],
            },
            yaxis={**axis, "title": {"text": _("Normalised value"), "standoff": 4}, "automargin": True},
        ),
    )
