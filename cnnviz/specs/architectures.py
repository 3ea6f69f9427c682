"""The specs of the networks: every knob a person can turn, with its bounds.

The defaults are the chapter's; a spec that passes here can still be impossible (an input that is too small), and
`build` says so. Nothing here needs torch.
"""

from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import Field, model_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob

Activation = Literal["relu", "sigmoid", "tanh", "leaky_relu", "gelu", "silu"]
Norm = Literal["none", "before", "after"]  # batch norm before or after the activation
NormLayers = Literal["all", "convolutions", "dense"]
NormKind = Literal["standard", "scratch", "mean", "variance"]
Pooling = Literal["max", "average"]
Head = Literal["dense", "global"]

Channels = Annotated[int, Field(ge=1, le=4096)]
Branch = Annotated[int, Field(ge=0, le=2048)]
Count = Annotated[int, Field(ge=1, le=64)]
Kernel = Annotated[int, Field(ge=1, le=15)]
Stride = Annotated[int, Field(ge=1, le=8)]
Padding = Annotated[int, Field(ge=0, le=7)]
Stages = Annotated[tuple[Channels, ...], Field(min_length=1, max_length=8)]
Counts = Annotated[tuple[Count, ...], Field(min_length=1, max_length=8)]
Hidden = Annotated[tuple[Annotated[int, Field(ge=1, le=16384)], ...], Field(max_length=4)]
Six = tuple[Branch, Branch, Branch, Branch, Branch, Branch]

_PER_CONVOLUTION = N_("One number per convolution, first to last.")
_PER_STAGE = N_("One number per stage, first to last.")


def _image_size(default: int) -> Any:
    label, help = N_("Input size"), N_("Height and width of the picture.")
    return knob(default, label, help, ge=1, le=1024, step=1, unit="px")


def _activation(default: str) -> Any:
    return knob(default, N_("Activation"), N_("The function after each layer that lets the network bend."))


def _pooling(default: str) -> Any:
    return knob(default, N_("Pooling"), N_("What a pooling keeps of each window: the largest value or the mean."))


def _norm(default: str) -> Any:
    return knob(default, N_("Batch norm"), N_("Batch normalisation: none, before the activation, or after it."))


def _norm_layers(default: str) -> Any:
    help = N_("Which layers get the batch norm chosen above.")
    return knob(default, N_("Layers with batch norm"), help, advanced=True)


def _dropout(default: float) -> Any:
    help = N_("Share of the values set to zero at random while training.")
    return knob(default, N_("Dropout"), help, ge=0, le=0.9, step=0.05)


def _width() -> Any:
    help = N_("Multiplies the channels and units of every layer; parameters grow with its square.")
    return knob(1.0, N_("Width"), help, ge=1 / 32, le=4, scale="log")


def _head(default: str) -> Any:
    help = N_("Dense layers over all positions, or one average per channel and a single dense layer.")
    return knob(default, N_("Head"), help)


def _hidden(default: tuple[int, ...]) -> Any:
    return knob(default, N_("Units of the dense layers"), N_("One number per hidden dense layer; empty for none."))


def _conv_bias(default: bool) -> Any:
    help = N_("Batch norm subtracts it again, so the papers leave it out.")
    return knob(default, N_("Bias before batch norm"), help, advanced=True)


