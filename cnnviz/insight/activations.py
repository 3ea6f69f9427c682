"""Activations looked at: each function with its slope, and what a deep stack of them does before any training.

The stack is n dense layers of `UNITS` units, each followed by its activation. Inputs are drawn from a standard normal
distribution; so is the gradient that enters at the top. Weights are drawn as `cnnviz.architectures.initialization`
does, from a generator of their own.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import nn

SCHEMES: Final = ("default", "xavier", "he")
UNITS: Final = 64
INPUTS: Final = 256
SIGMOID_BOUND: Final = 0.25  # σ' = σ(1 − σ) is largest at 0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A function at some inputs, and its derivative there; float64 arrays of equal length."""

    x: NDArray[np.float64]
    value: NDArray[np.float64]
    slope: NDArray[np.float64]


def curve(name: str, x: NDArray[np.float64]) -> Curve:
    """An activation and its derivative by automatic differentiation.

    Args:
        name: a key of `cnnviz.architectures.activation.ACTIVATIONS`.
        x: where, (n,).
    """
    import torch

    from cnnviz.architectures.activation import activation

    points = torch.tensor(np.asarray(x, dtype=np.float64), requires_grad=True)
    values = activation(name)(points)
    (slopes,) = torch.autograd.grad(values.sum(), points)
    return Curve(points.detach().numpy(), values.detach().numpy(), slopes.numpy())


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """What happened in a stack of n layers.

    Attributes:
        deviations: standard deviation of the inputs and of each layer's outputs, (n + 1,).
        spreads: standard deviation of a single unit over the inputs, of the inputs and behind each layer, as the root
            of the mean square over the units, (n + 1,).
        gradients: norm of the gradient at the inputs and at each layer's outputs over that at the top, (n + 1,); the
            last one is 1.
    """

    deviations: NDArray[np.float64]
    spreads: NDArray[np.float64]
    gradients: NDArray[np.float64]

    @property
    def arrives(self) -> float:
        """Share of the gradient's norm that reaches the inputs."""
        return float(self.gradients[0])


def layers(name: str, depth: int, scheme: str, seed: int) -> "nn.Sequential":
    """The stack itself: `depth` times a dense layer and its activation, in float64 so that tiny gradients are seen."""
    import torch
    from torch import nn

    from cnnviz.architectures.activation import activation
    from cnnviz.architectures.initialization import initialize

    parts = [part for _layer in range(depth) for part in (nn.Linear(UNITS, UNITS, device="meta"), activation(name))]
    network = nn.Sequential(*parts).to_empty(device="cpu")
    initialize(network, scheme, torch.Generator().manual_seed(seed))
    return network.double()


def stack(name: str, depth: int, scheme: str, seed: int = 1) -> Stack:
    """Send inputs up a stack and a gradient down.

    Args:
        name: the activation.
        depth: number of layers.
        scheme: "default", "xavier" or "he".
        seed: of weights, inputs and gradient.
    """
    import torch

    network = layers(name, depth, scheme, seed)
    generator = torch.Generator().manual_seed(seed)
    signal = torch.randn(INPUTS, UNITS, generator=generator, dtype=torch.float64).requires_grad_()
    signals = [signal]
    for index in range(depth):
        signals.append(network[2 * index + 1](network[2 * index](signals[-1])))
    arriving = torch.randn(INPUTS, UNITS, generator=generator, dtype=torch.float64)
    gradients = torch.autograd.grad(signals[-1], signals, arriving)
    norms = np.array([float(gradient.norm()) for gradient in gradients])
    values = [one.detach() for one in signals]
    deviations = [float(one.std(unbiased=False)) for one in values]
    spreads = [float(one.var(0, unbiased=False).mean().sqrt()) for one in values]
    return Stack(np.array(deviations), np.array(spreads), norms / norms[-1])
