"""MixUp and CutMix at work: pictures of a batch and their labels, each with the one before it.

The partner is torchvision's: batches are shuffled, so the picture before is a random one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from cnnviz.augmentation.behaviours.aug_mix import dirichlet
from cnnviz.augmentation.behaviours.base import Values, per_image, rectangle, uniform
from cnnviz.specs.augmentation import CutMix, Mixing, Size


def draw_mix(operation: Mixing, generator: torch.Generator, count: int, size: Size) -> Values:
    """The `share` of each of `count` pictures itself; for CutMix also the rectangle that the other one fills.

    Args:
        operation: MixUp or CutMix.
        generator: the values are drawn on its device.
        count: pictures.
        size: (height, width) of the pictures in px.
    """
    share = dirichlet(generator, (count, 2), operation.alpha)[:, 0]
    if not isinstance(operation, CutMix):
        return {"share": share}
    height, width = size
    place = uniform(generator, (2, count))
    half = 0.5 * (1 - share).sqrt()
    sides = {}
    for names, at, side in (("left", "right"), place[0], width), (("top", "bottom"), place[1], height):
        middle, reach = (at * side).floor(), (half * side).floor()
        sides[names[0]] = (middle - reach).clamp(min=0).to(torch.int64)
        sides[names[1]] = (middle + reach).clamp(max=side).to(torch.int64)
    area = (sides["right"] - sides["left"]) * (sides["bottom"] - sides["top"])
    return {**sides, "share": 1 - area / (height * width)}


def plain(values: Values) -> tuple[dict[str, Any], ...]:
    """What was drawn for each picture as plain values, for `Mixing.describe`."""
    return tuple(
        dict(zip(values, numbers, strict=True)) for numbers in zip(*(v.tolist() for v in values.values()), strict=True)
    )


def pack(drawn: Sequence[Mapping[str, Any]]) -> Values:
    """Plain values of several pictures, drawn or set by hand, as those of a batch."""
    return {name: torch.tensor([values[name] for values in drawn]) for name in drawn[0]}


def apply_mix(images: Tensor, targets: Tensor, values: Values) -> tuple[Tensor, Tensor]:
    """Pictures and labels, mixed with what was drawn.

    Args:
        images: (N, C, H, W), uint8 or float. Not changed.
        targets: (N, K), the share of each class in each picture; one-hot for pictures that are not mixed yet.
        values: from `draw_mix` or `pack`.

    Returns:
        Images of the same shape and dtype, and (N, K) targets that add up to what they added up to before.
    """
    with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
        pixels, labels = images.to(torch.float32), targets.to(torch.float32)
        if "left" in values:
            pasted = rectangle(values["top"], values["bottom"], values["left"], values["right"], pixels)
            mixed = torch.where(pasted, pixels.roll(1, 0), pixels)
        else:
            mixed = _blend(pixels, per_image(values["share"], pixels))
            if not images.is_floating_point():
                mixed.round_()
        shares = values["share"].to(labels.dtype).to(labels.device, non_blocking=True)[:, None]
        return mixed.to(images.dtype), _blend(labels, shares)


def _blend(own: Tensor, share: Tensor) -> Tensor:
    return own.roll(1, 0).mul_(1 - share).add_(own * share)
