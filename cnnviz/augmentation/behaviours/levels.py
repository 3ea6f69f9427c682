"""Operations on grey levels and channels: torchvision's own functions, on the images that drew them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional
from typing_extensions import override

from cnnviz.augmentation.behaviours.base import Behaviour, Values, coin, per_group, uniform
from cnnviz.specs.augmentation import (
    Autocontrast,
    ChannelPermutation,
    Equalize,
    Grayscale,
    Invert,
    Operation,
    Posterize,
    Sharpness,
    Size,
    Solarize,
)
from cnnviz.specs.augmentation.base import Coin


class Sometimes(Behaviour[Coin]):
    """Draws whether the function is `applied`."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self.function = function

    @override
    def draw_batch(self, operation: Coin, generator: torch.Generator, count: int, size: Size) -> Values:
        return {"applied": coin(generator, count, operation.p)}

    @override
    def apply_batch(self, operation: Coin, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        def function(images: Tensor, applied: bool) -> Tensor:
            return self.function(images) if applied else images

        return per_group(pixels, values["applied"], whole_levels, function)

    @override
    def apply(self, operation: Coin, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        return self.function(image) if values["applied"] else image


class Amount(Behaviour[Coin]):
    """Draws the operation's own number or, where the coin says no, the number that changes nothing."""

    def __init__(self, name: str, field: str, neutral: float, function: Callable[[Tensor, Any], Tensor]) -> None:
        self.name, self.field, self.neutral, self.function = name, field, neutral, function

    @override
    def draw_batch(self, operation: Coin, generator: torch.Generator, count: int, size: Size) -> Values:
        chosen = torch.tensor([self.neutral, getattr(operation, self.field)], device=generator.device)
        return {self.name: chosen[coin(generator, count, operation.p).to(torch.int64)]}

    @override
    def apply_batch(self, operation: Coin, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        return per_group(pixels, values[self.name], whole_levels, self._function)

    @override
    def apply(self, operation: Coin, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        return self._function(image, values[self.name])

    def _function(self, image: Tensor, value: Any) -> Tensor:
        return image if value == self.neutral else self.function(image, value)


class Permutation(Behaviour[ChannelPermutation]):
    """Draws an order of the three `channels`; a single channel stays where it is."""

    @override
    def draw_batch(self, operation: ChannelPermutation, generator: torch.Generator, count: int, size: Size) -> Values:
        return {"channels": uniform(generator, (count, 3)).argsort(1)}

    @override
    def apply_batch(self, operation: ChannelPermutation, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        if pixels.shape[1] == 1:
            return pixels
        order = values["channels"].to(pixels.device)[:, :, None, None]
        return pixels.gather(1, order.expand(-1, -1, *pixels.shape[-2:]))

    @override
    def apply(self, operation: ChannelPermutation, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        if image.shape[-3] == 1:
            return image
        exchanged: Tensor = functional.permute_channels(image, values["channels"])
        return exchanged


def _grey(images: Tensor) -> Tensor:
    grey: Tensor = functional.rgb_to_grayscale(images, num_output_channels=images.shape[-3])
    return grey


def _solarize(images: Tensor, threshold: int) -> Tensor:
    """Above white there is nothing to invert; torchvision refuses such a threshold."""
    solarized: Tensor = functional.solarize(images, threshold / 255 if images.is_floating_point() else threshold)
    return solarized


BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = {
    Grayscale: Sometimes(_grey),
    ChannelPermutation: Permutation(),
    Invert: Sometimes(functional.invert),
    Equalize: Sometimes(functional.equalize),
    Autocontrast: Sometimes(functional.autocontrast),
    Posterize: Amount("bits", "bits", 8, functional.posterize),
    Solarize: Amount("threshold", "threshold", 256, _solarize),
    Sharpness: Amount("sharpness", "factor", 1.0, functional.adjust_sharpness),
}
