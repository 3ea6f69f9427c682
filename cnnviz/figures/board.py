"""The class's board as a picture: accuracy over what it cost, everybody's best run a named point."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 380
_PLACES: Final = ("top center", "bottom center", "top left", "bottom right")
_SYMBOLS: Final = ("circle", "diamond")  # a run that is beaten, one that is not


@dataclass(frozen=True, slots=True)
class BoardPoint:
    """A run on the board.

    Attributes:
        name: whose, plain text as a person typed it.
        network: its title in the reader's language.
        accuracy: on the test set, share of one.
        cost: in the unit of the axis.
        colour: the network's.
        unbeaten: whether nobody reached as much for less.
    """

    name: str
    network: str
    accuracy: float
    cost: float
    colour: str
    unbeaten: bool


def board_chart(
    points: Sequence[BoardPoint], axis: str, _: Language, *, dark: bool = False, height: int = HEIGHT, size: int = 14
) -> go.Figure:
    """Test accuracy over a logarithmic cost; those whom nobody beats are diamonds, joined by a line.

    Args:
        points: everybody's best run.
        axis: the title of the cost axis, with its unit.
        _: the reader's language.
        dark: whether the reader's theme is dark.
        height: px.
        size: of the names, px.
    """
    colours = palette(dark)
    front = sorted((point for point in points if point.unbeaten), key=lambda point: point.cost)
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[point.cost for point in front],
            y=[point.accuracy for point in front],
            mode="lines",
            line={"color": colours.neutral, "width": 1.5, "dash": "dot", "shape": "hv"},
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[point.cost for point in points],
            y=[point.accuracy for point in points],
            mode="markers+text",
            marker={
                "size": [16 if point.unbeaten else 10 for point in points],
                "symbol": [_SYMBOLS[point.unbeaten] for point in points],
                "color": [point.colour for point in points],
            },
            # Plotly reads a little HTML in texts: what a person typed must stay what it is.
            text=[html.escape(point.name) for point in points],
            textposition=[_PLACES[number % len(_PLACES)] for number in range(len(points))],
            textfont={"size": size, "color": colours.ink},
            hovertext=[
                f"{html.escape(point.name)} · {html.escape(point.network)}<br>{_.percent(point.accuracy, 1)} · "
                f"{_.significant(point.cost)}"
                for point in points
            ],
            hoverinfo="text",
            cliponaxis=False,
        )
    )
    common: dict[str, Any] = {"gridcolor": colours.grid, "fixedrange": True, "zeroline": False, "automargin": True}
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=height,
            margin={"l": 4, "r": 48, "t": 24, "b": 8},
            xaxis={**common, "type": "log", "title": {"text": axis}, "tickformat": "~s", "nticks": 6},
            yaxis={**common, "title": {"text": _("Test accuracy")}, "tickformat": ".0%"},
        )
    )
    return figure


def describe_board(points: Sequence[BoardPoint], axis: str, _: Language) -> str:
    """The board in a sentence, for those who do not see it."""
    if not points:
        return _("Nobody is on the board yet.")
    each = [
        _("{name} with {network}: {accuracy} for {cost}", name=point.name, network=point.network,
          accuracy=_.percent(point.accuracy, 1), cost=_.compact(point.cost))
        for point in points
    ]  # fmt: skip
    return _("Test accuracy over {axis}. {each}.", axis=axis, each="; ".join(each))
