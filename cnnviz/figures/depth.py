"""Channels and resolution through the depth of a network: pictures get smaller while features get more.

The points are the network's layers in order; a block with branches is one point, its output, so that what happens
inside its lanes does not look like a zigzag in depth. No torch, no streamlit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log10
from typing import Any, Final

import plotly.graph_objects as go

from cnnviz.figures.diagram_structure import Part, stages_of, structure
from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language
from cnnviz.rows import Report

_HEIGHT: Final = 320
_MOST_TICKS: Final = 12
_CHANNELS: Final = ("#0072b2", "#56b4e9")  # light and dark theme; Okabe and Ito
_SIZE: Final = ("#d55e00", "#e69f00")


@dataclass(frozen=True, slots=True)
class DepthPoint:
    """What leaves one layer or block.

    Attributes:
        path: of the layer or block; "" is the network's input.
        stage: the first part of the path.
        channels: channels of a picture, or units of a dense layer.
        size: height in px, or None where there is no picture any more.
    """

    path: str
    stage: str
    channels: int
    size: int | None


def depth_points(report: Report) -> tuple[DepthPoint, ...]:
    """The input and every layer or block that runs, in order; of token sequences only the width is a number here."""
    points = [_point("", report.input_shape)]
    points += [_point(part.row.path, part.row.output_shape) for part in _steps(structure(report))]
    return tuple(points)


def _steps(root: Part) -> Iterator[Part]:
    for part in stages_of(root):
        if part.kind in ("layer", "block"):
            if part.row.calls and part.row.output_shape:
                yield part
        elif part is not root:
            yield from _steps(part)


def _point(path: str, shape: tuple[int, ...]) -> DepthPoint:
    picture = len(shape) == 4
    channels = shape[1] if picture else shape[-1]
    return DepthPoint(path, path.partition(".")[0], channels, shape[2] if picture else None)


def depth_chart(report: Report, _: Language, dark: bool = False, selected: str | None = None) -> go.Figure:
    """Channels and resolution, on one logarithmic axis.

    Args:
        report: the network taken apart.
        _: the reader's language.
        dark: the reader's theme.
        selected: the path of the selected layer, which gets a vertical line.
    """
    points = depth_points(report)
    channels = [(index, point.channels) for index, point in enumerate(points)]
    sizes = [(index, point.size) for index, point in enumerate(points) if point.size is not None]
    lines = (
        (channels, _("Channels or units"), _CHANNELS[dark], "solid"),
        (sizes, _("Height in px"), _SIZE[dark], "dash"),
    )
    figure = go.Figure([_line(values, name, colour, dash, points, _) for values, name, colour, dash in lines])
    colours = palette(dark)
    ticks = _ticks(points)
    figure.update_layout(
        layout(
            _,
            dark,
            height=_HEIGHT,
            margin={"l": 56, "r": 8, "t": 28, "b": 64},
            yaxis={
                "type": "log",
                "title": {"text": _("Channels, or height in px")},
                "gridcolor": colours.grid,
                "dtick": 1,
                "fixedrange": True,
            },
            xaxis={
                "title": {"text": _("Stage, in the order of execution"), "standoff": 8},
                "tickvals": list(ticks),
                "ticktext": [points[index].stage for index in ticks],
                "gridcolor": colours.grid,
                "zeroline": False,
                "range": [-0.5, len(points) - 0.5],
                "fixedrange": True,
            },
            annotations=[_label(values, name, colour, above) for (values, name, colour, _d), above in zip(
                lines, (True, False), strict=True)],
            shapes=_marked(points, selected, colours.ink),
        )
    )  # fmt: skip
    return figure


def _line(
    values: list[tuple[int, Any]], name: str, colour: str, dash: str, points: tuple[DepthPoint, ...], _: Language
) -> go.Scatter:
    return go.Scatter(
        x=[index for index, _value in values],
        y=[value for _index, value in values],
        mode="lines+markers" if len(values) < 40 else "lines",
        line={"color": colour, "width": 2.5, "dash": dash, "shape": "hv"},
        marker={"size": 5, "color": colour},
        name=name,
        customdata=[points[index].path for index, _value in values],
        hovertext=[f"{points[index].path or _('Input')}<br>{name}: {_.number(value)}" for index, value in values],
        hoverinfo="text",
    )


def _label(values: list[tuple[int, Any]], name: str, colour: str, above: bool) -> dict[str, Any]:
    """A line's name at its own beginning or end, in its colour; a logarithmic axis takes exponents."""
    index, value = values[len(values) // 2] if above else values[len(values) // 4]
    return {
        "text": f"<b>{name}</b>",
        "x": index,
        "y": log10(max(1, value)),
        "yshift": 14 if above else -14,
        "showarrow": False,
        "font": {"color": colour, "size": 13},
    }


def _ticks(points: tuple[DepthPoint, ...]) -> tuple[int, ...]:
    """Where stages begin; every second or third of them where there are many."""
    firsts = [index for index in range(1, len(points)) if points[index].stage != points[index - 1].stage]
    return tuple(firsts[:: -(-len(firsts) // _MOST_TICKS) or 1])


def _marked(points: tuple[DepthPoint, ...], selected: str | None, ink: str) -> list[dict[str, Any]]:
    """A vertical line at the selected layer, or at the block that holds it."""
    if not selected:
        return []
    for index, point in enumerate(points):
        if point.path and (selected == point.path or selected.startswith(f"{point.path}.")):
            return [{"type": "line", "x0": index, "x1": index, "yref": "paper", "y0": 0, "y1": 1,
                     "line": {"color": ink, "width": 1.5, "dash": "dot"}}]  # fmt: skip
    return []


def describe_depth(report: Report, _: Language) -> str:
    """The chart in words: from what to what."""
    points = depth_points(report)
    pictures = [point for point in points if point.size is not None]
    most = max(pictures, key=lambda point: point.channels)
    return _(
        "Height falls from {first} to {last} px while channels grow from {few} to {many}.",
        first=pictures[0].size,
        last=pictures[-1].size,
        few=pictures[0].channels,
        many=most.channels,
    )
