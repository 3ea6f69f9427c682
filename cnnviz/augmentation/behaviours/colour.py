"""Colour: brightness, contrast, saturation and hue, alone or together in a random order.

The first three are one formula, x ← f·x + (1 − f)·other, where `other` is black, the picture's mean grey, or each
pixel's grey; so a batch whose images have different orders takes one blend per step for all of them. Whole levels are
rounded down after each adjustment, as torchvision does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional
from typing_extensions import override

from cnnviz.augmentation.behaviours.base import Behaviour, Values, per_image, uniform
from cnnviz.augmentation.behaviours.hue import adjust_hue, rotate_hue, rotate_levels
from cnnviz.specs.augmentation import (
    ADJUSTMENTS,
    Brightness,
    ColorJitter,
    ColourOperation,
    Contrast,
    Hue,
    Operation,
    Saturation,
    Size,
)

_BRIGHTNESS, _CONTRAST, _SATURATION, _HUE = range(4)


class Colour(Behaviour[ColourOperation]):
    """Draws a factor for each adjustment whose strength is not zero; for several of them also their `order`."""

    @override
    def draw_batch(self, operation: ColourOperation, generator: torch.Generator, count: int, size: Size) -> Values:
        drawn = uniform(generator, (2, len(ADJUSTMENTS), count))  # as many numbers whatever the strengths are
        values = {
            name: drawn[0, ADJUSTMENTS.index(name)].mul(high - low).add_(low)
            for name, amount in operation.amounts().items()
            if amount > 0
            for low, high in [_limits(name, amount)]
        }
        if isinstance(operation, ColorJitter):
            values["order"] = drawn[1].argsort(0).mT.contiguous()  # a random permutation for each image
        return values

    @override
    def plain(self, values: Values) -> dict[str, Any]:
        plain = super().plain(values)
        order = plain.pop("order", None)
        if order is None:
            return plain
        names = [ADJUSTMENTS[number] for number in order if ADJUSTMENTS[number] in plain]
        return {"order": names, **{name: plain[name] for name in names}}

    @override
    def pack(self, drawn: Sequence[Mapping[str, Any]]) -> Values:
        numbers = [
            {**values, "order": [ADJUSTMENTS.index(name) for name in values["order"]]} if "order" in values else values
            for values in drawn
        ]
        return super().pack(numbers)

    @override
    def apply(self, operation: ColourOperation, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        names = [name for name in values.get("order", values) if not (image.shape[-3] == 1 and name in _NEEDS_COLOUR)]
        if not names:
            return image
        if image.is_floating_point():
            for name in names:
                image = _ADJUST[name](image, values[name])
            return image
        levels = image.to(torch.float32)
        for name in names:
            levels = _ADJUST_LEVELS[name](levels, values[name])
        return levels.to(torch.int16).to(image.dtype)  # straight to uint8 takes 4 times as long

    @override
    def apply_batch(self, operation: ColourOperation, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        grey = pixels.shape[1] == 1
        kinds = [number for number, name in enumerate(ADJUSTMENTS) if name in values and not (grey and number > 1)]
        if not kinds:
            return pixels
        order = _order(values, kinds)  # (N, steps)
        factors = torch.stack([values[ADJUSTMENTS[number]] for number in kinds], 1)
        factors = factors.gather(1, torch.searchsorted(torch.tensor(kinds, device=order.device), order))
        steps = _Steps(order.mT.contiguous(), factors.mT.contiguous(), pixels, kinds)
        for step in range(len(kinds)):
            if kinds != [_HUE]:
                pixels = steps.blend(step, pixels, whole_levels)
            if _HUE in kinds:
                pixels = steps.turn(step, pixels, whole_levels)
        return pixels


def _limits(name: str, amount: float) -> tuple[float, float]:
    return (-amount, amount) if name == "hue" else (max(0.0, 1 - amount), 1 + amount)


def _order(values: Values, kinds: list[int]) -> Tensor:
    """(N, steps): the number of each image's adjustment at each step, without those that do nothing."""
    if "order" not in values:
        (values_of_one,) = values.values()
        return torch.full((len(values_of_one), 1), kinds[0], device=values_of_one.device)
    order = values["order"]
    if len(kinds) == len(ADJUSTMENTS):
        return order
    return order[torch.isin(order, torch.tensor(kinds, device=order.device))].view(-1, len(kinds))


