"""Residual networks looked at: how near a class comes to a function, what a block lets through, gradients in depth.

He et al. 2015, arXiv 1512.03385; the picture of nested classes is that of the chapter, with discs in a plane in the
place of classes of functions, so that every distance can be computed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cnnviz.data import fashion_mnist
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.labs.residual import CLASSES

Matrix = NDArray[np.float64]
HIDDEN: Final = 8  # channels inside g
PICTURES: Final = 8  # of the gradient's batch


@dataclass(frozen=True, slots=True)
class Disc:
    """A class of functions as a disc: its middle and its radius."""

    x: float
    y: float
    radius: float

    def distance(self, x: float, y: float) -> float:
        """How near the class comes to a point; 0 inside."""
        return max(0.0, math.hypot(x - self.x, y - self.y) - self.radius)

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """The member of the class nearest to a point."""
        away = math.hypot(x - self.x, y - self.y)
        if away <= self.radius:
            return x, y
        return self.x + (x - self.x) * self.radius / away, self.y + (y - self.y) * self.radius / away


def classes(nested: bool) -> tuple[Disc, ...]:
    """`CLASSES` discs that grow: around one middle, or each moved on further than it has grown."""
    radii = [0.45 + 0.2 * index for index in range(CLASSES)]
    if nested:
        return tuple(Disc(0.0, 0.0, radius) for radius in radii)
    return tuple(Disc(-1.0 + 0.55 * index, 0.45 * math.sin(1.3 * index), radius) for index, radius in enumerate(radii))


def loses(discs: Sequence[Disc], x: float, y: float) -> tuple[int, int] | None:
    """Two neighbouring classes, counted from 1, of which the larger stays further away from a point; None if none."""
    distances = [disc.distance(x, y) for disc in discs]
    worst = max(range(1, len(discs)), key=lambda index: distances[index] - distances[index - 1])
    return (worst, worst + 1) if distances[worst] > distances[worst - 1] else None


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """A picture and what comes out of a row of blocks; each (28, 28)."""

    picture: Matrix
    plain: Matrix
    residual: Matrix

    @property
    def difference(self) -> float:
        """Norm of what the residual blocks changed, over the picture's."""
        return float(np.linalg.norm(self.residual - self.picture) / np.linalg.norm(self.picture))

    @property
    def left(self) -> float:
        """Norm of what the plain blocks let through, over the picture's."""
        return float(np.linalg.norm(self.plain) / np.linalg.norm(self.picture))


def through_blocks(scale: float, blocks: int, seed: int = 1) -> Passed:
    """Send a garment through plain and residual blocks with the same weights.

    Args:
        scale: what all weights of g, He-normal at first, are multiplied with.
        blocks: how many in a row.
        seed: of the weights.
    """
    import torch
    from torch.nn import functional

    generator = torch.Generator().manual_seed(seed)
    picture = torch.tensor(fashion_mnist("test").images[0] / 255)[None, None]
    plain = residual = picture
    for _block in range(blocks):
        shapes = ((HIDDEN, 1, 3, 3), (1, HIDDEN, 3, 3))
        first, second = (
            torch.randn(shape, generator=generator, dtype=torch.float64) * math.sqrt(2 / math.prod(shape[1:])) * scale
            for shape in shapes
        )

        def g(x: Any, first: Any = first, second: Any = second) -> Any:
            return functional.conv2d(functional.conv2d(x, first, padding=1).relu(), second, padding=1)

        plain, residual = g(plain), residual + g(residual)
    return Passed(*(tensor[0, 0].numpy() for tensor in (picture, plain, residual)))


def gradient_norms(spec: ArchitectureSpec, seed: int = 1) -> Matrix:
    """Norm of the loss's gradient by each convolution's weights before training, from the input to the output.

    With batch norm and ReLU, He's weights give each batch norm inputs of variance 1 − 1/π, so going back it multiplies
    by √(π/(π − 1)) = 1.21: without shortcuts the gradient explodes (Yang et al. 2019, arXiv 1902.08129).

    Weights are He-normal, the batch is the first `PICTURES` garments of the test set, the network in training mode.
    Convolutions on a shortcut are left out.
    """
    import torch

    from cnnviz.architectures import build

    network = build(spec, generator=torch.Generator().manual_seed(seed), initialization="he")
    garments = fashion_mnist("test")
    pictures = torch.tensor(garments.images[:PICTURES]).unsqueeze(1).float().div_(255)
    labels = torch.tensor(garments.labels[:PICTURES], dtype=torch.long)
    loss = torch.nn.functional.cross_entropy(network(pictures), labels)
    weights = [
        part.weight
        for name, part in network.named_modules()
        if isinstance(part, torch.nn.Conv2d) and "shortcut" not in name
    ]
    return np.array([float(gradient.norm()) for gradient in torch.autograd.grad(loss, weights)])
