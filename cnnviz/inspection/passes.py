"""The two forward passes of an inspection, both on the meta device and both in the calling thread alone.

`foresee` runs the network in prediction mode on one image: it finds the order of the layers, how often each runs, its
multiply-accumulates (PyTorch's formulas of `torch.utils.flop_counter`, two FLOPs each) and its receptive field. The
layers that most of a network consists of answer by their own formulas (`shortcuts`); everything else is run operation
by operation. `rehearse` runs it in training mode on the batch: it finds shapes and what autograd keeps for the backward
pass. `FlopCounterMode` itself is not used: it hooks every module of the process, whichever thread runs it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import flop_registry

from cnnviz.architectures.batch_norm import BatchNorm
from cnnviz.inspection.functional import Functions
from cnnviz.inspection.meta import FastMeta
from cnnviz.inspection.receptive import PIXELS
from cnnviz.inspection.shortcuts import SHORTCUTS
from cnnviz.inspection.watching import Pass, watched

BATCH_NORMS: Final = (nn.modules.batchnorm._BatchNorm, BatchNorm)
_FLOPS_PER_MAC: Final = 2


class _Foreseeing(FastMeta):  # type: ignore[no-untyped-call]
    """Counts MACs and follows receptive fields of what has no shortcut."""

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
            self._seen.macs[self._seen.running[-1].key] += flops // _FLOPS_PER_MAC
        self._seen.fields.follow(func, args, kwargs, result)
        return result


def foresee(model: nn.Module, image: Tensor, seen: Pass | None = None) -> Pass:
    """The pass in prediction mode.

    Args:
        model: on the meta device; its mode is restored.
        image: (1, C, H, W) on the meta device.
        seen: is filled; what it holds after an error is what ran before it.

    Raises:
        Exception: whatever the network raises when it cannot take this input.
    """
    seen = seen or Pass()
    seen.fields.set(image, PIXELS)
    with (
        _modes_restored(model),
        torch.no_grad(),
        watched(model.eval(), seen, SHORTCUTS),
        _Foreseeing(seen),
        Functions(model, seen),
    ):
        model(image)
    return seen


def rehearse(model: nn.Module, batch: Tensor) -> Pass:
    """The pass in training mode, or in prediction mode where training this batch is impossible.

    A saved tensor counts with its whole storage, once, for the layer that was running when it was first saved.
    Parameters, buffers and the batch itself are there anyway and do not count.

    Args:
        model: on the meta device; its mode is restored.
        batch: (N, C, H, W) on the meta device.
    """
    with _modes_restored(model):
        try:
            return _rehearse(model.train(), batch, Pass())
        except Exception:
            return _rehearse(model.eval(), batch, Pass())


@contextmanager
def _modes_restored(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _rehearse(model: nn.Module, batch: Tensor, seen: Pass) -> Pass:
    seen.fields.set(batch, PIXELS)
    known = {tensor.untyped_storage()._cdata for tensor in (*model.parameters(), *model.buffers(), batch)}
    kept = []  # storages stay alive, so that no identity is used twice

    def pack(tensor: Tensor) -> Any:  # no backward pass comes, so nothing has to be found again
        storage = tensor.untyped_storage()
        if storage._cdata not in known:
            known.add(storage._cdata)
            kept.append(storage)
            seen.saved[seen.running[-1].key if seen.running else id(model)] += storage.nbytes()
        return None

    try:
        with (
            _without_single_values(model),
            watched(model, seen, {}),
            torch.enable_grad(),
            FastMeta(),
            saved_tensors_hooks(pack, lambda nothing: nothing),
            Functions(model, seen),
        ):
            model(batch)
    finally:
        # A tensor holds its graph, the graph `pack`, and `pack` the pass: a circle through C++ that no collector finds.
        seen.fields.forget()
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
