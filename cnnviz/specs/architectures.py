"""The specs of the networks: every knob a person can turn, with its bounds."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob


class ArchitectureSpec(Spec):
    """What every network has: which catalogue entry it started from, and what goes in and comes out.

    `key` names the entry (its title, colour and defaults); the other fields say what was built, so a changed network
    still knows where it came from.
    """

    family: ClassVar[str]

    key: str
    in_channels: int = knob(1, N_("Channels"), N_("1 for grey pictures, 3 for colour."), ge=1, le=16, step=1)
    num_classes: int = knob(10, N_("Classes"), N_("Outputs of the last layer."), ge=1, le=100_000, step=1)
    image_size: int = knob(
        224, N_("Input size"), N_("Height and width of the picture."), ge=1, le=1024, step=1, unit="px"
    )

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image."""
        return self.in_channels, self.image_size, self.image_size

    def options(self) -> dict[str, Any]:
        """The fields as `build` takes them, the key left out."""
        return {name: value for name, value in self if name != "key"}


Activation = Literal["relu", "sigmoid", "tanh", "leaky_relu", "gelu", "silu"]
Norm = Literal["none", "before", "after"]  # batch norm before or after the activation
Pooling = Literal["max", "average"]
Head = Literal["dense", "global"]

_ACTIVATION = N_("Activation")
_ACTIVATION_HELP = N_("The function after each layer that lets the network bend.")
_NORM = N_("Batch norm")
_NORM_HELP = N_("Batch normalisation: none, before the activation, or after it.")
_POOLING = N_("Pooling")
_POOLING_HELP = N_("What a pooling keeps of each window: the largest value or the mean.")
_DROPOUT = N_("Dropout")
_DROPOUT_HELP = N_("Share of the values set to zero at random while training.")
_WIDTH = N_("Width")
_WIDTH_HELP = N_("Multiplies the channels of every layer; parameters grow with its square.")
_HEAD = N_("Head")
_HEAD_HELP = N_("Dense layers over all positions, or one average per channel and a single dense layer.")


def _width() -> Any:
    return knob(1.0, _WIDTH, _WIDTH_HELP, ge=1 / 32, le=4, scale="log")


def _dropout(default: float) -> Any:
    return knob(default, _DROPOUT, _DROPOUT_HELP, ge=0, le=0.9, step=0.05)


Channels = Annotated[int, Field(ge=1, le=4096)]
Count = Annotated[int, Field(ge=1, le=64)]


class LeNetSpec(ArchitectureSpec):
    """LeNet-5 with or without batch norm: two convolutions, each with a pooling, and three dense layers."""

    family: ClassVar[str] = "lenet"

    image_size: int = knob(
        28, N_("Input size"), N_("Height and width of the picture."), ge=1, le=1024, step=1, unit="px"
    )
    channels: tuple[Channels, ...] = knob((6, 16), N_("Channels of the convolutions"))
    kernel_size: int = knob(5, N_("Kernel size"), N_("Height and width of each kernel."), ge=1, le=15, step=1)
    padding: int = knob(2, N_("Padding of the first convolution"), N_("Zeros around the picture."), ge=0, le=7, step=1)
    hidden: tuple[Channels, ...] = knob((120, 84), N_("Units of the dense layers"))
    activation: Activation = knob("sigmoid", _ACTIVATION, _ACTIVATION_HELP)
    pooling: Pooling = knob("average", _POOLING, _POOLING_HELP)
    norm: Norm = knob("none", _NORM, _NORM_HELP)
    dropout: float = _dropout(0.0)
    width: float = _width()


