"""What a range produces: how often each value came in many draws, on a plain scale and, where it matters, a log one.

The aspect ratio of a crop is drawn evenly on a logarithmic scale: on a plain one small ratios look favoured, on a
logarithmic one the bars are level, as far as the crops fit into the picture.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 260
BINS: Final = 20
_FEW: Final = 12  # so many different values are counted one by one


def draw_histogram(
    values: Sequence[Any] | np.ndarray[Any, Any], label: str, _: Language, *, log: bool = False, dark: bool = False
) -> go.Figure:
    """Bars of how often values came.

    Args:
        values: numbers, booleans or names, one for each draw.
        label: what they are, with the unit, in the reader's language.
        _: the reader's language.
        log: whether a second panel with a logarithmic scale stands beside the first; positive numbers only.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    array = np.asarray(values)
    traces, panels = [], [("x", "y", False), ("x2", "y2", True)] if log else [("x", "y", False)]
    for x, y, logarithmic in panels:
        heights, centres, widths, hover = bars(array, _, log=logarithmic)
        traces.append(
            go.Bar(
                x=centres, y=heights, width=widths, xaxis=x, yaxis=y, marker={"color": colours.neutral},
                hovertext=hover, hoverinfo="text",
            )
        )  # fmt: skip
    axis = {"gridcolor": colours.grid, "fixedrange": True, "automargin": True}
    ends = [0.0, 0.46] if log else [0.0, 1.0]
    more: dict[str, Any] = {}
    if log:
        more["xaxis2"] = {
            **axis, "domain": [0.54, 1.0], "anchor": "y2", "type": "log", "tickmode": "array",
            "tickvals": _ticks(array), "ticktext": [_.number(tick) for tick in _ticks(array)],
            "title": {"text": _("{label}, logarithmic scale", label=label), "standoff": 6},
        }  # fmt: skip
        more["yaxis2"] = {**axis, "anchor": "x2", "rangemode": "tozero"}
    figure = go.Figure(traces)
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=HEIGHT,
            margin={"l": 4, "r": 8, "t": 12, "b": 8},
            bargap=0.08,
            xaxis={**axis, "domain": ends, "title": {"text": label, "standoff": 6}},
            yaxis={**axis, "rangemode": "tozero", "title": {"text": _("Draws"), "standoff": 6}},
            **more,
        )
    )
    return figure


def bars(
    array: np.ndarray[Any, Any], _: Language, *, log: bool = False
) -> tuple[list[int], list[Any], list[float] | None, list[str]]:
    """Heights, places, widths and words of the bars: one for each value where there are few, else `BINS` equal ones.

    Args:
        array: (N,) numbers, booleans or names.
        _: the reader's language.
        log: whether the bins are equally wide on a logarithmic scale.
    """
    if array.dtype == bool or array.dtype.kind in "US" or len(np.unique(array)) <= _FEW:
        kinds, counts = np.unique(array, return_counts=True)
        names = [_name(kind, _) for kind in kinds.tolist()]
        hover = [f"{name}: {_.number(count)}" for name, count in zip(names, counts.tolist(), strict=True)]
        return counts.tolist(), names, None, hover
    low, high = float(array.min()), float(array.max())
    edges = np.geomspace(low, high, BINS + 1) if log else np.linspace(low, high, BINS + 1)
    edges[0], edges[-1] = low, high  # rounding may leave the extremes outside
    counts = np.histogram(array, edges)[0]
    centres = np.sqrt(edges[:-1] * edges[1:]) if log else (edges[:-1] + edges[1:]) / 2
    hover = [
        f"{_.significant(start)} – {_.significant(end)}: {_.number(count)}"
        for start, end, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    ]
    widths = (edges[1:] - edges[:-1]).tolist()
    return counts.tolist(), centres.tolist(), widths, hover


def describe_draws(array: np.ndarray[Any, Any], label: str, _: Language, *, log: bool = False) -> str:
    """The histogram in a sentence: how often, or from where to where and what lies in the middle."""
    if array.dtype == bool:
        return _("{label}: in {count} of {total} draws.", label=label, count=_.number(int(array.sum())),
                 total=_.number(len(array)))  # fmt: skip
    if array.dtype.kind in "US":
        kinds, counts = np.unique(array, return_counts=True)
        most, least = int(counts.argmax()), int(counts.argmin())
        return _(
            "{count} kinds of steps; the most frequent is {most} ({often} times), the rarest {least} ({seldom} times).",
            count=len(kinds), most=_name(kinds[most], _), often=_.number(int(counts[most])),
            least=_name(kinds[least], _), seldom=_.number(int(counts[least])),
        )  # fmt: skip
    low, middle, high = (float(value) for value in np.quantile(array, (0, 0.5, 1)))
    words = _(
        "{label}: {total} draws from {low} to {high}, half of them below {middle}.", label=label,
        total=_.number(len(array)), low=_.significant(low), high=_.significant(high), middle=_.significant(middle),
    )  # fmt: skip
    if log:
        below = int((array < 1).sum())
        words += " " + _(
            "{below} lie below 1 and {above} above. Ratios are drawn evenly on a logarithmic scale, where 1:2 is as "
            "far from 1 as 2:1; what does not fit into the picture is drawn again.",
            below=_.number(below),
            above=_.number(len(array) - below),
        )
    return words


def _ticks(array: np.ndarray[Any, Any]) -> list[float]:
    """Round numbers of a logarithmic scale within the values."""
    low, high = float(array.min()), float(array.max())
    steps = [step * 10.0**power for power in range(-3, 3) for step in (1, 2, 5)]
    return [step for step in steps if low * 0.99 <= step <= high * 1.01]


def _name(value: Any, _: Language) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _.number(value) if isinstance(value, int | float) else str(value).replace("_", " ")
