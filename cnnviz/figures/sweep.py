"""What one knob does to the cost: parameters and multiply-accumulates over its values, the chosen one marked."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 260


class Point(Protocol):
    """A value of the knob and what it costs."""

    @property
    def value(self) -> int:
        """Of the knob."""
        ...

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        ...

    @property
    def macs(self) -> int:
        """For one picture."""
        ...


def sweep_lines(
    points: Sequence[Point], own: int, knob: str, _: Language, *, colour: str, dark: bool = False
) -> go.Figure:
    """Two panels over one knob, each from zero: parameters at the left, MACs for one picture at the right.

    Args:
        points: in the order of the knob.
        own: the value that is chosen.
        knob: its label in the reader's language.
        _: the reader's language.
        colour: of the line.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    panels = ((_("Parameters"), "parameters", "x", "y"), (_("MACs per picture"), "macs", "x2", "y2"))
    traces: list[Any] = []
    for name, field, x, y in panels:
        values = [getattr(point, field) for point in points]
        knobs = [str(point.value) for point in points]
        chosen = [point.value == own for point in points]
        traces.append(
            go.Scatter(
                x=knobs,
                y=values,
                xaxis=x,
                yaxis=y,
                mode="lines+markers+text",
                line={"color": colour, "width": 2.5},
                marker={"size": [15 if here else 7 for here in chosen], "color": colour,
                        "symbol": ["diamond" if here else "circle" for here in chosen]},
                text=[f"<b>{_.compact(value)}</b>" if here else "" for value, here in zip(values, chosen, strict=True)],
                textposition="top center",
                textfont={"size": 15},
                cliponaxis=False,
                hovertext=[f"{knob} {value}: {name} {_.number(cost)}"
                           for value, cost in zip(knobs, values, strict=True)],
                hoverinfo="text",
                name=name,
            )
        )  # fmt: skip
    axis = {"title": {"text": knob, "standoff": 6}, "type": "category", "gridcolor": colours.grid, "fixedrange": True}
    vertical = {
        "tickformat": "~s", "nticks": 5, "gridcolor": colours.grid, "zeroline": False, "fixedrange": True,
        "rangemode": "tozero", "automargin": True,
    }  # fmt: skip
    titles = [
        {"text": name, "x": place, "xref": "paper", "xanchor": "left", "y": 1.06, "yref": "paper", "yanchor": "bottom",
         "showarrow": False, "font": {"size": 14}}
        for (name, _field, _x, _y), place in zip(panels, (0.0, 0.56), strict=True)
    ]  # fmt: skip
    figure = go.Figure(traces)
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=HEIGHT,
            margin={"l": 4, "r": 24, "t": 44, "b": 8},
            xaxis={**axis, "domain": (0.0, 0.44)},
            xaxis2={**axis, "domain": (0.56, 1.0), "anchor": "y2"},
            yaxis=vertical,
            yaxis2={**vertical, "anchor": "x2"},
            annotations=titles,
        )
    )
    return figure


def describe_sweep(points: Sequence[Point], own: int, knob: str, _: Language) -> str:
    """The curve in words: from where to where, and where the chosen value stands."""
    first, last = points[0], points[-1]
    here = next(point for point in points if point.value == own)
    return _(
        "{knob} from {first} to {last}: parameters from {few} to {many}, MACs from {little} to {much}; at {own} it is "
        "{parameters} parameters and {macs} MACs.",
        knob=knob,
        first=first.value,
        last=last.value,
        few=_.compact(first.parameters),
        many=_.compact(last.parameters),
        little=_.compact(first.macs),
        much=_.compact(last.macs),
        own=own,
        parameters=_.compact(here.parameters),
        macs=_.compact(here.macs),
    )
