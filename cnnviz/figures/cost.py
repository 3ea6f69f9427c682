"""What networks cost, as bars: parameters and multiply-accumulates, each on one axis that all bars share.

Nothing here needs torch or streamlit. Each figure has a `describe_*` beside it that says in words what it shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

_ROW: Final = 50  # px: a label with its bar under it
_HEAD: Final = 56  # px: the axes' names and ticks
_BAR: Final = 0.42  # of a row
_GAP: Final = 0.06  # of the width, between the two panels
_ROOM: Final = 1.45  # longest bar × this: its label stands behind it


@dataclass(frozen=True, slots=True)
class CostEntry:
    """One row of bars.

    Attributes:
        title: what stands over the bars, in the reader's language.
        parameters: weights and biases.
        macs: multiply-accumulates for one image.
        colour: a CSS colour.
        key: comes back as `customdata` when the bar is clicked.
    """

    title: str
    parameters: int
    macs: int
    colour: str
    key: str = ""


def cost_bars(entries: Sequence[CostEntry], _: Language, dark: bool = False) -> go.Figure:
    """Parameters and MACs of networks, one network a row, in the order given."""
    return _bars(
        entries,
        [_.compact(entry.parameters) for entry in entries],
        [_.compact(entry.macs) for entry in entries],
        _,
        dark,
    )


def describe_cost_bars(entries: Sequence[CostEntry], _: Language) -> str:
    """The bars of networks in words."""
    each = [
        _(
            "{title}: {parameters} parameters, {macs} MACs",
            title=entry.title,
            parameters=_.compact(entry.parameters),
            macs=_.compact(entry.macs),
        )
        for entry in entries
    ]
    return _("Parameters and multiply-accumulates for one picture. {entries}.", entries="; ".join(each))


def _bars(
    entries: Sequence[CostEntry], parameters: Sequence[str], macs: Sequence[str], _: Language, dark: bool
) -> go.Figure:
    """Two panels of horizontal bars that share their rows; each label stands over its row."""
    colours = palette(dark)
    panels = (
        ([entry.parameters for entry in entries], parameters, _("Parameters"), "x"),
        ([entry.macs for entry in entries], macs, _("MACs per picture"), "x2"),
    )
    traces = [_panel(entries, values, texts, name, axis, _) for values, texts, name, axis in panels]
    middle = (1 - _GAP) / 2
    domains = ((0.0, middle), (middle + _GAP, 1.0))
    axes = {
        f"{axis[0]}axis{axis[1:]}": {
            "domain": domain,
            "title": {"text": name, "standoff": 4, "font": {"size": 13}},
            "side": "top",
            "range": [0, max([1, *values]) * _ROOM],
            "tickformat": "~s",
            "nticks": 4,
            "gridcolor": colours.grid,
            "zeroline": False,
            "fixedrange": True,
        }
        for (values, _texts, name, axis), domain in zip(panels, domains, strict=True)
    }
    figure = go.Figure(traces)
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=_HEAD + _ROW * len(entries),
            margin={"l": 4, "r": 4, "t": _HEAD - 8, "b": 8},
            bargap=1 - _BAR,
            yaxis={
                "range": [len(entries) - 0.5 + 0.1, -0.7],
                "showticklabels": False,
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            annotations=[_label(index, entry.title) for index, entry in enumerate(entries)],
            **axes,
        )
    )
    return figure


def _panel(
    entries: Sequence[CostEntry], values: Sequence[int], texts: Sequence[str], name: str, axis: str, _: Language
) -> go.Bar:
    return go.Bar(
        x=list(values),
        y=list(range(len(entries))),
        xaxis=axis,
        orientation="h",
        name=name,
        marker={"color": [entry.colour for entry in entries]},
        text=list(texts),
        textposition="outside",
        cliponaxis=False,
        constraintext="none",
        customdata=[entry.key for entry in entries],
        hovertext=[f"{entry.title}<br>{name}: {_.number(value)}" for entry, value in zip(entries, values, strict=True)],
        hoverinfo="text",
    )


def _label(index: int, title: str) -> dict[str, Any]:
    return {
        "text": title,
        "x": 0,
        "xref": "paper",
        "y": index,
        "yref": "y",
        "yshift": _ROW * _BAR / 2 + 9,
        "xanchor": "left",
        "showarrow": False,
        "align": "left",
        "font": {"size": 13},
    }
