"""Rotation, affine map, perspective and elastic deformation."""

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional
from typing_extensions import override

from cnnviz.augmentation.behaviours.base import Behaviour, Values, coin, fill_of, level, per_image, uniform
from cnnviz.augmentation.behaviours.grids import (
    affine_grid,
    affine_matrices,
    look_up,
    perspective_coefficients,
    perspective_grid,
    shifted_grid,
)
from cnnviz.augmentation.behaviours.patterns import draw_patterns, uniform_pattern
from cnnviz.augmentation.behaviours.smoothing import blurred, gaussian_kernel
from cnnviz.specs.augmentation import Affine, Elastic, Operation, Perspective, Rotation, Size
from cnnviz.specs.augmentation.warp import corners


class Rotate(Behaviour[Rotation]):
    """Draws an `angle`, degrees counter-clockwise."""

    @override
    def draw_batch(self, operation: Rotation, generator: torch.Generator, count: int, size: Size) -> Values:
        return {"angle": uniform(generator, (count,), *operation.degrees)}

    @override
    def apply_batch(self, operation: Rotation, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        nothing = torch.zeros_like(values["angle"])
        matrices = affine_matrices(-values["angle"], (nothing, nothing), nothing + 1, (nothing, nothing))
        return _mapped(pixels, matrices, operation.fill, whole_levels)

    @override
    def apply(self, operation: Rotation, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        fill = fill_of(image, operation.fill)
        turned: Tensor = functional.rotate(image, values["angle"], interpolation=_BILINEAR, fill=fill)
        return turned


class Map(Behaviour[Affine]):
    """Draws `angle` (degrees clockwise), `translate_x` and `translate_y` (px), `scale`, `shear_x` and `shear_y`."""

    @override
    def draw_batch(self, operation: Affine, generator: torch.Generator, count: int, size: Size) -> Values:
        drawn = uniform(generator, (6, count))

        def between(number: int, low: float, high: float) -> Tensor:
            return drawn[number] * (high - low) + low

        most = operation.translate_x * size[1], operation.translate_y * size[0]
        return {
            "angle": between(0, *operation.degrees),
            "translate_x": between(1, -most[0], most[0]).round_().to(torch.int64),
            "translate_y": between(2, -most[1], most[1]).round_().to(torch.int64),
            "scale": between(3, *operation.scale),
            "shear_x": between(4, *operation.shear_x),
            "shear_y": between(5, *operation.shear_y),
        }

    @override
    def apply_batch(self, operation: Affine, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        angle = values["angle"]
        shift = values["translate_x"].to(angle.dtype), values["translate_y"].to(angle.dtype)
        matrices = affine_matrices(angle, shift, values["scale"], (values["shear_x"], values["shear_y"]))
        return _mapped(pixels, matrices, operation.fill, whole_levels)

    @override
    def apply(self, operation: Affine, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        mapped: Tensor = functional.affine(
            image,
            values["angle"],
            [values["translate_x"], values["translate_y"]],
            values["scale"],
            [values["shear_x"], values["shear_y"]],
            interpolation=_BILINEAR,
            fill=fill_of(image, operation.fill),
        )
        return mapped


class Tilt(Behaviour[Perspective]):
    """Draws `applied` and where the four `corners` go, (x, y) in px; unmoved where it is not applied."""

    @override
    def draw_batch(self, operation: Perspective, generator: torch.Generator, count: int, size: Size) -> Values:
        applied = coin(generator, count, operation.p)
        most = torch.tensor([int(operation.distortion * (side // 2)) + 1 for side in (size[1], size[0])])
        steps = (uniform(generator, (count, 4, 2)) * most.to(generator.device)).floor_().to(torch.int64)
        places = torch.tensor(corners(size), device=generator.device)
        inwards = torch.where(places > 0, -1, 1)
        return {"applied": applied, "corners": places + inwards * steps * applied[:, None, None]}

    @override
    def apply_batch(self, operation: Perspective, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        height, width = pixels.shape[-2:]
        ends = values["corners"].to(torch.float32 if values["corners"].device.type == "mps" else torch.float64)
        coefficients = perspective_coefficients(ends, height, width).to(pixels.dtype).to(pixels.device)
        grid = perspective_grid(coefficients, height, width)
        tilted = look_up(pixels, grid, level(operation.fill, whole_levels), whole_levels)
        return torch.where(per_image(values["applied"], pixels), tilted, pixels)

    @override
    def apply(self, operation: Perspective, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        if not values["applied"]:
            return image
        height, width = image.shape[-2:]
        tilted: Tensor = functional.perspective(
            image,
            corners((height, width)),
            values["corners"],
            interpolation=_BILINEAR,
            fill=fill_of(image, operation.fill),
        )
        return tilted


class Wave(Behaviour[Elastic]):
    """Draws the number of a random `pattern`; its `strength` is the operation's."""

    @override
    def draw_batch(self, operation: Elastic, generator: torch.Generator, count: int, size: Size) -> Values:
        strength = torch.full((count,), operation.alpha, device=generator.device)
        return {"pattern": draw_patterns(generator, count), "strength": strength}

    @override
    def apply_batch(self, operation: Elastic, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        shifts = displacements(operation, values, (pixels.shape[-2], pixels.shape[-1]), pixels.device)
        return look_up(pixels, shifted_grid(shifts), level(operation.fill, whole_levels), whole_levels)

    @override
    def apply(self, operation: Elastic, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        drawn = {"pattern": torch.tensor([values["pattern"]]), "strength": torch.tensor([float(values["strength"])])}
        shifts = displacements(operation, drawn, (image.shape[-2], image.shape[-1]), image.device)
        moved: Tensor = functional.elastic(image, shifts, interpolation=_BILINEAR, fill=fill_of(image, operation.fill))
        return moved


def displacements(operation: Elastic, values: Values, size: Size, device: torch.device) -> Tensor:
    """(N, H, W, 2): uniform noise, smoothed, times the strength, in the units of a grid."""
    height, width = size
    noise = uniform_pattern(values["pattern"], 2 * height * width, device).view(-1, 2, height, width).mul_(2).sub_(1)
    if operation.reach:
        kernel = gaussian_kernel(2 * operation.reach + 1, torch.tensor([operation.sigma], device=device))
        noise = blurred(noise, kernel)
    noise = noise.mul_(per_image(values["strength"], noise))
    return noise.div_(noise.new_tensor([width, height]).view(2, 1, 1)).permute(0, 2, 3, 1)


def _mapped(pixels: Tensor, matrices: Tensor, fill: int, whole_levels: bool) -> Tensor:
    height, width = pixels.shape[-2:]
    grid = affine_grid(matrices.to(pixels.dtype).to(pixels.device, non_blocking=True), height, width)
    return look_up(pixels, grid, level(fill, whole_levels), whole_levels)


_BILINEAR: Final = "bilinear"
BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = {
    Rotation: Rotate(),
    Affine: Map(),
    Perspective: Tilt(),
    Elastic: Wave(),
}