class ArchitectureSpec(Spec):
    """What every network has: which catalogue entry it started from, and what goes in and comes out.

    `key` names the entry (its title, colour and defaults); the other fields say what was built, so a changed network
    still knows where it came from.
    """

    family: ClassVar[str]

    key: str
    in_channels: int = knob(1, N_("Channels"), N_("1 for grey pictures, 3 for colour."), ge=1, le=16, step=1)
    num_classes: int = knob(10, N_("Classes"), N_("Outputs of the last layer."), ge=1, le=100_000, step=1)
    image_size: int = _image_size(224)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image."""
        return self.in_channels, self.image_size, self.image_size

    def options(self) -> dict[str, Any]:
        """The fields as `build` takes them, the key left out."""
        return {name: value for name, value in self if name != "key"}

    def skeleton(self) -> Self:
        """The cheapest spec whose layers change height and width in the same places, to find the smallest input.

        Layers that keep the size (convolutions padded by half their kernel, batch norm, activations) cannot fail, so
        one of each and a channel or two are enough.
        """
        return self

    def scaled(self, channels: int, multiple: int = 1) -> int:
        """Channels times the width multiplier, rounded to a multiple that is at least one."""
        width = getattr(self, "width", 1.0)
        return max(multiple, round(channels * width / multiple) * multiple)


class LeNetSpec(ArchitectureSpec):
    """LeNet-5 with or without batch norm: convolutions, each with a pooling, and three dense layers."""

    family: ClassVar[str] = "lenet"

    image_size: int = _image_size(28)
    channels: Stages = knob((6, 16), N_("Channels of the convolutions"), _PER_CONVOLUTION)
    kernel_size: int = knob(5, N_("Kernel size"), N_("Height and width of each kernel."), ge=1, le=15, step=1)
    stride: int = knob(1, N_("First stride"), N_("Stride of the first convolution."), ge=1, le=8, step=1, advanced=True)
    padding: int = knob(2, N_("First padding"), N_("Zeros around the picture."), ge=0, le=7, step=1)
    hidden: Hidden = _hidden((120, 84))
    activation: Activation = _activation("sigmoid")
    pooling: Pooling = _pooling("average")
    norm: Norm = _norm("none")
    norm_layers: NormLayers = _norm_layers("all")
    norm_kind: NormKind = knob(
        "standard",
        N_("Kind of batch norm"),
        N_("PyTorch's, the same written from scratch, only the mean subtracted, or only divided by the deviation."),
        advanced=True,
    )
    norm_affine: bool = knob(
        True, N_("Learn γ and β"), N_("Off: they stay at 1 and 0, and batch norm only normalises."), advanced=True
    )
    conv_bias: bool = _conv_bias(True)
    dropout: float = _dropout(0.0)
    width: float = _width()

    def skeleton(self) -> Self:
        """The same sizes with as little else as possible, to find the smallest input quickly."""
        return self.replace(hidden=(), norm="none", dropout=0.0, width=1 / 32)


class AlexNetSpec(ArchitectureSpec):
    """AlexNet in the chapter's form: five convolutions and two dense layers of 4,096."""

    family: ClassVar[str] = "alexnet"

    channels: tuple[Channels, Channels, Channels, Channels, Channels] = knob(
        (96, 256, 384, 384, 256), N_("Channels of the convolutions"), _PER_CONVOLUTION
    )
    kernel_sizes: tuple[Kernel, Kernel, Kernel, Kernel, Kernel] = knob(
        (11, 5, 3, 3, 3), N_("Kernel sizes"), _PER_CONVOLUTION
    )
    strides: tuple[Stride, Stride, Stride, Stride, Stride] = knob((4, 1, 1, 1, 1), N_("Strides"), _PER_CONVOLUTION)
    paddings: tuple[Padding, Padding, Padding, Padding, Padding] = knob(
        (1, 2, 1, 1, 1), N_("Paddings"), _PER_CONVOLUTION
    )
    activation: Activation = _activation("relu")
    pooling: Pooling = _pooling("max")
    norm: Norm = _norm("none")
    norm_layers: NormLayers = _norm_layers("convolutions")
    head: Head = _head("dense")
    hidden: Hidden = _hidden((4096, 4096))
    dropout: float = _dropout(0.5)
    width: float = _width()

    def skeleton(self) -> Self:
        """The same sizes with as little else as possible, to find the smallest input quickly."""
        return self.replace(hidden=(), norm="none", dropout=0.0, width=1 / 32)