class AlexNetSpec(ArchitectureSpec):
    """AlexNet in the chapter's form: five convolutions and two dense layers of 4,096."""

    family: ClassVar[str] = "alexnet"

    channels: tuple[Channels, Channels, Channels, Channels, Channels] = knob(
        (96, 256, 384, 384, 256), N_("Channels of the convolutions")
    )
    stem_kernel_size: int = knob(
        11, N_("First kernel"), N_("Kernel size of the first convolution."), ge=1, le=15, step=2
    )
    stem_stride: int = knob(4, N_("First stride"), N_("Stride of the first convolution."), ge=1, le=8, step=1)
    hidden: int = knob(4096, N_("Units of the dense layers"), ge=1, le=16384, step=1, scale="log")
    activation: Activation = knob("relu", _ACTIVATION, _ACTIVATION_HELP)
    pooling: Pooling = knob("max", _POOLING, _POOLING_HELP)
    norm: Norm = knob("none", _NORM, _NORM_HELP)
    dropout: float = _dropout(0.5)
    head: Head = knob("dense", _HEAD, _HEAD_HELP)
    width: float = _width()


class VGGSpec(ArchitectureSpec):
    """VGG: blocks of 3×3 convolutions that keep the size and a pooling that halves it, then AlexNet's dense head."""

    family: ClassVar[str] = "vgg"

    convolutions: tuple[Count, ...] = knob((1, 1, 2, 2, 2), N_("Convolutions per block"))
    channels: tuple[Channels, ...] = knob((64, 128, 256, 512, 512), N_("Channels per block"))
    kernel_size: int = knob(3, N_("Kernel size"), N_("Height and width of each kernel."), ge=1, le=7, step=2)
    hidden: int = knob(4096, N_("Units of the dense layers"), ge=1, le=16384, step=1, scale="log")
    activation: Activation = knob("relu", _ACTIVATION, _ACTIVATION_HELP)
    pooling: Pooling = knob("max", _POOLING, _POOLING_HELP)
    norm: Norm = knob("none", _NORM, _NORM_HELP)
    dropout: float = _dropout(0.5)
    head: Head = knob("dense", _HEAD, _HEAD_HELP)
    width: float = _width()

    @model_validator(mode="after")
    def _one_width_per_block(self) -> "VGGSpec":
        if len(self.convolutions) != len(self.channels):
            raise CnnvizError(
                "lengths_differ", field="channels", first=len(self.convolutions), second=len(self.channels)
            )
        return self


class NiNSpec(ArchitectureSpec):
    """NiN: each convolution followed by 1×1 convolutions, and the average over all positions as the output."""

    family: ClassVar[str] = "nin"

    channels: tuple[Channels, Channels, Channels] = knob((96, 256, 384), N_("Channels per block"))
    stem_kernel_size: int = knob(
        11, N_("First kernel"), N_("Kernel size of the first convolution."), ge=1, le=15, step=2
    )
    stem_stride: int = knob(4, N_("First stride"), N_("Stride of the first convolution."), ge=1, le=8, step=1)
    pointwise: int = knob(2, N_("1×1 convolutions per block"), ge=0, le=4, step=1)
    activation: Activation = knob("relu", _ACTIVATION, _ACTIVATION_HELP)
    norm: Norm = knob("none", _NORM, _NORM_HELP)
    dropout: float = _dropout(0.5)
    head: Head = knob("global", _HEAD, _HEAD_HELP)
    width: float = _width()


class GoogLeNetSpec(ArchitectureSpec):
    """GoogLeNet in the chapter's form: nine Inception blocks, no auxiliary heads."""

    family: ClassVar[str] = "googlenet"

    image_size: int = knob(
        96, N_("Input size"), N_("Height and width of the picture."), ge=1, le=1024, step=1, unit="px"
    )
    activation: Activation = knob("relu", _ACTIVATION, _ACTIVATION_HELP)
    norm: Norm = knob("none", _NORM, _NORM_HELP)
    dropout: float = _dropout(0.0)
    width: float = _width()


