"""Random resized crop: ten tries for each image at a part of random area and ratio, else the middle."""

import math
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional
from typing_extensions import override

from cnnviz.augmentation.behaviours.base import Behaviour, Values, uniform
from cnnviz.augmentation.behaviours.resampling import Box, resized, resized_crops
from cnnviz.specs.augmentation import Operation, RandomResizedCrop, Size

TRIES: Final = 10  # torchvision's number


class Crop(Behaviour[RandomResizedCrop]):
    """Draws `top`, `left`, `height` and `width` in px, and says the `area` (share) and `ratio` that they make."""

    @override
    def draw_batch(self, operation: RandomResizedCrop, generator: torch.Generator, count: int, size: Size) -> Values:
        full_height, full_width = size
        tries = (count, TRIES)
        area = uniform(generator, tries, *operation.scale) * (full_height * full_width)
        ratio = uniform(generator, tries, math.log(operation.ratio[0]), math.log(operation.ratio[1])).exp_()
        widths, heights = (area * ratio).sqrt_().round_(), (area / ratio).sqrt_().round_()
        fits = (widths > 0) & (widths <= full_width) & (heights > 0) & (heights <= full_height)
        found, height, width = first_that_fits(heights, widths, fits)
        middle = _middle(operation, size)
        height, width = torch.where(found, height, middle[0]), torch.where(found, width, middle[1])
        free = full_height - height, full_width - width
        place = uniform(generator, (2, count))
        top = torch.where(found, (place[0] * (free[0] + 1)).floor_(), (free[0] / 2).floor_())
        left = torch.where(found, (place[1] * (free[1] + 1)).floor_(), (free[1] / 2).floor_())
        pixels = {"top": top, "left": left, "height": height, "width": width}
        shape = {"area": height * width / (full_height * full_width), "ratio": width / height}
        return {**{name: value.to(torch.int64) for name, value in pixels.items()}, **shape}

    @override
    def apply_batch(self, operation: RandomResizedCrop, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        box = Box(values["top"], values["left"], values["height"], values["width"])
        return resized_crops(pixels, box, operation.size, whole_levels)

    @override
    def apply(self, operation: RandomResizedCrop, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        box = values["top"], values["left"], values["height"], values["width"]
        return resized(functional.crop(image, *box), operation.size)


def first_that_fits(heights: Tensor, widths: Tensor, fits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(N, tries) → whether any try fits, and the height and width of the first that does, each (N,)."""
    first = fits.to(torch.uint8).argmax(1, keepdim=True)
    return fits.any(1), heights.gather(1, first).squeeze(1), widths.gather(1, first).squeeze(1)


def _middle(operation: RandomResizedCrop, size: Size) -> tuple[float, float]:
    """(height, width) of the largest part with an allowed ratio: what is left when no try fits.

    At least one pixel, where torchvision rounds to none and fails (a picture of 1×1 px and a ratio of at most 0.5).
    """
    height, width = size
    narrowest, widest = operation.ratio
    if width / height < narrowest:
        return float(max(1, round(width / narrowest))), float(width)
    if width / height > widest:
        return float(height), float(max(1, round(height * widest)))
    return float(height), float(width)


BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = {RandomResizedCrop: Crop()}
