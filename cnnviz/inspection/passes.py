"""The two forward passes of an inspection, both on the meta device and both in the calling thread alone.

`foresee` runs the network in prediction mode on one image, inside torchinfo's own pass: it finds the order of the
layers, how often each runs, its multiply-accumulates (PyTorch's formulas of `torch.utils.flop_counter`, two FLOPs each)
and its receptive field. `rehearse` runs it in training mode on the batch: it finds shapes and what autograd keeps for
the backward pass. `FlopCounterMode` itself is not used: it hooks every module of the process, whichever thread runs it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import torch
import torchinfo
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import flop_registry
from torchinfo.torchinfo import clear_cached_forward_pass

from cnnviz.architectures.batch_norm import BatchNorm
from cnnviz.inspection.meta import FastMeta
from cnnviz.inspection.receptive import PIXELS, Field, Fields
from cnnviz.rows import Shape

BATCH_NORMS: Final = (nn.modules.batchnorm._BatchNorm, BatchNorm)
_FLOPS_PER_MAC: Final = 2


@dataclass(slots=True)
class Visit:
    """What was seen of a module the first time it ran, and how often it ran."""

    inputs: tuple[Shape, ...] = ()
    output: Shape = ()
    output_bytes: int = 0
    before: Field | None = None
    after: Field | None = None
    calls: int = 0


@dataclass(slots=True)
class Pass:
    """One forward pass: visits, MACs and saved bytes by the identity of the module that was running."""

    visits: dict[int, Visit] = field(default_factory=dict)
    running: list[nn.Module] = field(default_factory=list)
    macs: Counter[int] = field(default_factory=Counter)
    saved: Counter[int] = field(default_factory=Counter)
    order: list[int] = field(default_factory=list)
    fields: Fields = field(default_factory=Fields)


def tensors(values: Any) -> Iterator[Tensor]:
    """The tensors in a module's arguments or results."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        for value in values.values():
            yield from tensors(value)
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from tensors(value)


@contextmanager
def _watched(model: nn.Module, seen: Pass) -> Iterator[None]:
    """Keeps `seen.running` and `seen.visits` up to date while the model runs."""

    def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
        arrived = list(tensors((args, kwargs)))
        seen.running.append(module)
        visit = seen.visits.get(id(module))
        if visit is None:
            visit = seen.visits[id(module)] = Visit()
            visit.inputs = tuple(tuple(tensor.shape) for tensor in arrived)
            visit.before = seen.fields.of(arrived[0]) if arrived else None
        visit.calls += 1

    def leave(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        seen.running.pop()
        result = next(tensors(output), None)
        visit = seen.visits[id(module)]
        if result is None:
            return
        if isinstance(module, nn.Linear):
            _keep_place(seen.fields, next(tensors((args, kwargs)), None), result)
        if visit.calls == 1:
            visit.output = tuple(result.shape)
            visit.output_bytes = result.numel() * result.element_size()
            visit.after = seen.fields.of(result)

    handles = []
    try:
        for module in model.modules():
            handles.append(module.register_forward_pre_hook(enter, with_kwargs=True))
            handles.append(module.register_forward_hook(leave, with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _keep_place(fields: Fields, source: Tensor | None, result: Tensor) -> None:
    """A dense layer over the last axis is a 1×1 convolution: height and width stay, though PyTorch flattens them."""
    before = fields.of(source)
    if before is not None and before.axes is not None and result.dim() - 1 not in before.axes:
        fields.set(result, before)


class _Foreseeing(FastMeta):  # type: ignore[no-untyped-call]
    """Counts MACs and follows receptive fields."""

    def __init__(self, seen: Pass) -> None:
        super().__init__()
        self._seen = seen

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = super().__torch_dispatch__(func, types, args, kwargs)
        count = flop_registry.get(func._overloadpacket)
        if count is not None and self._seen.running:
            flops = count(*args, **kwargs, out_val=result)
            self._seen.macs[id(self._seen.running[-1])] += flops // _FLOPS_PER_MAC
        self._seen.fields.follow(func, args, kwargs, result)
        return result


def foresee(model: nn.Module, image: Tensor) -> Pass:
    """The pass in prediction mode.

    Args:
        model: on the meta device; its mode is restored.
        image: (1, C, H, W) on the meta device.

    Raises:
        Exception: whatever the network raises when it cannot take this input.
    """
    with _modes_restored(model):
        try:
            return _foresee(model, image, _order_by_torchinfo)
        except Exception:  # of the network, or of torchinfo, which refuses layers that return other things than tensors
            return _foresee(model, image, _order_alone)


def _foresee(model: nn.Module, image: Tensor, order: Callable[[nn.Module, Tensor, Pass], list[int]]) -> Pass:
    seen = Pass()
    seen.fields.set(image, PIXELS)
    with _watched(model, seen), _Foreseeing(seen):
        seen.order = order(model, image, seen)
    return seen


def _order_by_torchinfo(model: nn.Module, image: Tensor, seen: Pass) -> list[int]:
    """Runs the network; the modules in the order of torchinfo's tree, containers that are never called included."""
    try:
        # given data and not a size, torchinfo draws no random numbers
        summary = torchinfo.summary(model, input_data=[image], mode="eval", verbose=0)
    finally:
        clear_cached_forward_pass()  # it would keep the last network of each class
    return list(dict.fromkeys(id(layer.module) for layer in summary.summary_list))


def _order_alone(model: nn.Module, image: Tensor, seen: Pass) -> list[int]:
    """Runs the network; the modules in the order in which they were called."""
    with torch.no_grad():
        model.eval()(image)
    return list(seen.visits)


def rehearse(model: nn.Module, batch: Tensor) -> Pass:
    """The pass in training mode, or in prediction mode where training this batch is impossible.

    A saved tensor counts with its whole storage, once, for the module that was running when it was first saved.
    Parameters, buffers and the batch itself are there anyway and do not count.

    Args:
        model: on the meta device; its mode is restored.
        batch: (N, C, H, W) on the meta device.
    """
    with _modes_restored(model):
        try:
            return _rehearse(model.train(), batch)
        except Exception:
            return _rehearse(model.eval(), batch)


@contextmanager
def _modes_restored(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _rehearse(model: nn.Module, batch: Tensor) -> Pass:
    seen = Pass()
    known = {tensor.untyped_storage()._cdata for tensor in (*model.parameters(), *model.buffers(), batch)}
    kept = []  # storages stay alive, so that no identity is used twice

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in known:
            known.add(storage._cdata)
            kept.append(storage)
            seen.saved[id(seen.running[-1]) if seen.running else id(model)] += storage.nbytes()
        return tensor

    with (
        _watched(model, seen),
        _without_single_values(model),
        torch.enable_grad(),
        FastMeta(),
        saved_tensors_hooks(pack, lambda tensor: tensor),
    ):
        model(batch)
    return seen


@contextmanager
def _without_single_values(model: nn.Module) -> Iterator[None]:
    """Batch norm over a single value per channel refuses to train; in this pass such a layer predicts instead."""

    def check(module: nn.Module, args: Any) -> None:
        module.training = args[0].numel() > args[0].shape[1]

    layers = [layer for layer in model.modules() if isinstance(layer, BATCH_NORMS) and layer.training]
    handles = [layer.register_forward_pre_hook(check) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
