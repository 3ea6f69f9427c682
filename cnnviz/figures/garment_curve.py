"""The probability of a garment's own class along a value, with a mark where the network begins or ceases to know it."""

import math
from collections.abc import Sequence
from typing import Any, Final, Protocol

import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import N_, Language

HEIGHT: Final = 280


class Curve(Protocol):
    """What a network makes of one garment along one value."""

    @property
    def values(self) -> tuple[float, ...]:
        """Of the parameter, in order."""
        ...

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Of the garment's own class at each value."""
        ...

    @property
    def answers(self) -> tuple[int, ...]:
        """The class that the network would choose at each value."""
        ...

    @property
    def label(self) -> int:
        """The garment's own class."""
        ...

    @property
    def neutral(self) -> float:
        """The value that changes nothing."""
        ...

    @property
    def flips(self) -> tuple[tuple[float, int, int], ...]:
        """Where the answer changes: (value, before, after)."""
        ...


def garment_curve_lines(
    curve: Curve, label: str, names: Sequence[str], _: Language, *, colour: str, log: bool = False, dark: bool = False
) -> go.Figure:
    """The curve: filled markers where the answer is right, open ones where it is not.

    Args:
        curve: the network's opinion.
        label: the value's name with its unit, in the reader's language.
        names: of the classes, in the reader's language.
        _: the reader's language.
        colour: of the network.
        log: whether the value lives on a logarithmic scale.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    right = [answer == curve.label for answer in curve.answers]
    hover = [
        f"{_.significant(value)}: {_.percent(share, 1)} {names[curve.label]} → {names[answer]}"
        for value, share, answer in zip(curve.values, curve.probabilities, curve.answers, strict=True)
    ]
    line = go.Scatter(
        x=list(curve.values), y=list(curve.probabilities), mode="lines+markers", line={"color": colour, "width": 2.5},
        marker={"size": 7, "color": colour, "symbol": ["circle" if good else "circle-open" for good in right]},
        hovertext=hover, hoverinfo="text",
    )  # fmt: skip
    axis: dict[str, Any] = {"gridcolor": colours.grid, "fixedrange": True, "automargin": True, "zeroline": False}
    figure = go.Figure([line])
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=HEIGHT,
            margin={"l": 4, "r": 12, "t": 28, "b": 8},
            xaxis={**axis, "title": {"text": label, "standoff": 6}, "type": "log" if log else "linear"},
            yaxis={
                **axis, "range": [-0.02, 1.02], "tickformat": ".0%",
                "title": {"text": _("Probability: {name}", name=names[curve.label]), "standoff": 6},
            },
        )
    )  # fmt: skip
    for value, _before, after in (flip for flip in curve.flips if curve.label in flip[1:]):
        figure.add_vline(x=value, line={"color": colours.neutral, "dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=math.log10(value) if log else value, y=1.02, yref="paper", yanchor="bottom", xanchor="left",
            text=f"→ {names[after]}", showarrow=False, font={"size": 12},
        )  # fmt: skip
    return figure


def describe_garment_curve(curve: Curve, label: str, names: Sequence[str], _: Language) -> str:
    """The curve in a sentence: what it is taken for as it is, and from which values on it is something else."""
    start = min(range(len(curve.values)), key=lambda place: abs(curve.values[place] - curve.neutral))
    words = _(
        "Unchanged, it is taken for: {answer} ({name}: {share}).",
        answer=names[curve.answers[start]],
        name=names[curve.label],
        share=_.percent(curve.probabilities[start]),
    )
    if curve.answers[start] != curve.label:
        return words
    wrong = [place for place, answer in enumerate(curve.answers) if answer != curve.label]
    above = min((place for place in wrong if place > start), default=None)
    below = max((place for place in wrong if place < start), default=None)
    for place, message in (
        (above, N_("From {value} on ({label}) the network takes it for: {answer}.")),
        (below, N_("From {value} down ({label}) the network takes it for: {answer}.")),
    ):
        if place is not None:
            value, answer = _.significant(curve.values[place]), names[curve.answers[place]]
            words += " " + _(message, value=value, label=label, answer=answer)
    if not wrong:
        words += " " + _("It stays that from end to end.")
    return words
