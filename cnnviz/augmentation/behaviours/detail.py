"""Blur, noise, colour lighting and erasing: each image with numbers of its own."""

import math
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional
from typing_extensions import override

from cnnviz.augmentation.behaviours.base import (
    Behaviour,
    Values,
    coin,
    fill_of,
    level,
    per_image,
    rectangle,
    uniform,
)
from cnnviz.augmentation.behaviours.crop import TRIES, first_that_fits
from cnnviz.augmentation.behaviours.patterns import draw_patterns, normal_pattern
from cnnviz.augmentation.behaviours.smoothing import blurred, gaussian_kernel
from cnnviz.specs.augmentation import GaussianBlur, GaussianNoise, Lighting, Operation, RandomErasing, Size
from cnnviz.specs.augmentation.lighting import EIGENVALUES, EIGENVECTORS


class Blur(Behaviour[GaussianBlur]):
    """Draws `sigma`, px."""

    @override
    def draw_batch(self, operation: GaussianBlur, generator: torch.Generator, count: int, size: Size) -> Values:
        return {"sigma": uniform(generator, (count,), *operation.sigma)}

    @override
    def apply_batch(self, operation: GaussianBlur, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        sigma = values["sigma"].to(pixels.dtype).to(pixels.device, non_blocking=True)
        result = blurred(pixels, gaussian_kernel(operation.kernel_size, sigma))
        return result.round_() if whole_levels else result

    @override
    def apply(self, operation: GaussianBlur, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        result: Tensor = functional.gaussian_blur(image, [operation.kernel_size] * 2, [values["sigma"]] * 2)
        return result


class Noise(Behaviour[GaussianNoise]):
    """Draws the number of a random `pattern`; its `sigma` is the operation's."""

    @override
    def draw_batch(self, operation: GaussianNoise, generator: torch.Generator, count: int, size: Size) -> Values:
        sigma = torch.full((count,), operation.sigma, dtype=torch.float64, device=generator.device)
        return {"pattern": draw_patterns(generator, count), "sigma": sigma}

    @override
    def apply_batch(self, operation: GaussianNoise, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        noise = normal_pattern(values["pattern"], pixels[0].numel(), pixels.device).view_as(pixels)
        noise = noise * per_image(values["sigma"], pixels)
        if whole_levels:
            noise = noise.mul_(255).trunc_()  # torchvision adds whole levels
        return noise.add_(pixels).clamp_(0, 255 if whole_levels else 1)

    @override
    def apply(self, operation: GaussianNoise, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        """Not torchvision's function, which draws from the global random state, but its arithmetic."""
        drawn = {"pattern": torch.tensor([values["pattern"]]), "sigma": torch.tensor([float(values["sigma"])])}
        pixels = image.to(torch.float32).unsqueeze(0)
        return self.apply_batch(operation, pixels, drawn, not image.is_floating_point())[0].to(image.dtype)


class Light(Behaviour[Lighting]):
    """Draws a normal amount along the `first`, `second` and `third` direction of ImageNet's colours."""

    @override
    def draw_batch(self, operation: Lighting, generator: torch.Generator, count: int, size: Size) -> Values:
        dtype = torch.float32 if generator.device.type == "mps" else torch.float64
        amounts = torch.randn((3, count), generator=generator, dtype=dtype, device=generator.device)
        return dict(zip(_DIRECTIONS, amounts.mul_(operation.sigma), strict=True))

    @override
    def apply_batch(self, operation: Lighting, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        if pixels.shape[1] != 3:
            return pixels
        amounts = torch.stack([values[name] for name in _DIRECTIONS], 1)
        directions = torch.tensor(EIGENVECTORS, dtype=amounts.dtype, device=amounts.device)
        shift = (amounts * amounts.new_tensor(EIGENVALUES)) @ directions.mT  # (N, 3)
        white = 255 if whole_levels else 1
        shifted = pixels + (white * shift).to(pixels.dtype).to(pixels.device)[:, :, None, None]
        return (shifted.round_() if whole_levels else shifted).clamp_(0, white)

    @override
    def apply(self, operation: Lighting, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        drawn = {name: torch.tensor([float(values[name])], dtype=torch.float64) for name in _DIRECTIONS}
        pixels = image.to(torch.float32).unsqueeze(0)
        return self.apply_batch(operation, pixels, drawn, not image.is_floating_point())[0].to(image.dtype)


class Erase(Behaviour[RandomErasing]):
    """Draws `top`, `left`, `height`, `width` in px, and says `area` (share) and `ratio`; all 0 where nothing is erased.

    Torchvision tries ten times to find a rectangle that is smaller than the picture on both sides, else leaves it.
    """

    @override
    def draw_batch(self, operation: RandomErasing, generator: torch.Generator, count: int, size: Size) -> Values:
        full_height, full_width = size
        tries = (count, TRIES)
        area = uniform(generator, tries, *operation.scale) * (full_height * full_width)
        ratio = uniform(generator, tries, math.log(operation.ratio[0]), math.log(operation.ratio[1])).exp_()
        heights, widths = (area * ratio).sqrt_().round_(), (area / ratio).sqrt_().round_()
        found, height, width = first_that_fits(heights, widths, (heights < full_height) & (widths < full_width))
        place = uniform(generator, (2, count))
        erased = coin(generator, count, operation.p) & found
        height, width = height * erased, width * erased
        top = (place[0] * (full_height - height + 1)).floor_() * erased
        left = (place[1] * (full_width - width + 1)).floor_() * erased
        pixels = {"top": top, "left": left, "height": height, "width": width}
        shape = {"area": height * width / (full_height * full_width), "ratio": height / width.clamp(min=1)}
        return {**{name: value.to(torch.int64) for name, value in pixels.items()}, **shape}

    @override
    def apply_batch(self, operation: RandomErasing, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        top, left = values["top"], values["left"]
        hidden = rectangle(top, top + values["height"], left, left + values["width"], pixels)
        return pixels.masked_fill(hidden, level(operation.value, whole_levels))

    @override
    def apply(self, operation: RandomErasing, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        box = values["top"], values["left"], values["height"], values["width"]
        value = torch.tensor(fill_of(image, operation.value), device=image.device).to(image.dtype)
        erased: Tensor = functional.erase(image, *box, value[:, None, None])
        return erased


_DIRECTIONS: Final = ("first", "second", "third")
BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = {
    GaussianBlur: Blur(),
    GaussianNoise: Noise(),
    Lighting: Light(),
    RandomErasing: Erase(),
}
