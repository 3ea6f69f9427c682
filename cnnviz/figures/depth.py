"""Channels and resolution through the depth of a network: pictures get smaller while features get more.

The points are the network's layers in order; a block with branches is one point, its output, so that what happens
inside its lanes does not look like a zigzag in depth. No torch, no streamlit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log10
from typing import Final

from cnnviz.figures.diagram_structure import Part, stages_of, structure
from cnnviz.language import Language
from cnnviz.rows import Report

HEIGHT: Final = 260  # px of the drawing itself
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


@dataclass(frozen=True, slots=True)
class DepthLine:
    """One line of the chart.

    Attributes:
        name: in the reader's language.
        values: (place among the points, value).
        colour: a CSS colour.
        dashed: whether its stroke is broken.
    """

    name: str
    values: tuple[tuple[int, int], ...]
    colour: str
    dashed: bool


@dataclass(frozen=True, slots=True)
class DepthChart:
    """Where everything stands; across the chart each point has a column of the same width.

    Attributes:
        points: one column each, in the order of execution.
        lines: channels, then height.
        stages: (first place, end) of each part of the axis that has a label, which is the stage of its first point.
        levels: the powers of ten that have a line.
        top: the largest value, at the top edge; the lower edge is 1.
    """

    points: tuple[DepthPoint, ...]
    lines: tuple[DepthLine, ...]
    stages: tuple[tuple[int, int], ...]
    levels: tuple[int, ...]
    top: int

    def share(self, value: int) -> float:
        """How high a value stands between the lower edge (0) and the upper one (1), on the logarithmic axis."""
        return log10(max(1, value)) / log10(self.top)


def depth_chart(report: Report, _: Language, dark: bool = False) -> DepthChart:
    """Channels and resolution, on one logarithmic axis.

    Args:
        report: the network taken apart.
        _: the reader's language.
        dark: the reader's theme.
    """
    points = depth_points(report)
    channels = tuple((index, point.channels) for index, point in enumerate(points))
    sizes = tuple((index, point.size) for index, point in enumerate(points) if point.size is not None)
    top = max(10, *(value for _index, value in (*channels, *sizes)))
    return DepthChart(
        points,
        (
            DepthLine(_("Channels or units"), channels, _CHANNELS[dark], False),
            DepthLine(_("Height in px"), sizes, _SIZE[dark], True),
        ),
        _stages(points),
        tuple(10**power for power in range(int(log10(top)) + 1)),
        top,
    )


def _stages(points: tuple[DepthPoint, ...]) -> tuple[tuple[int, int], ...]:
    """From where stages begin to where the next label stands; every second or third of them where there are many."""
    firsts = [index for index in range(1, len(points)) if points[index].stage != points[index - 1].stage]
    kept = firsts[:: -(-len(firsts) // _MOST_TICKS) or 1]
    return tuple(zip(kept, [*kept[1:], len(points)], strict=True))


def describe_depth(report: Report, _: Language) -> str:
    """The chart in words: from what to what."""
    points = depth_points(report)
    pictures = [point for point in points if point.size is not None]
    heights = [point.size for point in pictures if point.size is not None]
    most = max(pictures, key=lambda point: point.channels)
    return _(
        "Height falls from {first} to {last} px while channels grow from {few} to {many}.",
        first=_.number(heights[0]),
        last=_.number(heights[-1]),
        few=_.number(pictures[0].channels),
        many=_.number(most.channels),
    )