class VGGSpec(ArchitectureSpec):
    """VGG: blocks of 3×3 convolutions that keep the size and a pooling that halves it, then AlexNet's dense head."""

    family: ClassVar[str] = "vgg"

    convolutions: Counts = knob((1, 1, 2, 2, 2), N_("Convolutions per block"), _PER_STAGE)
    channels: Stages = knob((64, 128, 256, 512, 512), N_("Channels per block"), _PER_STAGE)
    kernel_size: int = knob(
        3, N_("Kernel size"), N_("Height and width of each kernel; odd, so that the size is kept."), ge=1, le=7, step=2
    )
    activation: Activation = _activation("relu")
    pooling: Pooling = _pooling("max")
    norm: Norm = _norm("none")
    norm_layers: NormLayers = _norm_layers("convolutions")
    head: Head = _head("dense")
    hidden: Hidden = _hidden((4096, 4096))
    dropout: float = _dropout(0.5)
    width: float = _width()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _same_length(self.convolutions, self.channels)
        if self.kernel_size % 2 == 0:
            raise CnnvizError(
                "value_not_allowed",
                field="kernel_size",
                label="kernel_size",
                value=self.kernel_size,
                allowed="1, 3, 5, 7",
            )
        return self

    def skeleton(self) -> Self:
        """The same sizes with as little else as possible, to find the smallest input quickly."""
        return self.replace(
            convolutions=(1,) * len(self.channels), hidden=(), norm="none", dropout=0.0, width=1 / 32, kernel_size=1
        )


class NiNSpec(ArchitectureSpec):
    """NiN: each convolution followed by 1×1 convolutions, and the average over all positions as the output."""

    family: ClassVar[str] = "nin"

    channels: tuple[Channels, Channels, Channels] = knob((96, 256, 384), N_("Channels per block"), _PER_STAGE)
    kernel_sizes: tuple[Kernel, Kernel, Kernel] = knob((11, 5, 3), N_("Kernel sizes"), _PER_STAGE)
    strides: tuple[Stride, Stride, Stride] = knob((4, 1, 1), N_("Strides"), _PER_STAGE)
    paddings: tuple[Padding, Padding, Padding] = knob((0, 2, 1), N_("Paddings"), _PER_STAGE)
    pointwise: int = knob(
        2, N_("1×1 convolutions per block"), N_("Dense layers over the channels, the same at every pixel."),
        ge=0, le=4, step=1,
    )  # fmt: skip
    pointwise_kernel_size: Literal[1, 3] = knob(
        1, N_("Kernel in their place"), N_("3 puts 3×3 convolutions where the 1×1 stand."), advanced=True
    )
    reduction: Annotated[tuple[Channels, ...], Field(max_length=3)] = knob(
        (),
        N_("Blocks before the output"),
        N_("Channels of further blocks between the last pooling and the classes, so that the step is not so steep."),
        advanced=True,
    )
    activation: Activation = _activation("relu")
    pooling: Pooling = _pooling("max")
    norm: Norm = _norm("none")
    head: Head = _head("global")
    hidden: Hidden = knob(
        (4096, 4096), N_("Units of the dense layers"), N_("Only with dense layers as the head."), advanced=True
    )
    output_activation: bool = knob(
        True,
        N_("Activation on the logits"),
        N_("As in the chapter: no class can then score below zero."),
        advanced=True,
    )
    dropout: float = _dropout(0.5)
    width: float = _width()

    def skeleton(self) -> Self:
        """The same sizes with as little else as possible, to find the smallest input quickly."""
        return self.replace(pointwise=0, reduction=(), hidden=(), norm="none", dropout=0.0, width=1 / 32)


def _inception(label: str, *widths: int) -> Any:
    help = N_(
        "Channels of the branches: 1×1, then 1×1 and 3×3, then 1×1 and 5×5, then 1×1 after the pooling. "
        "0 leaves that convolution out."
    )
    return knob(widths, label, help, advanced=True)


INCEPTIONS = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")


