"""Channels and resolution through the depth of a network: pictures get smaller while features get more.

The points are the network's layers in order; a block with branches is one point, its output, so that what happens
inside its lanes does not look like a zigzag in depth. No torch, no streamlit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cnnviz.figures.diagram_structure import Part, stages_of, structure
from cnnviz.language import Language
from cnnviz.rows import Report

_MOST_TICKS: Final = 12


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


def depth_ticks(points: tuple[DepthPoint, ...]) -> tuple[int, ...]:
    """Where stages begin; every second or third of them where there are many."""
    firsts = [index for index in range(1, len(points)) if points[index].stage != points[index - 1].stage]
    return tuple(firsts[:: -(-len(firsts) // _MOST_TICKS) or 1])


def describe_point(point: DepthPoint, _: Language) -> str:
    """One layer or block in words."""
    name = point.path or _("Input")
    if point.size is None:
        return _("{name}: {count} units", name=name, count=_.number(point.channels))
    return _("{name}: {count} channels, {size} px high", name=name, count=_.number(point.channels), size=point.size)


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
