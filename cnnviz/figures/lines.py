"""Lines over one axis, each with its name at its end: what most labs draw."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from cnnviz.figures.theme import DARK, layout, palette
from cnnviz.language import Language

COLOURS: Final = (("#1e65ab", "#66cef6"), ("#de7c00", "#cba913"), ("#00955b", "#0b985c"), ("#ab4d88", "#c65e97"))
DASHES: Final = ("solid", "dash", "dot", "dashdot")
_APART: Final = 0.075  # of the height, between two names


@dataclass(frozen=True, slots=True)
class Series:
    """One line.

    Attributes:
        name: in the reader's language; "" for none.
        x, y: its points.
        number: which colour and dash of the theme; None draws it thin and grey, as a reference.
        points: whether its points are marked.
    """

    name: str
    x: ArrayLike
    y: ArrayLike
    number: int | None = 0
    points: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its title with the unit, its scale, and its range where the data do not decide."""

    title: str
    log: bool = False
    range: tuple[float, float] | None = None
    ticks: Sequence[float] = field(default_factory=tuple)


def colour(number: int | None, dark: bool) -> str:
    """The theme's colour of a number."""
    return palette(dark).neutral if number is None else COLOURS[number % len(COLOURS)][dark]


def line_chart(
    series: Sequence[Series], x: Axis, y: Axis, _: Language, *, dark: bool, height: int = 380, at: float | None = None
) -> go.Figure:
    """Lines with their names at their right ends, moved apart where they would cover one another.

    Args:
        series: the lines, the important ones first; what is no number, or not above 0 on a logarithmic axis, is a gap.
        x: the axis below.
        y: the axis at the left.
        _: the reader's language.
        dark: whether the reader's theme is dark.
        height: in px.
        at: where a vertical line stands, or None.
    """
    colours = DARK if dark else palette(False)
    figure = go.Figure([_trace(one, x, y, dark) for one in reversed(series)])
    low, high = _range(series, y)
    common = {"gridcolor": colours.grid, "zeroline": False, "fixedrange": True}
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=height,
            margin={"l": 4, "r": 12 + 8 * max(len(one.name) for one in series), "t": 12, "b": 8},
            xaxis={**common, **_axis(x)},
            yaxis={**common, **_axis(y), **_ticks(low, high, y), "range": [low, high], "automargin": True},
            annotations=_names(series, x, y, (low, high), dark),
        )
    )
    if at is not None:
        figure.add_vline(x=at, line={"color": colours.ink, "width": 1.5, "dash": "dot"})
    return figure


def _axis(axis: Axis) -> dict[str, Any]:
    found: dict[str, Any] = {"title": {"text": axis.title, "standoff": 6}}
    if axis.log:
        found |= {"type": "log", "exponentformat": "power", "dtick": None, "nticks": 8}
    if axis.ticks:
        found |= {"tickvals": list(axis.ticks), "ticktext": [f"{tick:g}" for tick in axis.ticks]}
    if axis.range is not None:
        found["range"] = [np.log10(value) for value in axis.range] if axis.log else list(axis.range)
    return found


def _ticks(low: float, high: float, axis: Axis) -> dict[str, Any]:
    """On a logarithmic axis: whole powers of ten, six at most; 1, 2 and 5 times them where it spans less than two."""
    if not axis.log:
        return {}
    first, last = int(np.floor(low)), int(np.ceil(high))
    if high - low < 2:
        ticks = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
        return {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    step = max(1, -(-(last - first) // 6))
    return {"tickvals": [10.0**power for power in range(first - first % step, last + 1, step)]}


def _values(values: ArrayLike, axis: Axis) -> Any:
    """As they stand on the axis: logarithms on a logarithmic one, gaps where there is nothing to draw."""
    array = np.array(values, dtype=float)
    if axis.log:
        array = np.log10(np.where(array > 0, array, np.nan))
    array[~np.isfinite(array)] = np.nan
    return array


def _range(series: Sequence[Series], axis: Axis) -> tuple[float, float]:
    if axis.range is not None:
        low, high = _values(axis.range, axis)
        return float(low), float(high)
    everything = np.concatenate([_values(one.y, axis).ravel() for one in series])
    everything = everything[np.isfinite(everything)]
    low, high = (float(everything.min()), float(everything.max())) if len(everything) else (0.0, 1.0)
    room = max((high - low) * 0.06, 0.02 if axis.log else 1e-9)
    return low - room, high + room


def _trace(one: Series, x: Axis, y: Axis, dark: bool) -> go.Scatter:
    values = _values(one.y, y)
    shown = np.power(10, values) if y.log else values
    reference = one.number is None
    return go.Scatter(
        x=np.asarray(one.x),
        y=shown,
        name=one.name,
        mode="lines+markers" if one.points else "lines",
        line={
            "color": colour(one.number, dark),
            "width": 1.5 if reference else 3,
            "dash": "dot" if reference else DASHES[(one.number or 0) % len(DASHES)],
        },
        marker={"size": 7, "symbol": ("circle", "diamond", "square", "triangle-up")[(one.number or 0) % 4]},
        hovertemplate=f"{one.name}: %{{x:.4~g}} → %{{y:.3~g}}<extra></extra>",
    )


def _names(series: Sequence[Series], x: Axis, y: Axis, span: tuple[float, float], dark: bool) -> list[dict[str, Any]]:
    """The name of each line at its last drawn point, from top to bottom with room between them."""
    ends = []
    for one in series:
        values = _values(one.y, y)
        drawn = np.flatnonzero(np.isfinite(values) & (values >= span[0]) & (values <= span[1]))
        if one.name and len(drawn):
            share = (values[drawn[-1]] - span[0]) / (span[1] - span[0])
            ends.append((float(share), float(_values(one.x, x)[drawn[-1]]), one))
    ends.sort(key=lambda end: -end[0])
    names, below = [], 1.1
    for place, end, one in ends:
        below = min(place, below - _APART)
        last = end == max(other for _share, other, _one in ends)
        names.append(
            {"x": 1.0 if last else end, "xref": "paper" if last else "x", "y": below, "yref": "paper",
             "xanchor": "left", "yanchor": "middle", "showarrow": False, "xshift": 6, "text": f"<b>{one.name}</b>",
             "font": {"color": colour(one.number, dark), "size": 14}}
        )  # fmt: skip
    return names
