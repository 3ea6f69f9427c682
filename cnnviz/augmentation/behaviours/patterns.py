"""Random patterns from a number: the same on the page, in a batch and on every device, without a generator's state.

A pattern has as many values as a picture, too many to be carried as drawn values; what is drawn is its number. Each
value is a hash of the number and of its place: two rounds of an integer mixer with low bias ("lowbias32", Chris
Wellons, "Prospecting for Hash Functions", 2018).
"""

import math
from typing import Final

import torch
from torch import Tensor

from cnnviz.augmentation.behaviours.base import uniform
from cnnviz.specs.augmentation.warp import PATTERNS

_MASK: Final = 2**32 - 1


def draw_patterns(generator: torch.Generator, count: int) -> Tensor:
    """(N,) numbers of patterns."""
    return (uniform(generator, (count,)) * PATTERNS).floor_().to(torch.int64)


def uniform_pattern(numbers: Tensor, count: int, device: torch.device) -> Tensor:
    """(N,) numbers → (N, count) of values that look uniform in (0, 1), float32."""
    keys = numbers.to(device).to(torch.int64)[:, None]
    places = torch.arange(count, device=device)
    hashed = _mixed((_mixed((places + _mixed(keys)) & _MASK)) ^ _mixed(keys + PATTERNS))
    return (hashed >> 8).to(torch.float32).add_(0.5).mul_(2.0**-24)  # as many bits as float32 tells apart


def normal_pattern(numbers: Tensor, count: int, device: torch.device) -> Tensor:
    """(N,) numbers → (N, count) of values that look standard normal, float32 (Box & Muller 1958)."""
    half = (count + 1) // 2
    radius, turn = uniform_pattern(numbers, 2 * half, device).chunk(2, 1)
    radius = radius.log().mul_(-2).sqrt_()
    turn = turn.mul(2 * math.pi)
    return torch.cat((turn.cos().mul_(radius), turn.sin().mul_(radius)), 1)[:, :count]


def _mixed(values: Tensor) -> Tensor:
    """32-bit whole numbers, held in 64 bits, mixed so that each bit depends on all."""
    values = values ^ (values >> 16)
    values = (values * 0x7FEB352D) & _MASK
    values = values ^ (values >> 15)
    values = (values * 0x846CA68B) & _MASK
    return values ^ (values >> 16)
