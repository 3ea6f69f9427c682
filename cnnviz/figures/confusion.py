"""A confusion matrix as a picture: rows are what it is, columns what the network said."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 460
_SCALES: Final = {
    False: ((0.0, "#ffffff"), (0.02, "#fde3cf"), (0.2, "#ee7030"), (1.0, "#9c3d00")),
    True: ((0.0, "#11161f"), (0.02, "#4a2a17"), (0.2, "#b3541e"), (1.0, "#ffb27d")),
}
_RIGHT: Final = {False: "#d9ecfa", True: "#14354d"}


def confusion_matrix(matrix: "NDArray[Any]", names: Sequence[str], _: Language, dark: bool = False) -> go.Figure:
    """Counts in a square, mistakes coloured by how many of a class they are; the diagonal, which is right, in blue.

    Args:
        matrix: (10, 10) counts.
        names: of the classes, in the reader's language.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    counts = np.asarray(matrix)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    mistakes = np.where(np.eye(len(counts), dtype=bool), np.nan, shares)
    hover = [
        [
            _("{own} taken for {other}: {count}", own=own, other=other, count=_.number(int(counts[i, j])))
            if i != j
            else _("{own} recognised: {count} of {all}", own=own, count=_.number(int(counts[i, j])),
                   all=_.number(int(counts[i].sum())))
            for j, other in enumerate(names)
        ]
        for i, own in enumerate(names)
    ]  # fmt: skip
    places = list(range(len(names)))
    figure = go.Figure(
        [
            go.Heatmap(z=mistakes, x=places, y=places, colorscale=_SCALES[dark], zmin=0, zmax=0.5, showscale=False,
                       text=hover, hoverinfo="text", xgap=1, ygap=1),
            go.Heatmap(z=np.where(np.eye(len(counts), dtype=bool), 1.0, np.nan), x=places, y=places, showscale=False,
                       colorscale=((0, _RIGHT[dark]), (1, _RIGHT[dark])), text=hover, hoverinfo="text", xgap=1, ygap=1),
        ]
    )  # fmt: skip
    numbers = []  # put in at once: each one that is added by itself has plotly check all before it again
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            if count:
                strong = i != j and shares[i, j] > 0.15
                ink = ("#0b0f14" if dark else "#ffffff") if strong else colours.ink
                text = f"<b>{_.number(int(count))}</b>" if i == j else _.number(int(count))
                numbers.append({"x": j, "y": i, "text": text, "showarrow": False, "font": {"size": 13, "color": ink}})
    axis = {"tickvals": places, "ticktext": list(names), "fixedrange": True, "showgrid": False, "zeroline": False}
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=HEIGHT,
            annotations=numbers,
            margin={"l": 4, "r": 8, "t": 8, "b": 8},
            xaxis={**axis, "title": {"text": _("taken for")}, "automargin": True, "tickangle": -40},
            yaxis={**axis, "title": {"text": _("what it is")}, "automargin": True, "autorange": "reversed"},
        )
    )
    return figure


def describe_confusion(matrix: "NDArray[Any]", names: Sequence[str], _: Language) -> str:
    """How many are right, and the most frequent mistake."""
    counts = np.asarray(matrix)
    right = int(counts.diagonal().sum())
    wrong = counts - np.diag(counts.diagonal())
    i, j = np.unravel_index(int(wrong.argmax()), wrong.shape)
    if not wrong.any():
        return _("{right} of {all} pictures are recognised, all of them.", right=right, all=int(counts.sum()))
    return _(
        "{right} of {all} pictures are recognised. The most frequent mistake: {own} taken for {other}, {count} times.",
        right=_.number(right),
        all=_.number(int(counts.sum())),
        own=names[int(i)],
        other=names[int(j)],
        count=_.number(int(wrong[i, j])),
    )


def class_bars(
    scores: Sequence[float | None], names: Sequence[str], _: Language, *, colour: str, dark: bool = False
) -> go.Figure:
    """The share of each class that was recognised, worst at the top.

    Args:
        scores: share of one for each class, or None without images.
        names: of the classes, in the reader's language.
        _: the reader's language.
        colour: of the bars.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    known = sorted(
        ((score, name) for score, name in zip(scores, names, strict=True) if score is not None), reverse=True
    )
    figure = go.Figure(
        go.Bar(
            x=[score for score, _name in known],
            y=[name for _score, name in known],
            orientation="h",
            marker={"color": colour},
            text=[_.percent(score, 1) for score, _name in known],
            textposition="auto",
            insidetextanchor="end",
            hoverinfo="skip",
        )
    )
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=HEIGHT - 80,
            margin={"l": 4, "r": 16, "t": 8, "b": 8},
            xaxis={"range": [0, 1], "tickformat": ".0%", "gridcolor": colours.grid, "fixedrange": True,
                   "title": {"text": _("Recognised")}},
            yaxis={"automargin": True, "fixedrange": True},
        )
    )  # fmt: skip
    return figure


def norms_map(
    values: "NDArray[Any]", layers: Sequence[str], steps: Sequence[int], _: Language, dark: bool = False
) -> go.Figure:
    """Sizes of layers over the steps of a training, as powers of ten.

    Args:
        values: (layers, steps) root mean squares, above 0.
        layers: their paths, from the input to the output.
        steps: of the checkpoints.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    powers = np.log10(np.maximum(np.asarray(values, float), 1e-12))
    hover = [
        [
            _("{layer}, step {step}: {value}", layer=layer, step=_.number(step), value=f"{10 ** powers[i, j]:.1e}")
            for j, step in enumerate(steps)
        ]
        for i, layer in enumerate(layers)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=powers, x=[_.number(step) for step in steps], y=list(layers), colorscale="Viridis", text=hover,
            hoverinfo="text", xgap=1, ygap=1, colorbar={"title": {"text": _("power of ten")}, "thickness": 14},
        )
    )  # fmt: skip
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=max(220, min(900, 90 + 22 * len(layers))),
            margin={"l": 4, "r": 8, "t": 8, "b": 8},
            xaxis={"title": {"text": _("Step")}, "type": "category", "fixedrange": True, "automargin": True},
            yaxis={"automargin": True, "autorange": "reversed", "fixedrange": True, "type": "category"},
        )
    )
    return figure
