"""What a behaviour has to offer: values for a batch, their application to a batch, and torchvision's to one picture.

A single picture's values are drawn as a batch of one, so both have the same distribution by construction.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from cnnviz.specs.augmentation import Operation, Size

O = TypeVar("O", bound=Operation)  # noqa: E741

Values = Mapping[str, Tensor]
"""Drawn values by name, each (N, …): one entry per image."""

BatchDraws = tuple[Values, ...]
"""What a pipeline drew for a batch, an entry for each operation that is switched on."""


class Behaviour(ABC, Generic[O]):
    """How one kind of operation is drawn and applied."""

    @abstractmethod
    def draw_batch(self, operation: O, generator: torch.Generator, count: int, size: Size) -> Values:
        """Values for `count` images of `size` (height, width), on the generator's device."""

    @abstractmethod
    def apply_batch(self, operation: O, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        """(N, C, H, W) → (N, C, H', W'), float32, each image with its own values.

        Pixels are whole levels from 0 to 255, to be rounded as torchvision rounds 8-bit pictures, or lie in [0, 1].
        They are not changed in place.
        """

    @abstractmethod
    def apply(self, operation: O, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        """(C, H, W) → (C, H', W') through torchvision's functional form."""

    def draw(self, operation: O, generator: torch.Generator, size: Size) -> dict[str, Any]:
        """Plain values for one picture."""
        return self.plain({name: value[0] for name, value in self.draw_batch(operation, generator, 1, size).items()})

    def plain(self, values: Values) -> dict[str, Any]:
        """One image's values as JSON can carry them."""
        return {name: value.tolist() for name, value in values.items()}

    def pack(self, drawn: Sequence[Mapping[str, Any]]) -> Values:
        """The plain values of several pictures as those of a batch."""
        return {
            name: torch.tensor([values[name] for values in drawn], dtype=_dtype(drawn[0][name])) for name in drawn[0]
        }


def _dtype(value: object) -> torch.dtype | None:
    return torch.float64 if isinstance(value, float) else None


def uniform(generator: torch.Generator, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Tensor:
    """Uniform values in [low, high) in double precision (single on Apple's GPUs, which know no other)."""
    dtype = torch.float32 if generator.device.type == "mps" else torch.float64
    values = torch.rand(shape, generator=generator, dtype=dtype, device=generator.device)
    return values.mul_(high - low).add_(low)


def per_image(values: Tensor, pixels: Tensor) -> Tensor:
    """(…, N) → (…, N, 1, 1, 1), booleans as they are, numbers in the pixels' type, on the pixels' device."""
    if values.dtype != torch.bool:
        values = values.to(pixels.dtype)
    return values.to(pixels.device, non_blocking=True)[..., None, None, None]
