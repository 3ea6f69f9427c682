"""The functions between the layers, each a module so that a table shows it."""

from collections.abc import Callable
from typing import Final

from torch import nn

ACTIVATIONS: Final[dict[str, Callable[[], nn.Module]]] = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


def activation(name: str) -> nn.Module:
    """A fresh activation module; nothing works in place, so each output can be looked at later."""
    return ACTIVATIONS[name]()
