"""Receptive fields, operation by operation: how many pixels of the input one position of a tensor sees.

A window of k positions with dilation d and stride s over a tensor of field r and jump j gives r + d(k − 1)·j and j·s
(Araujo et al., "Computing receptive fields of convolutional neural networks", Distill 2019). Where tensors meet, in an
addition or a concatenation, the larger counts. The rules follow the operations that PyTorch dispatches, so networks
whose branches meet in plain tensor arithmetic are followed too. What no rule knows is taken to see the whole image.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Final

import torch
from torch import Tensor

aten = torch.ops.aten

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Field:
    """What one position sees.

    Attributes:
        size: pixels of the input (height, width); None for all of them.
        jump: input pixels between two neighbours; None where the tensor has no positions any more.
        axes: which axes of the tensor are height and width; None as for `jump`.
        start: pixel of the input (row, column) at which the first position's window begins; negative in the padding.
    """

    size: Pair | None
    jump: Pair | None
    axes: Pair | None
    start: Pair = (0, 0)


PIXELS: Final = Field((1, 1), (1, 1), (2, 3))
NOWHERE: Final = Field(None, None, None)


class Fields:
    """The field of every tensor that came from the input; others are constants and have none.

    Tensors are known by identity and kept alive, so that no identity is used twice.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Tensor, Field]] = {}

    def of(self, tensor: Any) -> Field | None:
        """The field of a tensor, or None for a constant."""
        known = self._known.get(id(tensor))
        return known[1] if known else None

    def set(self, tensor: Any, field: Field) -> None:
        """Remember a tensor's field."""
        self._known[id(tensor)] = tensor, field

    def forget(self) -> None:
        """Let all tensors go."""
        self._known.clear()

    def follow(self, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any) -> None:
        """Work out the fields of an operation's results from those of its arguments."""
        sources = [tensor for tensor in _tensors((*args, *kwargs.values())) if id(tensor) in self._known]
        if not sources:
            return
        packet = func._overloadpacket
        rule = _RULES.get(packet)
        if rule is None:
            rule = _meet if packet in _PLACEWISE or torch.Tag.pointwise in func.tags else _nowhere
        for tensor in _tensors((result,)):
            self.set(tensor, rule(self, sources, args, kwargs, tensor))


def _tensors(values: Iterable[Any]) -> Iterable[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)


def _pair(value: Any, otherwise: int = 1) -> Pair:
    """An int or a list of none, one or two ints as (height, width)."""
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if not values:
        return otherwise, otherwise
    return int(values[0]), int(values[-1])


def window(field: Field, kernel: Pair, stride: Pair, dilation: Pair, padding: Pair = (0, 0)) -> Field:
    """What a window over positions of `field` sees."""
    if field.jump is None:
        return NOWHERE
    jump, size = field.jump, field.size
    if size is not None:
        size = (
            size[0] + dilation[0] * (kernel[0] - 1) * jump[0],
            size[1] + dilation[1] * (kernel[1] - 1) * jump[1],
        )
    start = field.start[0] - padding[0] * jump[0], field.start[1] - padding[1] * jump[1]
    return Field(size, (jump[0] * stride[0], jump[1] * stride[1]), field.axes, start)


def adaptive(field: Field, before: Sequence[int], after: Sequence[int]) -> Field:
    """What a position of an adaptive pooling sees: a window where the sizes divide, else everything."""
    if field.axes != (2, 3) or tuple(after) == (1, 1) or before[0] % after[0] or before[1] % after[1]:
        return NOWHERE
    step = before[0] // after[0], before[1] // after[1]
    return window(field, step, step, (1, 1))


def meet(fields: Sequence[Field]) -> Field:
    """What sees everything that several fields of the same axes see."""
    if all(field is fields[0] for field in fields):
        return fields[0]
    places = [field for field in fields if field.jump is not None and field.axes is not None]
    if not places or len({field.axes for field in places}) > 1:
        return NOWHERE
    sizes = [field.size for field in fields]
    jumps = [field.jump for field in places if field.jump is not None]
    size = None
    if all(entry is not None for entry in sizes):
        size = max(entry[0] for entry in sizes if entry), max(entry[1] for entry in sizes if entry)
    start = min(field.start[0] for field in places), min(field.start[1] for field in places)
    return Field(size, (max(jump[0] for jump in jumps), max(jump[1] for jump in jumps)), places[0].axes, start)


# Rules: (fields, tracked arguments, arguments, keyword arguments, one result) → the result's field


