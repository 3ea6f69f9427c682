"""`python -m cnnviz table`: a network's layers with their shapes, parameters and multiply-accumulates."""

import argparse
import json
import os
import re
import sys
from typing import Any, Final

from cnnviz.architectures import spec_of
from cnnviz.cli.check import environment_language
from cnnviz.errors import CnnvizError
from cnnviz.inspection import report_of
from cnnviz.language import LANGUAGES, Language
from cnnviz.rows import LayerRow, Report

_EXAMPLE: Final = "1x1x224x224"
_INDENT: Final = "  "


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("table", help="a network's layers with their shapes, parameters and MACs")
    parser.add_argument("key", help="the network, such as lenet or resnet18")
    parser.add_argument(
        "--input",
        metavar="NxCxHxW",
        help=f"batch, channels, height and width, such as {_EXAMPLE}; its own if not given",
    )
    parser.add_argument("--language", choices=LANGUAGES, help="default: that of the environment")
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the table; returns the exit status.

    Raises:
        CnnvizError: a network or an input that cannot work.
    """
    batch_size, changes = 1, {}
    if options.input is not None:
        batch_size, channels, size = parse_input(options.input)
        changes = {"in_channels": channels, "image_size": size}
    spec = spec_of(options.key, **changes)
    report = report_of(spec, batch_size)
    if options.json:
        print(json.dumps({"key": spec.key, **report.to_dict()}))
        return 0
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a console that has no × shows a question mark and goes on
    print(table(report, spec.key, Language(options.language or environment_language(os.environ))))
    return 0


def parse_input(text: str) -> tuple[int, int, int]:
    """Batch size, channels and image size from "1x1x224x224".

    Raises:
        CnnvizError: if it is none, or the picture is not square.
    """
    parts = re.split(r"[x×*,]", text.strip().lower())
    if len(parts) != 4 or not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise CnnvizError("input_shape_invalid", field="input", value=text[:60], example=_EXAMPLE)
    batch_size, channels, height, width = (int(part) for part in parts)
    if height != width:
        example = f"{batch_size}x{channels}x{height}x{height}"
        raise CnnvizError("input_not_square", field="input", value=text[:60], example=example)
    return batch_size, channels, height


def table(report: Report, title: str, _: Language) -> str:
    """The rows as text, indented by their depth, and the totals with their conventions."""
    header = (_("Layer"), _("Type"), _("Output"), _("Parameters"), _("MACs"))
    lines = [header, *(_cells(row, title, _) for row in report.layers)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    text = []
    for line in lines:
        left = (cell.ljust(width) for cell, width in zip(line[:3], widths[:3], strict=True))
        right = (cell.rjust(width) for cell, width in zip(line[3:], widths[3:], strict=True))
        text.append("  ".join((*left, *right)).rstrip())
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join((text[0], rule, *text[1:], rule, *_totals(report, _)))


def _cells(row: LayerRow, title: str, _: Language) -> tuple[str, str, str, str, str]:
    return (
        _INDENT * row.depth + (row.name or title),
        row.type,
        _.shape(row.output_shape[1:]) or "–",
        _.number(row.parameters) if row.parameters else "–",
        _.number(row.macs) if row.macs else "–",
    )


def _totals(report: Report, _: Language) -> tuple[str, ...]:
    return (
        _("Input: {shape}, batch included.", shape=_.shape(report.input_shape)),
        _(
            "Parameters: {count} ({size} in float32); shared weights count once.",
            count=_.number(report.parameters),
            size=_.bytes(report.weight_bytes),
        ),
        _(
            "MACs: {count} for one picture: multiply-accumulates of convolutions, dense layers and attention, "
            "1 MAC = 2 FLOPs.",
            count=_.number(report.macs),
        ),
        _(
            "Kept for the backward pass in training: {size} for a batch of {count}.",
            size=_.bytes(report.saved_bytes),
            count=_.number(report.input_shape[0]),
        ),
    )
