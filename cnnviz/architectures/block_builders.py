"""From a block's spec to a module, with the blocks that the networks themselves are made of."""

from collections import OrderedDict
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from torch import nn

from cnnviz.architectures.densenet import DenseBlock, TransitionBlock
from cnnviz.architectures.googlenet import InceptionBlock
from cnnviz.architectures.layers import PLAIN, sequence
from cnnviz.architectures.nin import nin_block
from cnnviz.architectures.resnet import BottleneckBlock, ResidualBlock
from cnnviz.architectures.resnext import ResNeXtBlock
from cnnviz.architectures.vgg import vgg_block
from cnnviz.specs import blocks


class LoneBlock(nn.Sequential):
    """A network of one stage, so that a block is taken apart and drawn like a network."""

    def __init__(self, spec: blocks.BlockSpec) -> None:
        super().__init__(OrderedDict([(spec.kind, build_block(spec))]))


def build_block(spec: blocks.BlockSpec) -> nn.Module:
    """A block on its own: (N, *spec.input_shape) → its output, biases everywhere as in the chapter.

    Raises:
        CnnvizError: if the shortcut cannot be added or the groups do not divide.
    """
    return _BUILDERS[spec.kind](spec)


def _convolution(spec: blocks.ConvolutionSpec) -> nn.Module:
    parts: list[tuple[str, nn.Module]] = []
    for number in range(1, spec.repeat + 1):
        channels = spec.in_channels if number == 1 else spec.out_channels
        conv = PLAIN.bare_conv(
            channels, spec.out_channels, spec.kernel_size, stride=spec.stride, padding=spec.padding, groups=spec.groups
        )
        parts += [(f"conv{number}", conv), (f"activation{number}", nn.ReLU())]
    return sequence(parts)


def _vgg(spec: blocks.VGGBlockSpec) -> nn.Module:
    return vgg_block(spec.convolutions, spec.in_channels, spec.out_channels, spec.kernel_size)


def _nin(spec: blocks.NiNBlockSpec) -> nn.Module:
    return nin_block(
        spec.in_channels, spec.out_channels, spec.kernel_size, stride=spec.stride, padding=spec.padding,
        pointwise=spec.pointwise, pointwise_kernel_size=spec.pointwise_kernel_size,
    )  # fmt: skip


def _inception(spec: blocks.InceptionSpec) -> nn.Module:
    return InceptionBlock(spec.in_channels, spec.c1, (spec.c2a, spec.c2b), (spec.c3a, spec.c3b), spec.c4)


def _residual(spec: blocks.ResidualSpec) -> nn.Module:
    options: dict[str, Any] = {"use_projection": spec.shortcut == "projection", "residual": spec.shortcut != "none"}
    if spec.body == "bottleneck":
        middle = max(1, spec.out_channels // 4)
        return BottleneckBlock(spec.in_channels, middle, spec.out_channels, spec.stride, shortcut_norm=False, **options)
    return ResidualBlock(spec.in_channels, spec.out_channels, spec.stride, **options)


def _resnext(spec: blocks.ResNeXtSpec) -> nn.Module:
    changes = spec.stride != 1 or spec.in_channels != spec.channels
    return ResNeXtBlock(
        spec.channels, spec.groups, spec.bottleneck, use_projection=changes, stride=spec.stride,
        in_channels=spec.in_channels,
    )  # fmt: skip


def _dense(spec: blocks.DenseBlockSpec) -> nn.Module:
    return DenseBlock(spec.convolutions, spec.in_channels, spec.growth_rate, bottleneck=spec.bottleneck)


def _transition(spec: blocks.TransitionSpec) -> nn.Module:
    return TransitionBlock(spec.in_channels, spec.out_channels)


_BUILDERS: Final = MappingProxyType[str, Callable[[Any], nn.Module]](
    {
        "convolution": _convolution,
        "vgg": _vgg,
        "nin": _nin,
        "inception": _inception,
        "residual": _residual,
        "resnext": _resnext,
        "dense": _dense,
        "transition": _transition,
    }
)
