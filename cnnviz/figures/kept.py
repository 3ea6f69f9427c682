"""What networks keep while they train, as bars by input size; what is stored a second time is set apart."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 420


class Holding(Protocol):
    """One bar: see `cnnviz.insight.dense.Kept`."""

    @property
    def key(self) -> str:
        """The network's."""
        ...

    @property
    def title(self) -> str:
        """English message."""
        ...

    @property
    def image_size(self) -> int:
        """Px."""
        ...

    @property
    def saved_bytes(self) -> int:
        """All of it."""
        ...

    @property
    def copied_bytes(self) -> int:
        """Outputs of concatenations."""
        ...


def kept_bars(rows: Sequence[Holding], _: Language, *, colours: dict[str, str], dark: bool = False) -> go.Figure:
    """One horizontal bar a network and input size.

    Args:
        rows: from top to bottom.
        _: the reader's language.
        colours: of each network, by its key.
        dark: whether the reader's theme is dark.
    """
    theme = palette(dark)
    names = [f"{_(row.title)}<br>{row.image_size} px" for row in rows]
    rest = [row.saved_bytes - row.copied_bytes for row in rows]
    shades = [colours[row.key] for row in rows]
    traces: list[Any] = [
        go.Bar(
            y=names, x=[row.copied_bytes for row in rows], orientation="h", name=_("concatenations"),
            marker={"color": shades, "line": {"color": theme.ink, "width": 1},
                    "pattern": {"shape": "/", "fgcolor": theme.ink, "size": 9, "solidity": 0.25}},
            hovertext=[_("Concatenations: {size}", size=_.bytes(row.copied_bytes)) for row in rows], hoverinfo="text",
        ),
        go.Bar(
            y=names, x=rest, orientation="h", name=_("everything else"),
            marker={"color": shades, "line": {"color": theme.ink, "width": 1}},
            text=[f"<b>{_.bytes(row.saved_bytes)}</b>" for row in rows], textposition="outside", cliponaxis=False,
            constraintext="none", textfont={"size": 16},
            hovertext=[_("Everything else: {size}", size=_.bytes(size)) for size in rest], hoverinfo="text",
        ),
    ]  # fmt: skip
    figure = go.Figure(traces)
    ticks, words = _ticks(max(row.saved_bytes for row in rows), _)
    figure.layout = go.Layout(
        layout(
            _, dark, height=HEIGHT, barmode="stack", bargap=0.3, margin={"l": 4, "r": 4, "t": 12, "b": 8},
            xaxis={"title": {"text": _("Kept for the backward pass")}, "tickvals": ticks, "ticktext": words,
                   "gridcolor": theme.grid, "fixedrange": True, "zeroline": False,
                   "range": [0, 1.45 * max(row.saved_bytes for row in rows)]},
            yaxis={"autorange": "reversed", "fixedrange": True, "automargin": True, "ticklabelstandoff": 6},
        )
    )  # fmt: skip
    return figure


def _ticks(largest: int, _: Language) -> tuple[list[int], list[str]]:
    """Four or fewer round amounts of memory."""
    step = 1
    while step * 4 < largest:
        step *= 2
    places = list(range(0, largest + 1, step))
    return places, [_.bytes(place) for place in places]


def describe_kept(rows: Sequence[Holding], _: Language) -> str:
    """The bars in words."""
    each = [
        _(
            "{title} at {size} px: {kept}, of which {copied} in concatenations",
            title=_(row.title),
            size=row.image_size,
            kept=_.bytes(row.saved_bytes),
            copied=_.bytes(row.copied_bytes),
        )
        for row in rows
    ]
    return _("Memory kept for the backward pass. {entries}.", entries="; ".join(each))
