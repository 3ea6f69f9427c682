"""What a behaviour has to offer: values for a batch, their application to a batch, and torchvision's to one picture.

A single picture's values are drawn as a batch of one, so both have the same distribution by construction.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
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


def coin(generator: torch.Generator, count: int, p: float) -> Tensor:
    """(N,), true with probability p."""
    return uniform(generator, (count,)) < p


def per_group(pixels: Tensor, keys: Tensor, whole_levels: bool, function: Callable[..., Tensor]) -> Tensor:
    """Torchvision's own function on all images that drew the same, group by group.

    Where few different values are drawn this is as fast as arithmetic with a value for each image, and the pixels are
    torchvision's to the last bit.

    Args:
        pixels: (N, C, H, W), float32.
        keys: (N,) or (N, K), what was drawn.
        whole_levels: whether pixels are whole levels from 0 to 255; the function gets them as uint8 then.
        function: (images, *key) → images of the same shape, or the very same images for no change.
    """
    images = pixels.to(torch.uint8) if whole_levels else pixels
    values, members = torch.unique(keys.reshape(len(keys), -1), dim=0, return_inverse=True)
    result = pixels
    for number, key in enumerate(values.tolist()):
        rows = (members == number).nonzero().squeeze(1).to(pixels.device, non_blocking=True)
        chosen = images.index_select(0, rows)
        changed = function(chosen, *key)
        if changed is not chosen:
            result = result.index_copy(0, rows, changed.to(pixels.dtype))
    return result


def rectangle(top: Tensor, bottom: Tensor, left: Tensor, right: Tensor, pixels: Tensor) -> Tensor:
    """(N, 1, H, W), true inside a rectangle of each image; all sides (N,) in px, the last two not included."""
    height, width = pixels.shape[-2:]
    sides = [side.to(pixels.device, non_blocking=True)[:, None, None, None] for side in (top, bottom, left, right)]
    rows = torch.arange(height, device=pixels.device).view(1, 1, -1, 1)
    columns = torch.arange(width, device=pixels.device).view(1, 1, 1, -1)
    return (rows >= sides[0]) & (rows < sides[1]) & (columns >= sides[2]) & (columns < sides[3])


def level(grey: int, whole_levels: bool) -> float:
    """A grey level of 8-bit pictures in the units of the pixels."""
    return float(grey) if whole_levels else grey / 255


def fill_of(image: Tensor, grey: int) -> list[float]:
    """A grey level as torchvision's functions want it for this image."""
    return [level(grey, not image.is_floating_point())]
