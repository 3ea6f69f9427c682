"""Accuracy against cost over torchvision's networks, as published, with some of them marked."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language
from cnnviz.specs.entry import Architecture

HEIGHT: Final = 380


def accuracy_cost(
    entries: Sequence[Architecture], marked: Collection[str], _: Language, dark: bool = False
) -> go.Figure:
    """ImageNet top-1 accuracy over MACs (left) and over parameters (right), both axes of cost logarithmic.

    Args:
        entries: networks with `published` figures.
        marked: keys of those that are named and drawn large.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    known = [entry for entry in entries if entry.published is not None]
    others = [entry for entry in known if entry.key not in marked]
    chosen = [entry for entry in known if entry.key in marked]
    figure = go.Figure()
    for axes, cost in ((("x", "y"), _macs), (("x2", "y2"), _parameters)):
        figure.add_trace(_points(others, cost, axes, _, color=colours.neutral, size=7, opacity=0.45))
        for number, entry in enumerate(chosen):
            shade = entry.colour_dark if dark else entry.colour
            trace = _points([entry], cost, axes, _, color=shade, size=15, opacity=1.0)
            trace.update(
                mode="markers+text", text=[f"<b>{entry.title}</b>"], textfont={"size": 14, "color": colours.ink},
                textposition=("top center", "bottom center", "top left", "bottom right")[number % 4], cliponaxis=False,
                marker={"symbol": ("diamond", "square", "circle", "triangle-up")[number % 4]},
            )  # fmt: skip
            figure.add_trace(trace)
    axis = {"type": "log", "gridcolor": colours.grid, "fixedrange": True, "tickformat": "~s", "nticks": 6}
    vertical = {"tickformat": ".0%", "gridcolor": colours.grid, "fixedrange": True, "range": [0.52, 0.91]}
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=HEIGHT,
            margin={"l": 4, "r": 16, "t": 16, "b": 8},
            xaxis={**axis, "domain": (0.0, 0.48), "title": {"text": _("MACs per picture")}},
            xaxis2={**axis, "domain": (0.52, 1.0), "title": {"text": _("Parameters")}, "anchor": "y2"},
            yaxis={**vertical, "title": {"text": _("Top-1 accuracy on ImageNet")}, "automargin": True},
            yaxis2={**vertical, "showticklabels": False, "anchor": "x2"},
        )
    )
    return figure


def describe_accuracy_cost(entries: Sequence[Architecture], marked: Collection[str], _: Language) -> str:
    """What the points say of the marked networks, each in a clause."""
    each = [
        _(
            "{title}: {accuracy} with {macs} MACs and {parameters} parameters",
            title=entry.title,
            accuracy=_.percent(entry.published.top1, 1),
            macs=_.compact(_macs(entry)),
            parameters=_.compact(_parameters(entry)),
        )
        for entry in entries
        if entry.key in marked and entry.published is not None
    ]
    if not each:
        return _("{count} networks of torchvision by accuracy and cost.", count=len(entries))
    return _("As torchvision publishes them: {networks}.", networks="; ".join(each))


def _macs(entry: Architecture) -> float:
    assert entry.published is not None
    return entry.published.gmacs * 1e9


def _parameters(entry: Architecture) -> float:
    """Of the network in use: torchvision's figure counts auxiliary heads where the weights have them."""
    return entry.parameters


def _points(
    entries: Sequence[Architecture], cost: Any, axes: tuple[str, str], _: Language, *, color: str, size: int,
    opacity: float,
) -> go.Scatter:  # fmt: skip
    return go.Scatter(
        x=[cost(entry) for entry in entries],
        y=[entry.published.top1 if entry.published else None for entry in entries],
        xaxis=axes[0],
        yaxis=axes[1],
        mode="markers",
        marker={"color": color, "size": size, "opacity": opacity},
        hovertext=[
            f"{entry.title}<br>{_.percent(entry.published.top1, 1)} · {_.compact(_macs(entry))} MACs · "
            f"{_.compact(_parameters(entry))}"
            for entry in entries
            if entry.published
        ],
        hoverinfo="text",
        showlegend=False,
    )