class GoogLeNetSpec(ArchitectureSpec):
    """GoogLeNet in the chapter's form: nine Inception blocks, no auxiliary heads."""

    family: ClassVar[str] = "googlenet"

    image_size: int = _image_size(96)
    stem_channels: tuple[Channels, Channels, Channels] = knob(
        (64, 64, 192), N_("Channels of the stem"), N_("Of the 7×7, the 1×1 and the 3×3 convolution.")
    )
    inception_3a: Six = _inception(N_("Inception 3a"), 64, 96, 128, 16, 32, 32)
    inception_3b: Six = _inception(N_("Inception 3b"), 128, 128, 192, 32, 96, 64)
    inception_4a: Six = _inception(N_("Inception 4a"), 192, 96, 208, 16, 48, 64)
    inception_4b: Six = _inception(N_("Inception 4b"), 160, 112, 224, 24, 64, 64)
    inception_4c: Six = _inception(N_("Inception 4c"), 128, 128, 256, 24, 64, 64)
    inception_4d: Six = _inception(N_("Inception 4d"), 112, 144, 288, 32, 64, 64)
    inception_4e: Six = _inception(N_("Inception 4e"), 256, 160, 320, 32, 128, 128)
    inception_5a: Six = _inception(N_("Inception 5a"), 256, 160, 320, 32, 128, 128)
    inception_5b: Six = _inception(N_("Inception 5b"), 384, 192, 384, 48, 128, 128)
    large_kernel: Literal["5x5", "two_3x3"] = knob(
        "5x5", N_("Large branch"), N_("One 5×5 convolution, or two 3×3 that see as far for fewer weights.")
    )
    pooling: Pooling = _pooling("max")
    residual: bool = knob(
        False, N_("Residual connections"), N_("Adds each Inception block's input to its output, through a 1×1.")
    )
    norm: Norm = _norm("none")
    conv_bias: bool = _conv_bias(True)
    activation: Activation = _activation("relu")
    dropout: float = _dropout(0.0)
    width: float = _width()

    @model_validator(mode="after")
    def _some_branch(self) -> Self:
        for name in INCEPTIONS:
            field = f"inception_{name}"
            c1, _, c2, _, c3, c4 = getattr(self, field)
            if not c1 + c2 + c3 + c4:
                raise CnnvizError("value_too_small", field=field, label=field, value=0, limit=1)
        return self

    def inceptions(self) -> dict[str, Six]:
        """The six widths of each block by its name, "3a" to "5b", the width multiplier applied."""
        return {
            name: cast(Six, tuple(self.scaled(width) if width else 0 for width in getattr(self, f"inception_{name}")))
            for name in INCEPTIONS
        }

    def skeleton(self) -> Self:
        """See `ArchitectureSpec.skeleton`."""
        branches = {f"inception_{name}": (1, 0, 0, 0, 0, 0) for name in INCEPTIONS}
        return self.replace(norm="none", residual=False, width=1 / 32, **branches)


class ResNetSpec(ArchitectureSpec):
    """ResNet and ResNeXt: a stem and stages of residual blocks.

    The chapter's form has biases in its convolutions and a bare 1×1 convolution as shortcut; the papers' form has
    neither bias nor a shortcut without batch norm.

    Two numbers say how a 3×3 convolution is split and they are not the same: `groups` is how many groups there are,
    `group_width` how many channels one group has. As in torchvision, a bottleneck's middle has
    `groups × int(group_width × channels / 64)` channels, so a group grows with its stage, and its output has four
    times `channels`.
    """

    family: ClassVar[str] = "resnet"

    image_size: int = _image_size(96)
    block: Literal["basic", "bottleneck"] = knob(
        "basic", N_("Block"), N_("Two 3×3 convolutions, or 1×1, 3×3, 1×1 around a narrow middle.")
    )
    blocks: Counts = knob((2, 2, 2, 2), N_("Blocks per stage"), _PER_STAGE)
    channels: Stages = knob(
        (64, 128, 256, 512),
        N_("Channels per stage"),
        N_("One number per stage; a bottleneck puts out four times as many."),
    )
    groups: int = knob(1, N_("Groups"), N_("Into how many groups the 3×3 convolution is split."), ge=1, le=2048, step=1)
    group_width: int = knob(
        64,
        N_("Width of a group"),
        N_("Channels of one group in a stage of 64; it grows with the stage. Only in bottlenecks."),
        ge=1,
        le=512,
        step=1,
    )
    residual: bool = knob(True, N_("Residual connections"), N_("Without them the same layers form a plain network."))
    shortcut: Literal["projection", "identity"] = knob(
        "projection",
        N_("Shortcut"),
        N_("Where the shape changes: a 1×1 convolution, or the input strided and padded with zero channels."),
    )
    shortcut_norm: bool = knob(
        False, N_("Batch norm on the shortcut"), N_("The paper has it, the chapter does not."), advanced=True
    )
    preactivation: bool = knob(
        False, N_("Pre-activation"), N_("Batch norm and activation before each convolution instead of after it.")
    )
    stem: Literal["imagenet", "small"] = knob(
        "imagenet", N_("Stem"), N_("7×7 with stride 2 and a pooling, or a single 3×3 for small pictures.")
    )
    norm: Norm = _norm("before")
    conv_bias: bool = _conv_bias(True)
    activation: Activation = _activation("relu")
    dropout: float = _dropout(0.0)
    width: float = _width()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _same_length(self.blocks, self.channels)
        if self.block == "basic":
            for channels in self.channels:
                if channels % self.groups:
                    raise CnnvizError("groups_do_not_divide", field="groups", groups=self.groups, channels=channels)
        return self

    def skeleton(self) -> Self:
        """The same sizes with as little else as possible, to find the smallest input quickly."""
        return self.replace(
            block="basic", blocks=(1,) * len(self.channels), groups=1, norm="none", dropout=0.0, width=1 / 32
        )


