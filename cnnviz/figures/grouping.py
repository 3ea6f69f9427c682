"""A grouped convolution as a matrix with blocks on its diagonal, and what the same cost buys with more groups."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 470
BARS_HEIGHT: Final = 430
# Orange to blue through the paper: told apart by the colour-blind and by their lightness.
_SCALE: Final = {
    False: ((0.0, "#b35806"), (0.5, "#f3f0ea"), (1.0, "#2c5f9e")),
    True: ((0.0, "#f1a340"), (0.5, "#3a3f48"), (1.0, "#78b2ea")),
}


class Matrix(Protocol):
    """What is drawn: see `cnnviz.insight.resnext.Grouping`."""

    @property
    def matrix(self) -> NDArray[np.float32]:
        """(outputs, inputs), 0 where there is no weight."""
        ...

    @property
    def reached(self) -> tuple[int, ...]:
        """Outputs, from 1, that change with the followed input."""
        ...

    @property
    def reached_behind(self) -> tuple[int, ...]:
        """The same behind a 1×1 convolution."""
        ...


def block_diagonal(
    found: Matrix, groups: int, follow: int, _: Language, *, colour: str, dark: bool = False
) -> go.Figure:
    """The weights, one cell each; beside them, which outputs change with one input, here and behind a 1×1.

    Args:
        found: the matrix and the outputs that were found to change.
        groups: into which the channels are split.
        follow: the input channel that is changed, from 1.
        _: the reader's language.
        colour: of what changes.
        dark: whether the reader's theme is dark.
    """
    colours, size = palette(dark), len(found.matrix)
    cells = np.where(found.matrix == 0, np.nan, found.matrix)
    largest = 0.75 * float(np.abs(found.matrix).max())  # the colours of the few largest weights are alike
    first, second = size * 1.09, size * 1.26
    numbers = list(range(1, size + 1))
    heat = go.Heatmap(
        z=cells, x=numbers, y=numbers, zmin=-largest, zmax=largest, colorscale=[list(stop) for stop in _SCALE[dark]],
        showscale=False, xgap=0 if size > 32 else 1, ygap=0 if size > 32 else 1,
        hovertemplate=_("Input {input} → output {output}: {weight}", input="%{x}", output="%{y}", weight="%{z:.2f}")
        + "<extra></extra>",
    )  # fmt: skip
    traces: list[Any] = [heat]
    for place, reached in ((first, found.reached), (second, found.reached_behind)):
        changes = [number in reached for number in numbers]
        traces.append(
            go.Scatter(
                x=[place] * size, y=numbers, mode="markers", hoverinfo="skip",
                marker={"symbol": ["square" if here else "square-open" for here in changes], "color": colour,
                        "size": max(4, round(260 / size)), "opacity": [1 if here else 0.35 for here in changes],
                        "line": {"width": 1, "color": colour}},
            )
        )  # fmt: skip
    step = size // groups
    frames = [
        {"type": "rect", "x0": start + 0.5, "x1": start + step + 0.5, "y0": start + 0.5, "y1": start + step + 0.5,
         "line": {"color": colours.ink, "width": 1}}
        for start in range(0, size, step)
    ]  # fmt: skip
    column = {"type": "rect", "x0": follow - 0.5, "x1": follow + 0.5, "y0": 0.5, "y1": size + 0.5,
              "line": {"color": colour, "width": 3}}  # fmt: skip
    ticks = sorted({1, *range(size // 4, size + 1, size // 4)})
    figure = go.Figure(traces)
    figure.layout = go.Layout(
        layout(
            _, dark, height=HEIGHT, margin={"l": 4, "r": 4, "t": 30, "b": 8}, shapes=[*frames, column],
            xaxis={"title": {"text": _("Input channel"), "standoff": 4}, "range": [0.3, size * 1.36],
                   "tickvals": ticks, "showgrid": False, "zeroline": False, "fixedrange": True, "constrain": "domain"},
            yaxis={"title": {"text": _("Output channel")}, "range": [size + 0.7, 0.3], "tickvals": ticks,
                   "showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True},
            annotations=[
                {"text": text, "x": place, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
                 "font": {"size": 13}}
                for text, place in (("3×3", first), ("1×1", second))
            ],
        )
    )  # fmt: skip
    return figure


def describe_block_diagonal(found: Matrix, groups: int, follow: int, _: Language) -> str:
    """The matrix in words."""
    size = len(found.matrix)
    return _(
        "A matrix of {size} output by {size} input channels with {groups} squares of weights on its diagonal and "
        "nothing elsewhere. When input channel {follow} changes, {few} outputs change; behind a 1×1 convolution, "
        "{many}.",
        size=size,
        groups=groups,
        follow=follow,
        few=len(found.reached),
        many=len(found.reached_behind),
    )


class Choice(Protocol):
    """One way to spend the budget: see `cnnviz.insight.resnext.Split`."""

    @property
    def groups(self) -> int:
        """How many."""
        ...

    @property
    def width(self) -> int:
        """Channels of one."""
        ...

    @property
    def weights(self) -> int:
        """Of the whole block."""
        ...

    @property
    def middle(self) -> int:
        """Channels of the grouped convolution."""
        ...


def budget_bars(splits: Sequence[Choice], _: Language, *, colour: str, dark: bool = False) -> go.Figure:
    """The channels of the middle for each number of groups, all blocks costing nearly the same.

    Args:
        splits: by number of groups.
        _: the reader's language.
        colour: of the bars.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    names = [f"{split.groups} × {split.width}" for split in splits]
    bars = go.Bar(
        x=names,
        y=[split.middle for split in splits],
        marker={"color": colour},
        text=[
            f"<b>{split.middle}</b><br>{_.compact(split.weights)}" for split in splits
        ],
        textposition="outside",
        cliponaxis=False,
        constraintext="none",
        hovertext=[
            _(
                "{groups} groups of {width}: {middle} channels, {weights} weights",
                groups=split.groups, width=split.width, middle=split.middle, weights=_.number(split.weights),
            )
            for split in splits
        ],
        hoverinfo="text",
    )  # fmt: skip
    figure = go.Figure([bars])
    figure.layout = go.Layout(
        layout(
            _, dark, height=BARS_HEIGHT, margin={"l": 4, "r": 4, "t": 56, "b": 8}, bargap=0.35,
            xaxis={"type": "category", "title": {"text": _("Groups × width of a group"), "standoff": 6}, "tickangle": 0,
                   "fixedrange": True, "automargin": True},
            yaxis={"title": {"text": _("Channels of the middle")}, "gridcolor": colours.grid, "rangemode": "tozero",
                   "fixedrange": True, "automargin": True, "zeroline": False},
        )
    )  # fmt: skip
    return figure


def describe_budget(splits: Sequence[Choice], _: Language) -> str:
    """The bars in words."""
    each = [
        _(
            "{groups} groups of {width}: {middle} channels, {weights} weights",
            groups=split.groups,
            width=split.width,
            middle=split.middle,
            weights=_.number(split.weights),
        )
        for split in splits
    ]
    return _("Channels of the middle at nearly the same cost. {entries}.", entries="; ".join(each))
