"""The first layer that cannot take what arrives at it: which one, and what arrives there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a forward pass broke.

    Attributes:
        path: dotted name of the innermost module that failed; "" if it was the network itself.
        type: that module's class name.
        received: shape of its first tensor input, batch included.
        reason: the first line of torch's own message.
    """

    path: str
    type: str
    received: tuple[int, ...]
    reason: str


def find_failure(model: nn.Module, shape: tuple[int, ...]) -> Failure | None:
    """The first layer of a network that cannot work on an input, or None if all can.

    Runs in evaluation mode on the device of the network's parameters; on the meta device that costs no memory.

    Args:
        model: any network; it is left as it was.
        shape: of the input, batch included, (N, C, H, W).
    """
    running: list[tuple[str, nn.Module, tuple[int, ...]]] = []
    with _watched(model, running), _evaluating(model), torch.no_grad():
        try:
            model(torch.empty(shape, device=_device(model)))
        except Exception as error:  # whatever a layer raises is the answer to the question
            path, module, received = running[-1] if running else ("", model, shape)
            return Failure(path, type(module).__name__, received, str(error).split("\n", 1)[0])
    return None


def output_shape(model: nn.Module, input_shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that one image (C, H, W) leaves a network with, its batch of one left out."""
    with _evaluating(model), torch.no_grad():
        return tuple(model(torch.empty(1, *input_shape, device=_device(model))).shape[1:])


def _device(model: nn.Module) -> torch.device:
    tensor = next(model.parameters(), None)
    return torch.device("meta") if tensor is None else tensor.device


@contextmanager
def _watched(model: nn.Module, running: list[tuple[str, nn.Module, tuple[int, ...]]]) -> Iterator[None]:
    """Keep the stack of modules whose forward pass has begun and not ended."""
    paths = {module: path for path, module in model.named_modules()}

    def begin(module: nn.Module, inputs: Any) -> None:
        tensor = next((value for value in inputs if isinstance(value, torch.Tensor)), None)
        running.append((paths[module], module, () if tensor is None else tuple(tensor.shape)))

    def end(module: nn.Module, inputs: Any, output: Any) -> None:
        running.pop()

    handles = [hook for module in paths for hook in (
        module.register_forward_pre_hook(begin), module.register_forward_hook(end))]  # fmt: skip
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, in which batch norm takes a single image; every module's own mode is put back."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
