"""The steps of the policies, with the functions of torchvision and the strengths that each paper means."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from cnnviz.augmentation.behaviours.base import per_group
from cnnviz.specs.augmentation.base import Size
from cnnviz.specs.augmentation.policies import STEPS, Space

NONE: Final = -1
"""The number of a step that is not taken."""


def magnitudes(space: Space, step: str, bins: int, size: Size) -> Tensor:
    """(bins,) strengths of a step on a picture of `size`, from the first to the last, as torchvision spaces them."""
    first, last = space.limits(step, size)
    if step == "Posterize":
        return (first - torch.arange(bins) / ((bins - 1) / (first - last))).round().to(torch.float64)
    return torch.linspace(first, last, bins).to(torch.float64)


def take(image: Tensor, step: str, magnitude: float, interpolation: str) -> Tensor:
    """One step on (…, C, H, W), uint8 or float in [0, 1]."""
    changed: Tensor = _FUNCTIONS[step](image, magnitude, interpolation)
    return changed


def take_all(pixels: Tensor, steps: Tensor, strengths: Tensor, interpolation: str, whole_levels: bool) -> Tensor:
    """One step after the other, each image its own; images with the same step and strength at the same time.

    Args:
        pixels: (N, C, H, W), float32.
        steps: (N, S), places in `STEPS`, or `NONE`.
        strengths: (N, S).
        interpolation: "nearest" or "bilinear".
        whole_levels: whether pixels are whole levels from 0 to 255.
    """

    def function(images: Tensor, number: float, strength: float) -> Tensor:
        return images if number == NONE else take(images, STEPS[int(number)], strength, interpolation)

    for place in range(steps.shape[1]):
        keys = torch.stack((steps[:, place].to(strengths.dtype), strengths[:, place]), 1)
        pixels = per_group(pixels, keys, whole_levels, function)
    return pixels


def _sheared(x: float, y: float) -> Callable[[Tensor, float, str], Tensor]:
    """Shears by a tangent about the corner."""

    def function(image: Tensor, magnitude: float, interpolation: str) -> Tensor:
        degrees = math.degrees(math.atan(magnitude))
        shear = [degrees * x, degrees * y]
        sheared: Tensor = functional.affine(
            image, angle=0.0, translate=[0, 0], scale=1.0, shear=shear, interpolation=interpolation, center=[0, 0]
        )
        return sheared

    return function


def _shifted(x: int, y: int) -> Callable[[Tensor, float, str], Tensor]:
    """Shifts by whole pixels."""

    def function(image: Tensor, magnitude: float, interpolation: str) -> Tensor:
        shift = [int(magnitude) * x, int(magnitude) * y]
        shifted: Tensor = functional.affine(
            image, angle=0.0, translate=shift, scale=1.0, shear=[0.0, 0.0], interpolation=interpolation
        )
        return shifted

    return function


def _solarized(image: Tensor, magnitude: float, interpolation: str) -> Tensor:
    white = 1.0 if image.is_floating_point() else 255.0
    solarized: Tensor = functional.solarize(image, white * magnitude)
    return solarized


_FUNCTIONS: Final[Mapping[str, Callable[[Tensor, float, str], Any]]] = MappingProxyType(
    {
        "Identity": lambda image, _magnitude, _how: image,
        "ShearX": _sheared(1, 0),
        "ShearY": _sheared(0, 1),
        "TranslateX": _shifted(1, 0),
        "TranslateY": _shifted(0, 1),
        "Rotate": lambda image, degrees, how: functional.rotate(image, degrees, interpolation=how),
        "Brightness": lambda image, change, _how: functional.adjust_brightness(image, 1.0 + change),
        "Color": lambda image, change, _how: functional.adjust_saturation(image, 1.0 + change),
        "Contrast": lambda image, change, _how: functional.adjust_contrast(image, 1.0 + change),
        "Sharpness": lambda image, change, _how: functional.adjust_sharpness(image, 1.0 + change),
        "Posterize": lambda image, bits, _how: functional.posterize(image, int(bits)),
        "Solarize": _solarized,
        "AutoContrast": lambda image, _magnitude, _how: functional.autocontrast(image),
        "Equalize": lambda image, _magnitude, _how: functional.equalize(image),
        "Invert": lambda image, _magnitude, _how: functional.invert(image),
    }
)
