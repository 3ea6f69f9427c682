"""Resize, centre crop, pad and random crop: the same for all images but for where a crop starts."""

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional
from typing_extensions import override

from cnnviz.augmentation.behaviours.base import Behaviour, Values, fill_of, level, uniform
from cnnviz.augmentation.behaviours.resampling import Box, resized, resized_crops
from cnnviz.specs.augmentation import CenterCrop, Operation, Pad, RandomCrop, Resize, Size


class Whole(Behaviour[Resize]):
    """Resizes all of each image; nothing is drawn."""

    @override
    def draw_batch(self, operation: Resize, generator: torch.Generator, count: int, size: Size) -> Values:
        return {}

    @override
    def apply_batch(self, operation: Resize, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        height, width = pixels.shape[-2:]
        start = torch.zeros(len(pixels), dtype=torch.int64)
        return resized_crops(pixels, Box(start, start, start + height, start + width), operation.size, whole_levels)

    @override
    def apply(self, operation: Resize, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        return resized(image, operation.size)


class Middle(Behaviour[CenterCrop]):
    """Cuts the middle out of each image; nothing is drawn."""

    @override
    def draw_batch(self, operation: CenterCrop, generator: torch.Generator, count: int, size: Size) -> Values:
        return {}

    @override
    def apply_batch(self, operation: CenterCrop, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        return self.apply(operation, pixels, {}).contiguous()

    @override
    def apply(self, operation: CenterCrop, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        cropped: Tensor = functional.center_crop(image, [operation.size, operation.size])
        return cropped


class Border(Behaviour[Pad]):
    """Pads each image; nothing is drawn."""

    @override
    def draw_batch(self, operation: Pad, generator: torch.Generator, count: int, size: Size) -> Values:
        return {}

    @override
    def apply_batch(self, operation: Pad, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        return _padded(operation, pixels, level(operation.fill, whole_levels))

    @override
    def apply(self, operation: Pad, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        return _padded(operation, image, fill_of(image, operation.fill)[0])


class Crop(Behaviour[RandomCrop]):
    """Draws `top` and `left` of the crop, px in the padded image."""

    @override
    def draw_batch(self, operation: RandomCrop, generator: torch.Generator, count: int, size: Size) -> Values:
        place = uniform(generator, (2, count))
        free = [side + 2 * operation.padding - operation.size for side in size]
        top, left = ((at * (room + 1)).floor_().to(torch.int64) for at, room in zip(place, free, strict=True))
        return {"top": top, "left": left}

    @override
    def apply_batch(self, operation: RandomCrop, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        pixels = _padded(operation, pixels, level(operation.fill, whole_levels))
        step = torch.arange(operation.size, device=pixels.device)
        rows, columns = (values[name].to(pixels.device)[:, None] + step for name in ("top", "left"))  # (N, size)
        image, channel = (torch.arange(count, device=pixels.device) for count in pixels.shape[:2])
        return pixels[
            image[:, None, None, None], channel[:, None, None], rows[:, None, :, None], columns[:, None, None, :]
        ]

    @override
    def apply(self, operation: RandomCrop, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        image = _padded(operation, image, fill_of(image, operation.fill)[0])
        cropped: Tensor = functional.crop(image, values["top"], values["left"], operation.size, operation.size)
        return cropped


def _padded(operation: Pad | RandomCrop, images: Tensor, fill: float) -> Tensor:
    if not operation.padding:
        return images
    padded: Tensor = functional.pad(images, [operation.padding], fill=fill, padding_mode=operation.border)
    return padded


BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = {
    Resize: Whole(),
    CenterCrop: Middle(),
    Pad: Border(),
    RandomCrop: Crop(),
}
