"""ResNeXt's block: the bottleneck's 3×3 convolution, split into groups.

Xie et al. 2016, "Aggregated residual transformations for deep neural networks", arXiv 1611.05431, figure 3(c).

A grouped convolution from c_in to c_out channels has c_in·c_out/groups weights per kernel position instead of
c_in·c_out, so the middle can be wider for the same cost. The number of groups (the paper's cardinality) and the width
of a group are different numbers: width of a group = channels of the middle / groups. The networks themselves are
`ResNetSpec`s with a bottleneck; see `resnet.py`.
"""

from cnnviz.architectures.layers import Layers
from cnnviz.architectures.resnet import CHAPTER, BottleneckBlock


class ResNeXtBlock(BottleneckBlock):
    """A residual block with a grouped 3×3 convolution: (N, C, H, W) → (N, channels, ⌈H/stride⌉, ⌈W/stride⌉).

    Args:
        channels: of the output, and of the input unless `in_channels` says otherwise.
        groups: into how many groups the 3×3 convolution is split.
        bottleneck: channels of the middle as a multiple of `channels`; 1 keeps them.
        use_projection: put a 1×1 convolution with batch norm on the shortcut; needed where the shape changes.
        stride: of the 3×3 convolution.
        in_channels: of the input.
        layers: batch norm, activation and bias of the convolutions.

    Attributes:
        group_width: channels of one group.

    Raises:
        CnnvizError: if the groups do not divide the middle's channels; if the shape changes without a projection.
    """

    def __init__(
        self,
        channels: int,
        groups: int,
        bottleneck: float = 1.0,
        *,
        use_projection: bool = False,
        stride: int = 1,
        in_channels: int | None = None,
        layers: Layers = CHAPTER,
    ) -> None:
        middle = max(1, round(channels * bottleneck))
        super().__init__(
            in_channels or channels, middle, channels, stride, groups, use_projection=use_projection, layers=layers
        )
        self.group_width = middle // groups
