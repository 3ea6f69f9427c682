"""Crops of many images, each with its own box, resized to one size by two matrix products.

The filter is that of `torchvision.transforms.v2.functional.resized_crop` with antialiasing (Pillow's bilinear one): a
triangle as wide as two input pixels, or two output pixels where the picture shrinks, cut off at the edges of the crop
and normalised. It is separable, so an image is resized by a matrix of weights on each side, and a batch by a batch of
them. For 8-bit pictures torch rounds the weights to 16-bit integers and the picture to whole levels between the two
passes; the same is done here, so the results are equal and not only close.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

_MAX_WEIGHT: Final = 2.0**15
_MAX_BITS: Final = 22
_FEW: Final = 1_200_000  # weights that may be computed beforehand: a garment's side to 96 px


class Box(NamedTuple):
    """A part of each image of a batch, all (N,), px: it starts at (top, left) and lies inside the image."""

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor


def resized_crops(pixels: Tensor, box: Box, size: int, whole_levels: bool) -> Tensor:
    """One part of each image, resized to a square.

    Args:
        pixels: (N, C, H, W), float32.
        box: the parts.
        size: height and width of the result, px.
        whole_levels: whether pixels are whole levels from 0 to 255, and are to be so again.

    Returns:
        (N, C, size, size), float32.
    """
    count, channels, rows, columns = pixels.shape
    down, across = _weights(box, (rows, columns), size, pixels.device, whole_levels)
    half = pixels.new_full((1, 1, 1), 0.5 if whole_levels else 0.0)  # to round, as a product is then cut off

    pixels = torch.baddbmm(half, pixels.reshape(count, channels * rows, columns), across.mT)  # (N, C·H, size)
    if whole_levels:
        pixels.floor_()
    pixels = pixels.view(count, channels, rows, size).transpose(1, 2).reshape(count, rows, channels * size)
    pixels = torch.baddbmm(half, down, pixels)  # (N, size, C·size)
    if whole_levels:
        pixels.floor_()
    return pixels.view(count, size, channels, size).transpose(1, 2).contiguous()


def resized(image: Tensor, size: int) -> Tensor:
    """(C, H, W) → (C, size, size), torchvision's own; from or to a single pixel by the products above.

    Torch takes an 8-bit RGB picture one pixel wide for one with its channels last, and fails.
    """
    height, width = image.shape[-2:]
    if min(height, width, size) > 1 or image.is_floating_point():
        result: Tensor = functional.resize(image, [size, size])
        return result
    start, rows, columns = (torch.tensor([value]) for value in (0, height, width))
    box = Box(start, start, rows, columns)
    return resized_crops(image.unsqueeze(0).to(torch.float32), box, size, whole_levels=True)[0].to(image.dtype)


def _weights(
    box: Box, sizes: tuple[int, int], outputs: int, device: torch.device, whole_levels: bool
) -> tuple[Tensor, Tensor]:
    """How much of each row goes into each row of the result, and of each column: (N, outputs, H) and (N, outputs, W).

    For whole levels they are whole multiples of a power of two, small enough to be added in float32 without error.
    """
    if all(size * (size + 1) // 2 * size * outputs <= _FEW for size in sizes):
        rows, columns = (_table(size, outputs, device, whole_levels) for size in sizes)
        return rows.of(box.top, box.height), columns.of(box.left, box.width)
    if sizes[0] == sizes[1]:  # both sides at once: on a small batch the calls take longer than the arithmetic
        starts, lengths = torch.cat((box.top, box.left)), torch.cat((box.height, box.width))
        down, across = _side(starts, lengths, (sizes[0], outputs), device, whole_levels).chunk(2)
        return down, across
    down = _side(box.top, box.height, (sizes[0], outputs), device, whole_levels)
    return down, _side(box.left, box.width, (sizes[1], outputs), device, whole_levels)


class _Table:
    """The weights of every part of a side: garments have 406 of them, and to look them up takes a tenth of the time."""

    def __init__(self, inputs: int, outputs: int, device: torch.device, whole_levels: bool) -> None:
        lengths = torch.arange(1, inputs + 1)
        self._first = torch.cat((torch.zeros(2, dtype=torch.int64), (inputs + 1 - lengths).cumsum(0)[:-1])).to(device)
        parts = [(start, length) for length in range(1, inputs + 1) for start in range(inputs + 1 - length)]
        starts, sides = torch.tensor(parts).T
        self._weights = _side(starts, sides, (inputs, outputs), device, whole_levels)
        self._device = device

    def of(self, start: Tensor, length: Tensor) -> Tensor:
        """(N,) and (N,), px → (N, outputs, inputs)."""
        start, length = (value.to(self._device, non_blocking=True) for value in (start, length))
        return self._weights.index_select(0, self._first[length] + start)


@lru_cache(4)  # up to 5 MB each; two threads that arrive together make the same one twice and nothing else happens
def _table(inputs: int, outputs: int, device: torch.device, whole_levels: bool) -> _Table:
    return _Table(inputs, outputs, device, whole_levels)


def _side(start: Tensor, length: Tensor, sizes: tuple[int, int], device: torch.device, whole_levels: bool) -> Tensor:
    inputs, outputs = sizes
    # Double precision to round as torch does; Apple's GPUs know none, and floats need none.
    dtype = torch.float64 if whole_levels and device.type != "mps" else torch.float32
    start, length = (value.to(device, dtype, non_blocking=True).view(-1, 1, 1) for value in (start, length))
    scale = length / outputs
    reach = scale.clamp(min=1)  # half the width of the triangle
    place = torch.arange(inputs, device=device, dtype=dtype) - start  # (N, 1, inputs)
    centre = (torch.arange(outputs, device=device, dtype=dtype).view(-1, 1) + 0.5) * scale - 0.5  # (N, outputs, 1)
    inside = ((place >= 0) & (place < length)).to(dtype)
    distance = (place / reach - centre / reach).abs_().clamp_(max=1)
    weights = torch.addcmul(inside, distance, inside, value=-1)
    total = weights.sum(-1, keepdim=True)
    if not whole_levels:
        return weights.div_(total).float()
    # As many bits as keep the largest weight below 2¹⁵, as torch chooses them for its 16-bit arithmetic.
    largest = (weights.amax(-1, keepdim=True) / total).amax(1, keepdim=True)
    unit = (((_MAX_WEIGHT - 0.5) / largest).log2_().ceil_() - 1).clamp_(max=_MAX_BITS).exp2_()
    return weights.mul_(unit / total).round_().div_(unit).float()
