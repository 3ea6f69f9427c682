"""What a block costs: alone, against its alternatives, and along one of its knobs."""

from dataclasses import dataclass
from typing import Any

from cnnviz.errors import CnnvizError
from cnnviz.inspection import inspect
from cnnviz.rows import Report
from cnnviz.specs.block_catalog import Alternative, Block
from cnnviz.specs.blocks import BlockSpec


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One value of a knob, and what the block costs there: parameters, and MACs for one picture."""

    value: int
    parameters: int
    macs: int


def block_report(spec: BlockSpec, batch_size: int = 1) -> Report:
    """A block taken apart, as a network of this one stage; see `cnnviz.inspection.inspect` for shapes and units.

    Raises:
        CnnvizError: if the block cannot take its input, at the knob that causes it where one does.
    """
    from cnnviz.architectures.block_builders import LoneBlock

    try:
        return inspect(lambda: LoneBlock(spec), (batch_size, *spec.input_shape))
    except CnnvizError as error:
        field = {"shortcut_needed": "shortcut"}.get(error.code, error.field)
        raise CnnvizError(error.code, field=field, **error.parameters) from error


def compared(entry: Block, spec: BlockSpec) -> tuple[tuple[Alternative, Report], ...]:
    """The alternatives that work for this input, each with its report."""
    found = []
    for alternative in entry.alternatives(spec):
        try:
            found.append((alternative, block_report(alternative.spec)))
        except CnnvizError:  # a kernel larger than the padded picture is no alternative
            continue
    return tuple(found)


def sweep(entry: Block, spec: BlockSpec, knob: str) -> tuple[SweepPoint, ...]:
    """The cost over the values of a knob, the spec's own value among them; values that cannot work are left out.

    A convolution's padding follows its kernel, so that the size stays what it was, and the input of a residual block
    without a 1×1 on its shortcut follows its output, since both are added.
    """
    own = getattr(spec, knob)
    points = []
    for value in sorted({*entry.sweeps[knob](spec), own}):
        try:
            report = block_report(spec.replace(**{knob: value, **_following(spec, knob, value)}))
        except CnnvizError:
            continue
        points.append(SweepPoint(value, report.parameters, report.macs))
    return tuple(points)


def _following(spec: BlockSpec, knob: str, value: int) -> dict[str, Any]:
    if knob == "kernel_size" and getattr(spec, "padding", None) == getattr(spec, "kernel_size", 0) // 2:
        return {"padding": value // 2}
    if knob == "out_channels" and getattr(spec, "shortcut", "") == "as_is":
        return {"in_channels": value}
    return {}
