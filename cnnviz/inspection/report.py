"""From a network to its report: the tree, the rows and the totals."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import nn

from cnnviz.architectures import build
from cnnviz.architectures.failure import find_failure
from cnnviz.errors import CnnvizError
from cnnviz.inspection.layers import Description, describe, describe_function
from cnnviz.inspection.meta import Factory, build_on_meta
from cnnviz.inspection.passes import foresee, rehearse
from cnnviz.inspection.tree import Node, tree_of
from cnnviz.inspection.watching import Key, Pass, Visit
from cnnviz.rows import LayerRow, Report, Shape
from cnnviz.specs.architectures import ArchitectureSpec

_LARGEST_SIZE: Final = 2**16
_LARGEST_INPUT: Final = 2**34  # values


def inspect(factory: Factory, input_shape: Sequence[int], *, dtype: torch.dtype = torch.float32) -> Report:
    """See `cnnviz.inspection.inspect`."""
    shape = checked(input_shape)
    model = build_on_meta(factory, dtype)
    try:
        foreseen = foresee(model, torch.empty((1, *shape[1:]), dtype=dtype, device="meta"))
        rehearsed = rehearse(model, torch.empty(shape, dtype=dtype, device="meta"))
    except CnnvizError:
        raise
    except Exception as error:
        raise _in_words(model, shape) or error from None
    return report(model, shape, foreseen, rehearsed)


def report_of(spec: ArchitectureSpec, batch_size: int = 1) -> Report:
    """See `cnnviz.inspection.report_of`."""
    return inspect(lambda: build(spec), (batch_size, *spec.input_shape))


def _in_words(model: nn.Module, shape: Shape) -> CnnvizError | None:
    """Which layer of a network cannot take what it receives; None if all can."""
    failure = find_failure(model, shape)
    if failure is None:
        return None
    return CnnvizError(
        "input_wrong",
        field="image_size",
        title=type(model).__name__,
        received=written(shape[1:]),
        layer=f"{failure.path} ({failure.type})" if failure.path else failure.type,
    )


def checked(input_shape: Sequence[int]) -> tuple[int, int, int, int]:
    """An input shape (N, C, H, W).

    Raises:
        CnnvizError: "input_shape_invalid" unless these are four sizes from 1 that a machine could hold.
    """
    sizes = tuple(input_shape) if isinstance(input_shape, (tuple, list, torch.Size)) else ()
    values = 1
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _LARGEST_SIZE:
            values = 0
            break
        values *= size
    if len(sizes) != 4 or not 0 < values <= _LARGEST_INPUT:
        received = written(sizes) if sizes else str(input_shape)[:60]
        raise CnnvizError("input_shape_invalid", field="input_shape", value=received, example="1×1×224×224")
    return sizes


def written(shape: Sequence[Any]) -> str:
    """A shape as it stands in sentences: 1×1×224×224."""
    return "×".join(str(size) for size in shape)


def report(model: nn.Module, shape: Shape, foreseen: Pass, rehearsed: Pass) -> Report:
    """The report of a model from its two passes.

    Args:
        model: on the meta device, its lazy layers filled in.
        shape: of the input, batch included.
        foreseen: the pass in prediction mode; all rows come from it.
        rehearsed: the pass in training mode; may be empty.
    """
    nodes = tree_of(model, list(foreseen.visits), foreseen.functions)
    saved = _placed(rehearsed.saved, foreseen)
    rows = tuple(_row(node, shape[0], foreseen, rehearsed, saved) for node in nodes)
    parameters = list(model.parameters())
    own = {id(parameter): parameter.numel() for node in nodes for parameter in node.own_parameters}
    assert sum(own.values()) == rows[0].parameters == sum(parameter.numel() for parameter in parameters)
    assert rows[0].macs == sum(foreseen.macs.values())
    assert rows[0].saved_bytes == sum(rehearsed.saved.values())
    weight_bytes = sum(parameter.numel() * parameter.element_size() for parameter in parameters)
    return Report(input_shape=shape, layers=rows, weight_bytes=weight_bytes)


def _placed(saved: Counter[Key], foreseen: Pass) -> Counter[Key]:
    """Bytes by rows: an operation that only training does has none and counts for the module around it."""
    placed: Counter[Key] = Counter()
    for key, count in saved.items():
        placed[key[0] if isinstance(key, tuple) and key not in foreseen.functions else key] += count
    return placed


def _row(node: Node, batch: int, foreseen: Pass, rehearsed: Pass, saved: Counter[Key]) -> LayerRow:
    seen = foreseen.visits.get(node.key)
    visit = _visit(seen, rehearsed.visits.get(node.key), batch)
    told = Description()
    if seen is not None and node.module is not None:
        told = describe(node.module, visit)
    elif seen is not None:
        told = describe_function(foreseen.functions[node.key], visit)
    window = told.window
    return LayerRow(
        path=node.path,
        type=foreseen.functions[node.key].type if node.module is None else type(node.module).__name__,
        depth=node.depth,
        leaf=node.leaf,
        input_shape=visit.inputs[0] if visit.inputs else (),
        output_shape=visit.output,
        parameters=node.parameters,
        macs=sum([foreseen.macs[member] for member in node.members]),
        output_bytes=visit.output_bytes,
        saved_bytes=sum([saved[member] for member in node.members]),
        receptive_field=visit.after.size if visit.after else None,
        jump=visit.after.jump if visit.after else None,
        kernel=window.kernel if window else None,
        stride=window.stride if window else None,
        padding=window.padding if window else None,
        dilation=window.dilation if window else None,
        groups=window.groups if window else None,
        formula=told.formula,
        calls=visit.calls,
        functional=node.module is None,
        field_start=visit.after.start if visit.after and visit.after.jump else None,
    )


def _visit(seen: Visit | None, rehearsed: Visit | None, batch: int) -> Visit:
    """Fields and calls of the pass on one image, shapes of the pass on the batch.

    A layer that only predicts (a softmax at the end, say) was seen with one image: the batch is put in its place. One
    that only trains (an auxiliary head) does not run in the network that is used, and its row says so with 0 calls.
    """
    if seen is None:
        return Visit()
    if rehearsed is not None:
        return Visit(rehearsed.inputs, rehearsed.output, rehearsed.output_bytes, seen.before, seen.after, seen.calls)
    return Visit(
        tuple(_times(shape, batch) for shape in seen.inputs),
        _times(seen.output, batch),
        seen.output_bytes * batch,
        seen.before,
        seen.after,
        seen.calls,
    )


def _times(shape: Shape, batch: int) -> Shape:
    return (shape[0] * batch, *shape[1:]) if shape else shape
