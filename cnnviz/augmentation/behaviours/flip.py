"""Flips: a coin for each image."""

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional
from typing_extensions import override

from cnnviz.augmentation.behaviours.base import Behaviour, Values, per_image, uniform
from cnnviz.specs.augmentation import HorizontalFlip, Operation, Size, VerticalFlip


class Flip(Behaviour[HorizontalFlip | VerticalFlip]):
    """Mirror along one dimension: -1 turns left and right around, -2 top and bottom."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension

    @override
    def draw_batch(
        self, operation: HorizontalFlip | VerticalFlip, generator: torch.Generator, count: int, size: Size
    ) -> Values:
        return {"flipped": uniform(generator, (count,)) < operation.p}

    @override
    def apply_batch(
        self, operation: HorizontalFlip | VerticalFlip, pixels: Tensor, values: Values, whole_levels: bool
    ) -> Tensor:
        return torch.where(per_image(values["flipped"], pixels), pixels.flip(self.dimension), pixels)

    @override
    def apply(self, operation: HorizontalFlip | VerticalFlip, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        if not values["flipped"]:
            return image
        flipped: Tensor = (functional.horizontal_flip if self.dimension == -1 else functional.vertical_flip)(image)
        return flipped


BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = {HorizontalFlip: Flip(-1), VerticalFlip: Flip(-2)}
