"""The drawings of the residual lab: classes as discs around or beside one another, and a picture through blocks."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnviz.figures.lines import colour
from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 360
PICTURES_HEIGHT: Final = 270
_GAP: Final = 4
_NAME: Final = (0.5, 0.35)  # width and height of a name, in units of the drawing


class Circle(Protocol):
    """A class of functions."""

    @property
    def x(self) -> float:
        """Of its middle."""
        ...

    @property
    def y(self) -> float:
        """Of its middle."""
        ...

    @property
    def radius(self) -> float:
        """How far it reaches."""
        ...


def class_drawing(
    discs: Sequence[Circle], target: tuple[float, float], nearest: tuple[float, float], _: Language, *, dark: bool
) -> go.Figure:
    """The classes with f⋆ and the nearest member of the largest one.

    Args:
        discs: from the smallest to the largest.
        target: where f⋆ lies.
        nearest: the largest class's nearest member.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    ink, last = palette(dark).ink, len(discs)
    shapes = [
        {
            "type": "circle", "x0": disc.x - disc.radius, "x1": disc.x + disc.radius, "y0": disc.y - disc.radius,
            "y1": disc.y + disc.radius, "line": {"color": colour(0, dark), "width": 4 if number == last else 1.5},
            "fillcolor": colour(0, dark), "opacity": 0.35 if number == last else 0.2, "layer": "below",
        }
        for number, disc in enumerate(discs, start=1)
    ]  # fmt: skip
    marks = [
        {"x": x, "y": y, "text": f"<b>F{number}</b>", "showarrow": False, "xshift": 4,
         "font": {"size": 15, "color": ink}}
        for number, x, y in _named(discs)
    ]  # fmt: skip
    traces = (
        go.Scatter(
            x=[nearest[0], target[0]], y=[nearest[1], target[1]], mode="lines+markers+text",
            line={"color": colour(1, dark), "width": 3, "dash": "dot"},
            marker={"size": [11, 20], "symbol": ["circle", "star"], "color": colour(1, dark), "opacity": 1},
            text=["", "<b>f⋆</b>"], textposition="top right", textfont={"size": 18, "color": ink}, hoverinfo="skip",
            cliponaxis=False,
        )
    )  # fmt: skip
    hidden = {"visible": False, "fixedrange": True}
    return go.Figure(
        traces,
        layout(
            _, dark, height=HEIGHT, shapes=shapes, annotations=marks, margin={"l": 4, "r": 4, "t": 12, "b": 8},
            xaxis={**hidden, "range": (-3.2, 3.7)}, yaxis={**hidden, "range": (-2.4, 2.5), "scaleanchor": "x"},
        ),
    )  # fmt: skip


def _named(discs: Sequence[Circle]) -> list[tuple[int, float, float]]:
    """Where names stand, the largest class's first; a name that would cover one of them is left out."""
    found: list[tuple[int, float, float]] = []
    for number, disc in reversed(list(enumerate(discs, start=1))):
        x, y = disc.x + disc.radius * 0.87, disc.y + disc.radius * 0.5
        if all(abs(x - there) > _NAME[0] or abs(y - above) > _NAME[1] for _number, there, above in found):
            found.append((number, x, y))
    return found


def distance_bars(distances: Sequence[float], _: Language, *, dark: bool) -> go.Figure:
    """How near each class comes to f⋆, the largest one in colour.

    Args:
        distances: from the smallest class to the largest.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    colours, last = palette(dark), len(distances)
    axis = {"fixedrange": True, "gridcolor": colours.grid, "zeroline": False}
    return go.Figure(
        go.Bar(
            x=[f"F{number}" for number in range(1, last + 1)], y=list(distances),
            marker={"color": [colour(0, dark) if number == last else colours.neutral for number in range(1, last + 1)]},
            text=[_.number(distance, 2) for distance in distances], textposition="outside", textfont={"size": 14},
            cliponaxis=False, hoverinfo="skip",
        ),
        layout(
            _, dark, height=HEIGHT, margin={"l": 4, "r": 4, "t": 12, "b": 8}, xaxis=axis,
            yaxis={**axis, "range": (0, max(1.0, *distances, 0.0) * 1.15), "automargin": True,
                   "title": {"text": _("Distance from f⋆"), "standoff": 4}},
        ),
    )  # fmt: skip


def pictures_in_a_row(pictures: Sequence[tuple[str, NDArray[Any]]], _: Language, *, dark: bool) -> go.Figure:
    """Pictures side by side on a common scale from black (0 and below) to white (1 and above).

    Args:
        pictures: (title in the reader's language, (H, W)).
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    height, width = pictures[0][1].shape
    step = width + _GAP
    sheet = np.full((height, step * len(pictures) - _GAP), np.nan)
    for index, (_title, picture) in enumerate(pictures):
        sheet[:, index * step : index * step + width] = picture
    traces = (
        go.Heatmap(z=sheet, zmin=0, zmax=1, colorscale="Greys_r", showscale=False,
                   hovertemplate="%{z:.2f}<extra></extra>")
    )  # fmt: skip
    titles = [
        {"x": index * step + width / 2 - 0.5, "y": -1.5, "text": f"<b>{title.replace(': ', ':<br>')}</b>",
         "showarrow": False, "yanchor": "bottom", "font": {"size": 14, "color": palette(dark).ink}}
        for index, (title, _picture) in enumerate(pictures)
    ]  # fmt: skip
    hidden = {"visible": False, "fixedrange": True}
    return go.Figure(
        traces,
        layout(
            _, dark, height=PICTURES_HEIGHT, annotations=titles, margin={"l": 0, "r": 0, "t": 4, "b": 0},
            xaxis={**hidden, "range": (-1, step * len(pictures) - _GAP)},
            yaxis={**hidden, "range": (height, -5), "scaleanchor": "x"},
        ),
    )  # fmt: skip