def _nowhere(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    return NOWHERE


def _meet(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    """Position by position; tensors with fewer axes are broadcast from the last axis on."""
    if len(sources) == 1 and sources[0].dim() == result.dim():
        return fields.of(sources[0]) or NOWHERE
    aligned = []
    for tensor in sources:
        field = fields.of(tensor)
        if field is None:
            continue
        missing = result.dim() - tensor.dim()
        if field.axes is not None and missing:
            field = replace(field, axes=(field.axes[0] + missing, field.axes[1] + missing))
        aligned.append(field)
    return meet(aligned)


def _first(fields: Fields, args: Sequence[Any]) -> Field:
    return fields.of(args[0]) or NOWHERE


def _convolution(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    field = _first(fields, args)
    _, weight, _, stride, padding, dilation, transposed = args[:7]
    if field.axes != (2, 3) or transposed or weight.dim() != 4:
        return NOWHERE
    return window(field, _pair(weight.shape[2:]), _pair(stride), _pair(dilation), _pair(padding, 0))


def _pool(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    field, kernel = _first(fields, args), _pair(args[1])
    stride = _pair(args[2]) if len(args) > 2 and args[2] else kernel
    padding = _pair(args[3], 0) if len(args) > 3 else (0, 0)
    return window(field, kernel, stride, (1, 1), padding) if field.axes == (2, 3) else NOWHERE


def _max_pool(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    field, kernel = _first(fields, args), _pair(args[1])
    stride = _pair(args[2]) if len(args) > 2 and args[2] else kernel
    padding = _pair(args[3], 0) if len(args) > 3 else (0, 0)
    dilation = _pair(args[4]) if len(args) > 4 else (1, 1)
    return window(field, kernel, stride, dilation, padding) if field.axes == (2, 3) else NOWHERE


def _adaptive_pool(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    return adaptive(_first(fields, args), args[0].shape[-2:], result.shape[-2:])


def _reduce(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    field, tensor = _first(fields, args), args[0]
    dims = {dim % tensor.dim() for dim in (args[1] if len(args) > 1 and args[1] else range(tensor.dim()))}
    if field.axes is None or dims & set(field.axes):
        return NOWHERE
    if result.dim() == tensor.dim():
        return field
    axes = tuple(axis - sum(dim < axis for dim in dims) for axis in field.axes)
    return replace(field, axes=(axes[0], axes[1]))


def _view(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    """An axis survives where the result has one of the same size with as many values before it."""
    field, before, after = _first(fields, args), tuple(args[0].shape), tuple(result.shape)
    if field.axes is None:
        return NOWHERE
    axes: list[int] = []
    for axis in field.axes:
        found = [
            index
            for index, size in enumerate(after)
            if size == before[axis] and prod(after[:index]) == prod(before[:axis]) and index not in axes
        ]
        # with sizes of 1 several fit: stay as far from the front as before
        found.sort(key=lambda index: abs((len(after) - index) - (len(before) - axis)))
        if not found:
            return NOWHERE
        axes.append(found[0])
    return replace(field, axes=(axes[0], axes[1])) if axes[0] < axes[1] else NOWHERE


def _permute(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    field = _first(fields, args)
    order = [dim % result.dim() for dim in args[1]]
    return _moved(field, order)


def _transpose(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    order = list(range(result.dim()))
    one, other = args[1] % result.dim(), args[2] % result.dim()
    order[one], order[other] = order[other], order[one]
    return _moved(_first(fields, args), order)


def _moved(field: Field, order: Sequence[int]) -> Field:
    if field.axes is None:
        return NOWHERE
    return replace(field, axes=(order.index(field.axes[0]), order.index(field.axes[1])))


def _slice(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    field, dim = _first(fields, args), (args[1] if len(args) > 1 else 0) % result.dim()
    step = args[4] if len(args) > 4 else 1
    if field.axes is None or field.jump is None or dim not in field.axes:
        return field
    stride = (step, 1) if dim == field.axes[0] else (1, step)
    return window(field, (1, 1), stride, (1, 1))


def _split(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    field, dim = _first(fields, args), (args[2] if len(args) > 2 else 0) % result.dim()
    return NOWHERE if field.axes is None or dim in field.axes else field


def _concatenate(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    field, dim = _meet(fields, sources, args, kwargs, result), (args[1] if len(args) > 1 else 0) % result.dim()
    return NOWHERE if field.axes is None or dim in field.axes else field


def _normalise(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    """Layer norm: a position stays what it was unless the statistics are taken over height and width."""
    field = _first(fields, args)
    if field.axes is None or result.shape != args[0].shape:
        return NOWHERE
    over = result.dim() - len(args[1])
    return replace(field, size=None) if max(field.axes) >= over else field


def _batch_norm(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    """In prediction mode the statistics are constants."""
    return _first(fields, args) if result.shape == args[0].shape else NOWHERE


def _softmax(fields: Fields, sources: Sequence[Tensor], args: Any, kwargs: Any, result: Tensor) -> Field:
    field = _first(fields, args)
    return NOWHERE if field.axes is None or args[1] % result.dim() in field.axes else field


Rule = Callable[[Fields, Sequence[Tensor], Any, Any, Tensor], Field]

_RULES: Final[Mapping[Any, Rule]] = {
    aten.convolution: _convolution,
    aten.avg_pool2d: _pool,
    aten.max_pool2d_with_indices: _max_pool,
    aten._adaptive_avg_pool2d: _adaptive_pool,
    aten.adaptive_max_pool2d: _adaptive_pool,
    aten.mean: _reduce,
    aten.sum: _reduce,
    aten.amax: _reduce,
    aten.view: _view,
    aten._unsafe_view: _view,
    aten.unsqueeze: _view,
    aten.squeeze: _view,
    aten.permute: _permute,
    aten.transpose: _transpose,
    aten.slice: _slice,
    aten.split: _split,
    aten.split_with_sizes: _split,
    aten.cat: _concatenate,
    aten.native_layer_norm: _normalise,
    aten.native_batch_norm: _batch_norm,
    aten._native_batch_norm_legit_no_training: _batch_norm,
    aten._softmax: _softmax,
    aten._log_softmax: _softmax,
}
_PLACEWISE: Final = frozenset(
    # position by position, though not tagged so
    {aten.hardswish, aten.hardswish_, aten.native_dropout, aten._to_copy, aten.detach, aten.alias, aten._prelu_kernel,
     aten.constant_pad_nd, aten.reflection_pad2d, aten.replication_pad2d, aten.copy_, aten.expand}
)  # fmt: skip
