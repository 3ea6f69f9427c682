"""Networks side by side: totals and stages as tables of plain text, what is new against the left neighbour marked."""

from collections.abc import Sequence

import pandas as pd

from cnnviz.inspection.alignment import AlignedStages, align_stages
from cnnviz.language import Language
from cnnviz.rows import LayerRow, Report
from cnnviz.specs.comparison import Contender


def totals_table(chosen: Sequence[Contender], reports: Sequence[Report], _: Language) -> pd.DataFrame:
    """One row per figure, one column per network."""
    rows = {
        _("Year"): [str(one.entry.year) for one in chosen],
        _("Input"): [_.shape(report.input_shape[1:]) for report in reports],
        _("Parameters"): [_.compact(report.parameters) for report in reports],
        _("MACs per picture"): [_.compact(report.macs) for report in reports],
        _("Weights (float32)"): [_.bytes(report.weight_bytes) for report in reports],
        _("Kept while training, batch of {count}", count=reports[0].input_shape[0]): [
            _.bytes(report.saved_bytes) for report in reports
        ],
        _("Convolutions and dense layers"): [
            str(sum(bool(row.parameters and row.macs) for row in report.leaves)) for report in reports
        ],
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=[one.title(_) for one in chosen])
    return frame.rename_axis(_("Figure"))


def kinds(report: Report, stage: LayerRow) -> frozenset[str]:
    """The kinds of layer in a stage: the class, and for convolutions the kernel."""
    inside = [row for row in report.leaves if row.path == stage.path or row.path.startswith(f"{stage.path}.")]
    return frozenset(_kind(row) for row in inside)


def _kind(row: LayerRow) -> str:
    if row.type == "Conv2d" and row.kernel is not None:
        groups = f" g{row.groups}" if row.groups and row.groups > 1 else ""
        return f"{row.kernel[0]}×{row.kernel[1]}{groups}"
    return row.type


def stages_table(chosen: Sequence[Contender], reports: Sequence[Report], _: Language) -> pd.DataFrame:
    """One row per resolution, one column per network; kinds of layer that the left neighbour lacks are tinted and bold.

    A tinted kind is new against the whole network at the left, not only against the same line.
    """
    everything = [frozenset().union(*(kinds(report, stage) for stage in report.stages)) for report in reports]
    lines = align_stages(reports)
    columns = {
        one.title(_): [_cell(line, index, report, everything[index - 1] if index else None, _) for line in lines]
        for index, (one, report) in enumerate(zip(chosen, reports, strict=True))
    }
    return pd.DataFrame(columns, index=pd.Index([_line(line, _) for line in lines], name=_("Resolution")))


def _line(line: AlignedStages, _: Language) -> str:
    if line.halvings is None:
        return _("no positions left")
    return _("full size") if line.halvings == 0 else _("1/{factor} of the side", factor=2**line.halvings)


def _cell(line: AlignedStages, index: int, report: Report, left: frozenset[str] | None, _: Language) -> str:
    parts = []
    for stage in line.cells[index]:
        found = sorted(kinds(report, stage) - _ORDINARY)
        marked = [f":blue-background[**{kind}**]" if left is not None and kind not in left else kind for kind in found]
        cost = f"{_.compact(stage.parameters)} · {_.shape(stage.output_shape[1:])}"
        parts.append(f"**{stage.name}** {cost}  \n{' '.join(marked)}".strip())
    return "  \n".join(parts)


_ORDINARY = frozenset({"Flatten", "Identity"})


def tell_apart(chosen: Sequence[Contender], dark: bool) -> list[tuple[str, str]]:
    """A colour and a dash for each: the network's own, and other dashes for variants that would look the same."""
    strokes: list[tuple[str, str]] = []
    for one in chosen:
        colour = one.entry.colour_dark if dark else one.entry.colour
        free = (dash for dash in (one.entry.dash, *_DASHES) if (colour, dash) not in strokes)
        strokes.append((colour, next(free)))
    return strokes


_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
