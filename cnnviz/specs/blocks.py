"""The chapter's blocks on their own: every knob with its bounds, the chapter's examples as defaults.

A block is described like a network: a frozen spec draws the widgets, keys the caches and goes into the link. What each
stands against is in `block_catalog`.
"""

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob


def _channels(default: int, label: str, help: str = "", *, ge: int = 1) -> Any:
    return knob(default, label, help, ge=ge, le=2048, step=1)


def _input(default: int) -> Any:
    return _channels(default, N_("Input channels"))


def _size(default: int) -> Any:
    return knob(default, N_("Input size"), N_("Height and width of the picture."), ge=1, le=512, step=1, unit="px")


def _stride(default: int) -> Any:
    help = N_("How far the kernel moves at each step; 2 halves height and width.")
    return knob(default, N_("Stride"), help, ge=1, le=8, step=1)


def _padding(default: int) -> Any:
    return knob(default, N_("Padding"), N_("Zeros around the picture, in px on each side."), ge=0, le=15, step=1)


def _kernel(default: int) -> Any:
    return knob(default, N_("Kernel size"), N_("Height and width of the window."), ge=1, le=15, step=1, unit="px")


def _groups(default: int) -> Any:
    help = N_("The channels are split into so many groups that do not see one another; not the width of a group.")
    return knob(default, N_("Number of groups"), help, ge=1, le=2048, step=1)


class BlockSpec(Spec):
    """One block and what enters it."""

    kind: ClassVar[str] = ""
    in_channels: int = _input(1)
    image_size: int = _size(28)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return self.in_channels, self.image_size, self.image_size


class ConvolutionSpec(BlockSpec):
    """Plain convolutions in a row, each with its ReLU."""

    kind: ClassVar[str] = "convolution"
    in_channels: int = _input(64)
    image_size: int = _size(28)
    out_channels: int = _channels(64, N_("Output channels"))
    kernel_size: int = _kernel(5)
    stride: int = _stride(1)
    padding: int = _padding(2)
    groups: int = _groups(1)
    repeat: int = knob(1, N_("In a row"), N_("So many of these convolutions, one after another."), ge=1, le=6, step=1)

    @model_validator(mode="after")
    def _divides(self) -> "ConvolutionSpec":
        for channels in (self.in_channels, self.out_channels):
            if channels % self.groups:
                raise CnnvizError("groups_do_not_divide", field="groups", groups=self.groups, channels=channels)
        return self


class VGGBlockSpec(BlockSpec):
    """Convolutions that keep the size, then a pooling that halves it."""

    kind: ClassVar[str] = "vgg"
    in_channels: int = _input(64)
    image_size: int = _size(112)
    out_channels: int = _channels(128, N_("Output channels"))
    convolutions: int = knob(2, N_("Convolutions"), N_("How many before the pooling."), ge=1, le=6, step=1)
    kernel_size: Literal[1, 3, 5, 7, 9, 11, 13] = knob(3, N_("Kernel size"), N_("Height and width of the window."))


class NiNBlockSpec(BlockSpec):
    """A convolution and 1×1 convolutions behind it."""

    kind: ClassVar[str] = "nin"
    in_channels: int = _input(1)
    image_size: int = _size(224)
    out_channels: int = _channels(96, N_("Output channels"))
    kernel_size: int = _kernel(11)
    stride: int = _stride(4)
    padding: int = _padding(0)
    pointwise: int = knob(2, N_("1×1 convolutions"), N_("How many follow the first convolution."), ge=0, le=4, step=1)
    pointwise_kernel_size: Literal[1, 3] = knob(1, N_("Their kernel"), N_("1×1, or 3×3 in their place."))


class InceptionSpec(BlockSpec):
    """Four branches side by side, concatenated; a reduction of zero leaves that 1×1 convolution out."""

    kind: ClassVar[str] = "inception"
    in_channels: int = _input(192)
    image_size: int = _size(28)
    c1: int = _channels(64, N_("1×1 branch"), ge=0)
    c2a: int = _channels(96, N_("1×1 before the 3×3"), N_("0 leaves it out."), ge=0)
    c2b: int = _channels(128, N_("3×3 branch"), ge=0)
    c3a: int = _channels(16, N_("1×1 before the 5×5"), N_("0 leaves it out."), ge=0)
    c3b: int = _channels(32, N_("5×5 branch"), ge=0)
    c4: int = _channels(32, N_("1×1 behind the pooling"), ge=0)

    @model_validator(mode="after")
    def _has_a_branch(self) -> "InceptionSpec":
        if not self.out_channels:
            raise CnnvizError("value_too_small", field="c1", label="c1", value=0, limit=1)
        return self

    @property
    def out_channels(self) -> int:
        """Of the four branches together."""
        return self.c1 + self.c2b + self.c3b + self.c4


class ResidualSpec(BlockSpec):
    """Two 3×3 convolutions, or a bottleneck of 1×1, 3×3 and 1×1, around which the input goes by and is added."""

    kind: ClassVar[str] = "residual"
    in_channels: int = _input(64)
    image_size: int = _size(24)
    out_channels: int = _channels(64, N_("Output channels"))
    stride: int = _stride(1)
    body: Literal["basic", "bottleneck"] = knob(
        "basic", N_("Convolutions"), N_("Two 3×3, or 1×1 to a quarter of the channels, 3×3, and 1×1 back.")
    )
    shortcut: Literal["as_is", "projection", "none"] = knob(
        "as_is", N_("Shortcut"), N_("What the input meets on its way round; a change of shape needs the 1×1.")
    )


class ResNeXtSpec(BlockSpec):
    """1×1, a grouped 3×3 and 1×1, around which the input goes by."""

    kind: ClassVar[str] = "resnext"
    in_channels: int = _input(32)
    image_size: int = _size(96)
    channels: int = _channels(32, N_("Output channels"))
    groups: int = _groups(16)
    bottleneck: float = knob(
        1.0, N_("Width of the middle"), N_("As a multiple of the output channels."), ge=0.125, le=4, step=0.125
    )
    stride: int = _stride(1)

    @model_validator(mode="after")
    def _divides(self) -> "ResNeXtSpec":
        if self.middle % self.groups:
            raise CnnvizError("groups_do_not_divide", field="groups", groups=self.groups, channels=self.middle)
        return self

    @property
    def middle(self) -> int:
        """Channels of the grouped convolution."""
        return max(1, round(self.channels * self.bottleneck))

    @property
    def group_width(self) -> int:
        """Channels of one group."""
        return self.middle // self.groups


class DenseBlockSpec(BlockSpec):
    """Convolutions that each see all earlier outputs; what they add is put behind the input."""

    kind: ClassVar[str] = "dense"
    in_channels: int = _input(3)
    image_size: int = _size(8)
    convolutions: int = knob(2, N_("Convolutions"), N_("How many dense layers."), ge=1, le=48, step=1)
    growth_rate: int = _channels(10, N_("Growth rate"), N_("Channels that each layer adds."))
    bottleneck: int = knob(
        0, N_("Bottleneck"), N_("1×1 to so many times the growth rate first; 0 leaves it out."), ge=0, le=8, step=1
    )

    @property
    def out_channels(self) -> int:
        """Those of the input, and the growth rate for each layer."""
        return self.in_channels + self.convolutions * self.growth_rate


class TransitionSpec(BlockSpec):
    """1×1 to fewer channels and a pooling that halves the size."""

    kind: ClassVar[str] = "transition"
    in_channels: int = _input(23)
    image_size: int = _size(8)
    out_channels: int = _channels(10, N_("Output channels"))