class _Steps:
    """The factors of all steps as the formula wants them, each (steps, N, 1, 1, 1), made and moved once."""

    def __init__(self, kind: Tensor, factor: Tensor, pixels: Tensor, kinds: list[int]) -> None:
        self.kinds = kinds
        self.kind = kind
        self.factor = factor
        blend = torch.where(kind == _HUE, 1.0, factor) if _HUE in kinds else factor  # 1 leaves a picture as it is
        self.keep = per_image(blend, pixels)
        self.give = per_image(1 - blend, pixels)
        self.contrast = per_image((kind == _CONTRAST).to(factor.dtype), pixels)
        self.saturation = per_image((kind == _SATURATION).to(factor.dtype), pixels)

    def blend(self, step: int, pixels: Tensor, whole_levels: bool) -> Tensor:
        """One step for all images whose adjustment is not the hue."""
        blended = pixels * self.keep[step]
        if _CONTRAST in self.kinds or _SATURATION in self.kinds:
            grey = pixels if pixels.shape[1] == 1 else _grey(pixels, whole_levels)
            other = grey.mean((1, 2, 3), keepdim=True) * self.contrast[step]
            if _SATURATION in self.kinds:
                other = torch.addcmul(other, grey, self.saturation[step])
                blended = torch.addcmul(blended, other, self.give[step], out=blended)
            else:  # one number for each image
                blended.add_(other * self.give[step])
        blended.clamp_(0, 255 if whole_levels else 1)
        return blended.floor_() if whole_levels else blended

    def turn(self, step: int, pixels: Tensor, whole_levels: bool) -> Tensor:
        """One step for the images whose adjustment is the hue."""
        rows = (self.kind[step] == _HUE).nonzero().squeeze(1)
        turn = per_image(self.factor[step, rows], pixels).squeeze(-1)
        rows = rows.to(pixels.device, non_blocking=True)
        rotate = rotate_levels if whole_levels else rotate_hue
        return pixels.index_copy(0, rows, rotate(pixels.index_select(0, rows), turn))


def _brighter(levels: Tensor, factor: float) -> Tensor:
    """`torchvision.transforms.v2.functional.adjust_brightness`, as are those below; all of them return whole levels."""
    return levels.mul(factor).clamp_(0, 255).floor_()


def _contrasted(levels: Tensor, factor: float) -> Tensor:
    grey = levels if levels.shape[-3] == 1 else _grey(levels.unsqueeze(0), True)[0]
    return _blended(levels, grey.mean((-3, -2, -1), keepdim=True), factor)


def _saturated(levels: Tensor, factor: float) -> Tensor:
    return _blended(levels, _grey(levels.unsqueeze(0), True)[0], factor)


def _blended(levels: Tensor, other: Tensor, factor: float) -> Tensor:
    return levels.mul(factor).add_(other, alpha=1.0 - factor).clamp_(0, 255).floor_()


def _grey(pixels: Tensor, whole_levels: bool) -> Tensor:
    """(N, 3, H, W) → (N, 1, H, W), with the weights of ITU-R BT.601 as torchvision rounds them."""
    red, green, blue = pixels.unbind(1)
    grey = red.mul(0.2989).add_(green, alpha=0.587).add_(blue, alpha=0.114).unsqueeze(1)
    return grey.floor_() if whole_levels else grey


_ADJUST: Final[Mapping[str, Any]] = {
    "brightness": functional.adjust_brightness,
    "contrast": functional.adjust_contrast,
    "saturation": functional.adjust_saturation,
    "hue": adjust_hue,  # equal to torchvision's, and three times as fast
}
_ADJUST_LEVELS: Final[Mapping[str, Any]] = {
    "brightness": _brighter,
    "contrast": _contrasted,
    "saturation": _saturated,
    "hue": rotate_levels,
}
"""The same to the last bit for whole levels from 0 to 255 in float32: between two adjustments nothing is converted."""
_NEEDS_COLOUR: Final = ("saturation", "hue")
BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = dict.fromkeys(
    (Brightness, Contrast, Saturation, Hue, ColorJitter), Colour()
)