class DenseNetSpec(ArchitectureSpec):
    """DenseNet: blocks in which every convolution sees all earlier outputs, and transitions that halve between them."""

    family: ClassVar[str] = "densenet"

    image_size: int = _image_size(96)
    stem_channels: int = knob(64, N_("Channels of the stem"), ge=1, le=512, step=1)
    convolutions: Counts = knob((4, 4, 4, 4), N_("Convolutions per dense block"), _PER_STAGE)
    growth_rate: int = knob(32, N_("Growth rate"), N_("Channels that each convolution adds."), ge=1, le=256, step=1)
    bottleneck: int = knob(
        0, N_("Bottleneck"), N_("A 1×1 convolution to so many times the growth rate before each 3×3; 0 for none."),
        ge=0, le=8, step=1,
    )  # fmt: skip
    compression: float = knob(
        0.5, N_("Compression"), N_("Share of the channels that a transition lets through."), ge=0.1, le=1, step=0.05
    )
    transition_pooling: Pooling = knob(
        "average",
        N_("Pooling of the transitions"),
        N_("What a pooling keeps of each window: the largest value or the mean."),
    )
    stem: Literal["imagenet", "small"] = knob(
        "imagenet", N_("Stem"), N_("7×7 with stride 2 and a pooling, or a single 3×3 for small pictures.")
    )
    norm: Norm = _norm("before")
    conv_bias: bool = _conv_bias(True)
    activation: Activation = _activation("relu")
    dropout: float = _dropout(0.0)
    width: float = _width()

    def skeleton(self) -> Self:
        """The same sizes with as little else as possible, to find the smallest input quickly."""
        return self.replace(
            convolutions=(1,) * len(self.convolutions), bottleneck=0, norm="none", dropout=0.0, width=1 / 32
        )


class TorchvisionSpec(ArchitectureSpec):
    """A classification network of torchvision as it ships, apart from channels, classes and input size.

    `image_size` shapes the network only where torchvision's own does so (ViT, MaxViT); elsewhere it is the size of the
    input it is shown at.
    """

    family: ClassVar[str] = "torchvision"

    in_channels: int = knob(3, N_("Channels"), N_("1 for grey pictures, 3 for colour."), ge=1, le=16, step=1)
    num_classes: int = knob(1000, N_("Classes"), N_("Outputs of the last layer."), ge=1, le=100_000, step=1)


def _same_length(layers: tuple[int, ...], channels: tuple[int, ...]) -> None:
    if len(layers) != len(channels):
        raise CnnvizError("lengths_differ", field="channels", first=len(layers), second=len(channels))