class ResNetSpec(ArchitectureSpec):
    """ResNet and ResNeXt: a stem and stages of residual blocks.

    The chapter's form has biases in its convolutions and a bare 1×1 convolution as shortcut; the papers' form has
    neither bias nor a shortcut without batch norm.
    """

    family: ClassVar[str] = "resnet"

    image_size: int = knob(
        96, N_("Input size"), N_("Height and width of the picture."), ge=1, le=1024, step=1, unit="px"
    )
    block: Literal["basic", "bottleneck"] = knob(
        "basic", N_("Block"), N_("Two 3×3 convolutions, or 1×1, 3×3, 1×1 around a narrow middle.")
    )
    blocks: tuple[Count, ...] = knob((2, 2, 2, 2), N_("Blocks per stage"))
    channels: tuple[Channels, ...] = knob((64, 128, 256, 512), N_("Channels per stage"))
    groups: int = knob(1, N_("Groups"), N_("Into how many groups the 3×3 convolution is split."), ge=1, le=2048, step=1)
    group_width: int = knob(
        64,
        N_("Width of a group"),
        N_("Channels of one group in the first stage of a bottleneck network."),
        ge=1,
        le=512,
    )
    residual: bool = knob(True, N_("Residual connections"), N_("Without them the same layers form a plain network."))
    shortcut: Literal["projection", "identity"] = knob(
        "projection",
        N_("Shortcut"),
        N_("Where the shape changes: a 1×1 convolution, or the input strided and padded with zero channels."),
    )
    preactivation: bool = knob(
        False, N_("Pre-activation"), N_("Batch norm and activation before each convolution instead of after it.")
    )
    conv_bias: bool = knob(True, N_("Bias in convolutions"), N_("The papers leave it out before batch norm."))
    shortcut_norm: bool = knob(False, N_("Batch norm on the shortcut"), N_("The paper has it, the chapter does not."))
    stem: Literal["imagenet", "small"] = knob(
        "imagenet", N_("Stem"), N_("7×7 with stride 2 and a pooling, or a single 3×3 for small pictures.")
    )
    norm: bool = knob(True, _NORM, N_("Batch normalisation after each convolution."))
    activation: Activation = knob("relu", _ACTIVATION, _ACTIVATION_HELP)
    width: float = _width()

    @model_validator(mode="after")
    def _one_width_per_stage(self) -> "ResNetSpec":
        if len(self.blocks) != len(self.channels):
            raise CnnvizError("lengths_differ", field="channels", first=len(self.blocks), second=len(self.channels))
        return self


class DenseNetSpec(ArchitectureSpec):
    """DenseNet: blocks in which every convolution sees all earlier outputs, with transitions that halve between them."""

    family: ClassVar[str] = "densenet"

    image_size: int = knob(
        96, N_("Input size"), N_("Height and width of the picture."), ge=1, le=1024, step=1, unit="px"
    )
    stem_channels: int = knob(64, N_("Channels of the stem"), ge=1, le=512, step=1)
    convolutions: tuple[Count, ...] = knob((4, 4, 4, 4), N_("Convolutions per dense block"))
    growth_rate: int = knob(32, N_("Growth rate"), N_("Channels that each convolution adds."), ge=1, le=256, step=1)
    bottleneck: int = knob(
        0, N_("Bottleneck"), N_("A 1×1 convolution to so many times the growth rate before each 3×3; 0 for none."),
        ge=0, le=8, step=1,
    )  # fmt: skip
    transition_pooling: Pooling = knob("average", N_("Pooling of the transitions"), _POOLING_HELP)
    conv_bias: bool = knob(True, N_("Bias in convolutions"), N_("The papers leave it out before batch norm."))
    activation: Activation = knob("relu", _ACTIVATION, _ACTIVATION_HELP)
    dropout: float = _dropout(0.0)
    width: float = _width()


class TorchvisionSpec(ArchitectureSpec):
    """A classification network of torchvision as it ships, apart from channels, classes and input size."""

    family: ClassVar[str] = "torchvision"

    in_channels: int = knob(3, N_("Channels"), N_("1 for grey pictures, 3 for colour."), ge=1, le=16, step=1)
    num_classes: int = knob(1000, N_("Classes"), N_("Outputs of the last layer."), ge=1, le=100_000, step=1)
