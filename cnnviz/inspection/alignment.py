"""Stages of several networks side by side, aligned by how often the picture has been halved; no torch.

Resolutions that mean the same differ by a pixel or two between networks (54 px in AlexNet, 56 px in VGG, both a quarter
of 224), and networks have inputs of different sizes. So a stage stands in the line of ⌊log2(input ÷ output) + ½⌋
halvings, and each cell says its own pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from cnnviz.rows import LayerRow, Report


@dataclass(frozen=True, slots=True)
class AlignedStages:
    """One line of the comparison.

    Attributes:
        halvings: how often height and width have been halved; None once there are no positions any more (1×1, dense).
        cells: for each network the stages of this line, in order.
    """

    halvings: int | None
    cells: tuple[tuple[LayerRow, ...], ...]

    def sizes(self, network: int) -> tuple[tuple[int, int], ...]:
        """The distinct (height, width) of a network's cell, in order; () for dense layers."""
        return tuple(dict.fromkeys(row.output_shape[-2:] for row in self.cells[network] if len(row.output_shape) == 4))


def align_stages(reports: Sequence[Report]) -> tuple[AlignedStages, ...]:
    """Lines from full resolution down to 1, each with the stages of every network that end there.

    Args:
        reports: the networks, in the order of the columns.

    Returns:
        Lines without any stage are left out. A stage that has no output of its own (a list of modules) stands with the
        stage before it.
    """
    placed: dict[int | None, list[list[LayerRow]]] = {}
    for column, report in enumerate(reports):
        line: int | None = 0
        for row in report.stages:
            line = _halvings(report, row) if row.output_shape else line
            placed.setdefault(line, [[] for _ in reports])[column].append(row)
    lines = sorted(placed, key=lambda line: (line is None, line))
    return tuple(AlignedStages(line, tuple(tuple(cell) for cell in placed[line])) for line in lines)


def _halvings(report: Report, row: LayerRow) -> int | None:
    if len(row.output_shape) != 4 or row.output_shape[-2:] == (1, 1):
        return None
    before, after = report.input_shape[-2:], row.output_shape[-2:]
    return max(0, int(log2(max(before) / max(after)) + 0.5))
