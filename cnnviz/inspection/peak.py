"""The memory that predicting needs: unlike training it keeps nothing, so what counts is how much is alive at once."""

import weakref
from typing import Any

import torch
from torch import Tensor, nn

from cnnviz.architectures import build
from cnnviz.inspection.meta import Factory, FastMeta, build_on_meta
from cnnviz.inspection.watching import tensors
from cnnviz.rows import Shape
from cnnviz.specs.architectures import ArchitectureSpec


def peak_of(spec: ArchitectureSpec, batch_size: int = 1) -> int:
    """See `peak_bytes`; for a network of the catalogue at its own input size."""
    return peak_bytes(lambda: build(spec), (batch_size, *spec.input_shape))


def peak_bytes(factory: Factory, input_shape: Shape) -> int:
    """The most bytes of results that are alive at one moment of a forward pass in prediction mode.

    Each storage counts once, from the operation that makes it until nothing refers to it. Weights, buffers and the
    batch itself are there anyway and do not count; nor does what an operation needs for itself, which depends on the
    device.

    Args:
        factory: makes the network; called once, on the meta device.
        input_shape: (N, C, H, W).
    """
    model = build_on_meta(factory).eval()
    batch = torch.empty(tuple(input_shape), device="meta")
    living = _Living(model, batch)
    with torch.no_grad(), living:
        model(batch)
    return living.peak


class _Living(FastMeta):  # type: ignore[no-untyped-call]
    """Adds up the storages that are alive after each operation.

    Attributes:
        peak: the largest sum so far, bytes.
    """

    def __init__(self, model: nn.Module, batch: Tensor) -> None:
        super().__init__()
        self._there = {_storage(tensor) for tensor in (*model.parameters(), *model.buffers(), batch)}
        self._seen: dict[int, weakref.ref[Tensor]] = {}
        self._holders: dict[int, int] = {}  # storage → how many tensors hold it
        self._bytes: dict[int, int] = {}
        self._alive = self.peak = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """One operation."""
        result = super().__torch_dispatch__(func, types, args, kwargs)
        for tensor in tensors(result):
            self._note(tensor)
        self.peak = max(self.peak, self._alive)
        return result

    def _note(self, tensor: Tensor) -> None:
        key, number = _storage(tensor), id(tensor)
        known = self._seen.get(number)
        if key in self._there or (known is not None and known() is tensor):
            return
        if key not in self._holders:
            self._holders[key], self._bytes[key] = 0, tensor.untyped_storage().nbytes()
            self._alive += self._bytes[key]
        self._holders[key] += 1
        self._seen[number] = weakref.ref(tensor, lambda _gone: self._let_go(number, key))

    def _let_go(self, number: int, key: int) -> None:
        self._seen.pop(number, None)
        self._holders[key] -= 1
        if not self._holders[key]:
            del self._holders[key]
            self._alive -= self._bytes.pop(key)


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
