"""Grouped convolutions: the same numbers as one full matrix with blocks on its diagonal, and what splitting buys.

Xie et al. 2016, "Aggregated residual transformations for deep neural networks", arXiv 1611.05431, section 4 and
table 2.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cnnviz.inspection import inspect
from cnnviz.inspection.blocks import block_report
from cnnviz.specs.labs.resnext import ResNeXtLabSpec

SPLITS: Final = (1, 2, 4, 8, 16, 32, 64)  # numbers of groups that are compared at one cost
_SEED: Final = 0
_PICTURE: Final = 8  # px: small, since every value of it is computed twice
_SIZE: Final = 8  # px of the input that a block is taken apart with; weights do not depend on it


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """A grouped convolution, looked at as one full convolution.

    Attributes:
        matrix: (C, C) float32, row = output channel, column = input channel: the weight in the middle of the kernel
            with which the one reaches the other; 0 where no weight exists.
        difference: largest absolute difference between the outputs of the grouped convolution and of the full one with
            the same weights on the diagonal's blocks and zeros elsewhere.
        reached: the output channels, from 1, that change when the followed input channel changes.
        reached_behind: the same behind a 1×1 convolution that follows.
        weights: of the grouped convolution, biases left out.
        weights_full: of the undivided one.
        macs, macs_full: for one picture of `SIZE` px.
    """

    matrix: NDArray[np.float32]
    difference: float
    reached: tuple[int, ...]
    reached_behind: tuple[int, ...]
    weights: int
    weights_full: int
    macs: int
    macs_full: int


def grouping(spec: ResNeXtLabSpec) -> Grouping:
    """Compute a grouped convolution both ways, and follow one channel through it.

    Everything is drawn from one seed, so the same spec gives the same numbers; nothing is assumed about which outputs
    a channel reaches: it is changed, and the outputs are compared.
    """
    import torch
    from torch.nn.functional import conv2d

    random = torch.Generator().manual_seed(_SEED)
    channels, width = spec.channels, spec.group_width
    weight = torch.randn(channels, width, 3, 3, generator=random) / (9 * width) ** 0.5
    mixing = torch.randn(channels, channels, 1, 1, generator=random) / channels**0.5
    picture = torch.randn(1, channels, _PICTURE, _PICTURE, generator=random)
    changed = picture.clone()
    changed[:, spec.follow - 1] += 1
    full = torch.zeros(channels, channels, 3, 3)
    for group in range(spec.groups):
        block = slice(group * width, (group + 1) * width)
        full[block, block] = weight[block]
    with torch.no_grad():
        output = conv2d(picture, weight, padding=1, groups=spec.groups)
        difference = (conv2d(picture, full, padding=1) - output).abs().max()
        other = conv2d(changed, weight, padding=1, groups=spec.groups)
        moved = (other - output).abs().amax((0, 2, 3)) > 0
        moved_behind = conv2d(other - output, mixing).abs().amax((0, 2, 3)) > 0
    split, whole = block_report(spec.convolution()), block_report(spec.convolution(1))
    return Grouping(
        matrix=full[:, :, 1, 1].numpy(),
        difference=float(difference),
        reached=tuple(index + 1 for index in moved.nonzero().flatten().tolist()),
        reached_behind=tuple(index + 1 for index in moved_behind.nonzero().flatten().tolist()),
        weights=split.parameters - channels,
        weights_full=whole.parameters - channels,
        macs=split.macs,
        macs_full=whole.macs,
    )


@dataclass(frozen=True, slots=True)
class Split:
    """One way to spend a budget of weights.

    Attributes:
        groups: how many.
        width: channels of one group.
        weights: of the three convolutions, biases and batch norms left out.
    """

    groups: int
    width: int
    weights: int

    @property
    def middle(self) -> int:
        """Channels of the grouped 3×3 convolution: groups × width."""
        return self.groups * self.width


def same_cost(spec: ResNeXtLabSpec) -> tuple[Split, ...]:
    """For each number of groups, the width of a group that comes closest to the undivided block's weights.

    Splits whose groups would be thinner than one channel are left out.
    """
    splits = []
    budget = _weights(spec.block_channels, 1, spec.undivided)
    for groups in SPLITS:
        width = _width(spec.block_channels, groups, budget)
        if width:
            splits.append(Split(groups, width, _weights(spec.block_channels, groups, width)))
    return tuple(splits)


def _width(channels: int, groups: int, budget: int) -> int:
    """The whole d that brings groups·(2·channels·d + 9·d²), 1×1 to d, 3×3 and 1×1 back, closest to a budget."""
    exact = (((2 * channels) ** 2 + 36 * budget / groups) ** 0.5 - 2 * channels) / 18
    return min(
        (int(exact), int(exact) + 1), key=lambda width: abs(groups * (2 * channels * width + 9 * width**2) - budget)
    )


@cache
def _weights(channels: int, groups: int, width: int) -> int:
    """Weights of a bottleneck's three convolutions, counted on the block that the networks are made of."""
    from cnnviz.architectures.layers import Layers
    from cnnviz.architectures.resnet import BottleneckBlock

    layers = Layers(norm="before", bias=False)
    report = inspect(
        lambda: BottleneckBlock(channels, groups * width, channels, groups=groups, layers=layers),
        (1, channels, _SIZE, _SIZE),
    )
    return sum(row.parameters for row in report.leaves if row.formula.get("kind") == "convolution")
