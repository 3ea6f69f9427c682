"""The branches of an Inception block: what each costs, and the channels that they put side by side."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 380


class Lane(Protocol):
    """One branch: see `cnnviz.insight.inception.Branch`."""

    @property
    def name(self) -> str:
        """One of "1×1", "3×3", "5×5" and "pool"."""
        ...

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels from the input on."""
        ...

    @property
    def macs_reduction(self) -> int:
        """Of the 1×1 in front."""
        ...

    @property
    def macs(self) -> int:
        """Of the whole branch."""
        ...

    @property
    def channels(self) -> int:
        """That it gives."""
        ...


def lane_name(lane: Lane, _: Language) -> str:
    """What the branch is called."""
    return _("Pooling") if lane.name == "pool" else lane.name


def branch_bars(lanes: Sequence[Lane], _: Language, *, colour: str, dark: bool = False) -> go.Figure:
    """The work of each branch as bars; at the right, the concatenation, piled up from what each branch gives.

    Args:
        lanes: from top to bottom.
        _: the reader's language.
        colour: the network's own.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    total = sum(lane.macs for lane in lanes)
    channels = sum(lane.channels for lane in lanes)
    places = list(range(len(lanes)))
    edge = {"color": colours.ink, "width": 1}
    shares = [_.percent(lane.macs / total) for lane in lanes]
    traces: list[Any] = [
        go.Bar(
            x=[lane.macs_reduction for lane in lanes], y=places, orientation="h",
            marker={"color": colours.neutral, "line": edge,
                    "pattern": {"shape": "/", "fgcolor": colours.ink, "size": 8, "solidity": 0.25}},
            hovertext=[_("The 1×1 in front: {macs} MACs", macs=_.number(lane.macs_reduction)) for lane in lanes],
            hoverinfo="text",
        ),
        go.Bar(
            x=[lane.macs - lane.macs_reduction for lane in lanes], y=places, orientation="h",
            marker={"color": colour, "line": edge}, text=[f"<b>{share}</b>" for share in shares],
            textposition="outside", constraintext="none", cliponaxis=False, textfont={"size": 15},
            hovertext=[f"{lane_name(lane, _)}: {_.number(lane.macs - lane.macs_reduction)} MACs" for lane in lanes],
            hoverinfo="text",
        ),
    ]  # fmt: skip
    for lane in lanes:
        traces.append(
            go.Bar(
                x=[0], y=[lane.channels], xaxis="x2", yaxis="y2", width=0.8,
                marker={"color": colour, "line": {"color": colours.ink, "width": 1.5}, "opacity": 0.55},
                text=f"<b>{lane.channels}</b> {lane_name(lane, _)}" if lane.channels > 0.06 * channels else "",
                textposition="inside", insidetextanchor="middle", constraintext="none", textangle=0,
                textfont={"color": colours.ink},
                hovertext=f"{lane_name(lane, _)}: {lane.channels}", hoverinfo="text",
            )
        )  # fmt: skip
    words = [
        {"text": f"<b>{lane_name(lane, _)}</b>  {' → '.join(str(width) for width in lane.widths)}", "x": 0, "y": place,
         "yshift": 31, "xanchor": "left", "showarrow": False, "font": {"size": 14}}
        for place, lane in zip(places, lanes, strict=True)
    ]  # fmt: skip
    panel = {"yref": "paper", "y": 1, "yanchor": "bottom", "xref": "paper", "showarrow": False, "font": {"size": 13}}
    words += [
        {**panel, "text": _("Work of each branch"), "x": 0, "xanchor": "left"},
        {**panel, "text": _("{count} channels", count=channels), "x": 0.88, "xanchor": "center"},
    ]
    figure = go.Figure(traces)
    figure.layout = go.Layout(
        layout(
            _, dark, height=HEIGHT, barmode="stack", margin={"l": 4, "r": 4, "t": 28, "b": 8}, bargap=0.6,
            annotations=words,
            xaxis={"domain": (0.0, 0.68), "title": {"text": _("MACs per picture")}, "tickformat": "~s", "nticks": 5,
                   "gridcolor": colours.grid, "zeroline": False, "fixedrange": True,
                   "range": [0, 1.18 * max(lane.macs for lane in lanes)]},
            yaxis={"range": [len(lanes) - 0.6, -0.85], "showticklabels": False, "showgrid": False, "zeroline": False,
                   "fixedrange": True},
            xaxis2={"domain": (0.76, 1.0), "anchor": "y2", "showticklabels": False, "showgrid": False,
                    "zeroline": False, "fixedrange": True},
            yaxis2={"range": [channels, 0], "anchor": "x2", "showticklabels": False, "showgrid": False,
                    "zeroline": False, "fixedrange": True},
        )
    )  # fmt: skip
    return figure


def describe_branches(lanes: Sequence[Lane], _: Language) -> str:
    """The branches in words."""
    total = sum(lane.macs for lane in lanes)
    each = [
        _(
            "{name}: channels {widths}, {share} of the work",
            name=lane_name(lane, _),
            widths=" → ".join(str(width) for width in lane.widths),
            share=_.percent(lane.macs / total),
        )
        for lane in lanes
    ]
    return _(
        "Branches of the block, hatched the 1×1 in front. {entries}. Side by side they are {channels} channels.",
        entries="; ".join(each),
        channels=sum(lane.channels for lane in lanes),
    )
