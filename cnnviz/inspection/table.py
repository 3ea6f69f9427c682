"""The layer table as CSV: every row of a report with its shares of the whole; no torch."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Final

from cnnviz.rows import LayerRow, Report

COLUMNS: Final = (
    "path", "type", "depth", "leaf", "functional", "calls", "kernel", "stride", "padding", "dilation", "groups",
    "input_shape", "output_shape", "parameters", "parameters_share", "macs", "macs_share", "output_bytes",
    "saved_bytes", "saved_bytes_share", "receptive_field", "jump",
)  # fmt: skip


def report_csv(report: Report) -> str:
    """One line per row in the order of execution, under a line of names; lines end in CRLF (RFC 4180).

    Shapes and sizes are written 1x6x28x28 and 5x5 (height first), shares are of one (0 to 1, a container's includes
    what is in it), MACs are for one image and bytes for the batch. What a row does not have is empty.

    Args:
        report: the network taken apart.
    """
    text = StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    lines.writerows(_line(row, report) for row in report.layers)
    return text.getvalue()


def _line(row: LayerRow, report: Report) -> tuple[str | int, ...]:
    return (
        row.path, row.type, row.depth, int(row.leaf), int(row.functional), row.calls,
        _sizes(row.kernel), _sizes(row.stride), _sizes(row.padding), _sizes(row.dilation),
        "" if row.groups is None else row.groups,
        _sizes(row.input_shape), _sizes(row.output_shape),
        row.parameters, _share(row.parameters, report.parameters),
        row.macs, _share(row.macs, report.macs),
        row.output_bytes,
        row.saved_bytes, _share(row.saved_bytes, report.saved_bytes),
        _sizes(row.receptive_field), _sizes(row.jump),
    )  # fmt: skip


def _sizes(sizes: Sequence[int] | None) -> str:
    return "x".join(str(size) for size in sizes or ())


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.6f}" if whole else ""
