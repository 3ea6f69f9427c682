"""The blocks of the lab: what is new in each, what the chapter measures it against, and the knobs worth a curve.

What a block is compared with is a spec too, so a comparison is two reports and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.blocks import (
    BlockSpec,
    ConvolutionSpec,
    DenseBlockSpec,
    InceptionSpec,
    NiNBlockSpec,
    ResidualSpec,
    ResNeXtSpec,
    TransitionSpec,
    VGGBlockSpec,
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """What a block is measured against: its title (English message with placeholders), their values and its spec."""

    title: str
    spec: BlockSpec
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the lab.

    Attributes:
        key: its name in links.
        title: English message.
        idea: what is new in it, English message.
        spec_type: its knobs.
        sweeps: the knobs worth a curve, with the values to try; the first one is drawn unless another is chosen.
        alternatives: spec → what the chapter measures it against.
        network: key of the network whose colour it has.
        examples: the chapter's further examples, title (English message) → spec.
    """

    key: str
    title: str
    idea: str
    spec_type: type[BlockSpec]
    sweeps: Mapping[str, Callable[[Any], tuple[int, ...]]]
    alternatives: Callable[[Any], Iterator[Alternative]]
    network: str
    examples: Mapping[str, tuple[str, BlockSpec]]


def divisors(number: int) -> tuple[int, ...]:
    """All divisors from 1 to the number."""
    return tuple(candidate for candidate in range(1, number + 1) if number % candidate == 0)


def _alternative(title: str, spec: BlockSpec, **parameters: Any) -> Alternative:
    return Alternative(title, spec, parameters)


def _one_convolution(spec: BlockSpec, out_channels: int, kernel_size: int, stride: int = 1) -> ConvolutionSpec:
    return ConvolutionSpec(
        in_channels=spec.in_channels, image_size=spec.image_size, out_channels=out_channels, kernel_size=kernel_size,
        stride=stride, padding=kernel_size // 2,
    )  # fmt: skip


_ONE: Final = N_("One {size}×{size} convolution")
_SEVERAL: Final = N_("{count} convolutions of {size}×{size}, which see as far")


def _against_convolution(spec: ConvolutionSpec) -> Iterator[Alternative]:
    sees = spec.repeat * (spec.kernel_size - 1) + 1
    small = (sees - 1) // 2
    if spec.stride == 1 and sees % 2 and sees <= 15:
        if spec.repeat > 1:
            yield _alternative(
                N_("One {size}×{size}, which sees as far"),
                spec.replace(repeat=1, kernel_size=sees, padding=sees // 2),
                size=sees,
            )
        if 1 < small <= 6 and spec.kernel_size != 3:
            yield _alternative(_SEVERAL, spec.replace(repeat=small, kernel_size=3, padding=1), count=small, size=3)
    if spec.groups > 1:
        yield _alternative(N_("Without groups"), spec.replace(groups=1))
    if spec.in_channels == spec.out_channels and spec.groups != spec.in_channels:
        yield _alternative(N_("A group for each channel (depthwise)"), spec.replace(groups=spec.in_channels))


def _against_vgg(spec: VGGBlockSpec) -> Iterator[Alternative]:
    sees = spec.convolutions * (spec.kernel_size - 1) + 1
    if spec.convolutions > 1 and sees <= 13:
        large = spec.replace(convolutions=1, kernel_size=sees)
        yield _alternative(N_("One {size}×{size}, which sees as far"), large, size=sees)
    small = (sees - 1) // 2
    if spec.kernel_size != 3 and 1 < small <= 6:
        yield _alternative(_SEVERAL, spec.replace(convolutions=small, kernel_size=3), count=small, size=3)


def _against_nin(spec: NiNBlockSpec) -> Iterator[Alternative]:
    if spec.pointwise:
        yield _alternative(N_("Without the 1×1 convolutions"), spec.replace(pointwise=0))
        other = 3 if spec.pointwise_kernel_size == 1 else 1
        yield _alternative(N_("{size}×{size} in their place"), spec.replace(pointwise_kernel_size=other), size=other)


def _against_inception(spec: InceptionSpec) -> Iterator[Alternative]:
    for size in (3, 5):
        yield _alternative(_ONE, _one_convolution(spec, spec.out_channels, size), size=size)
    if (spec.c2a and spec.c2b) or (spec.c3a and spec.c3b):
        yield _alternative(N_("Without the 1×1 reductions"), spec.replace(c2a=0, c3a=0))


def _against_residual(spec: ResidualSpec) -> Iterator[Alternative]:
    if spec.shortcut != "none":
        yield _alternative(N_("The same layers without a shortcut"), spec.replace(shortcut="none"))
    if spec.body == "basic" and spec.out_channels >= 4:
        yield _alternative(N_("A bottleneck"), spec.replace(body="bottleneck"))
    if spec.body == "bottleneck":
        yield _alternative(N_("Two 3×3 convolutions"), spec.replace(body="basic"))


def _against_resnext(spec: ResNeXtSpec) -> Iterator[Alternative]:
    if spec.groups > 1:
        yield _alternative(N_("Without groups"), spec.replace(groups=1))
    if spec.groups != spec.middle:
        yield _alternative(N_("A group for each channel (depthwise)"), spec.replace(groups=spec.middle))
    shortcut = "as_is" if spec.stride == 1 and spec.in_channels == spec.channels else "projection"
    yield _alternative(
        N_("ResNet's block of two 3×3"),
        ResidualSpec(
            in_channels=spec.in_channels, image_size=spec.image_size, out_channels=spec.channels, stride=spec.stride,
            shortcut=shortcut,
        ),
    )  # fmt: skip


def _against_dense(spec: DenseBlockSpec) -> Iterator[Alternative]:
    yield _alternative(_ONE, _one_convolution(spec, spec.out_channels, 3), size=3)
    yield _alternative(
        N_("A residual block to as many channels"),
        ResidualSpec(
            in_channels=spec.in_channels,
            image_size=spec.image_size,
            out_channels=spec.out_channels,
            shortcut="projection",
        ),
    )
    if not spec.bottleneck:
        yield _alternative(N_("With bottlenecks of 4 times the growth rate"), spec.replace(bottleneck=4))


def _against_transition(spec: TransitionSpec) -> Iterator[Alternative]:
    yield _alternative(N_("One 3×3 convolution with stride 2"), _one_convolution(spec, spec.out_channels, 3, stride=2))


def _up_to(*values: int) -> Callable[[Any], tuple[int, ...]]:
    return lambda _spec: values


BLOCKS: Final[tuple[Block, ...]] = (
    Block(
        "convolution",
        N_("Convolution"),
        N_("Small kernels in a row see as far as one large kernel, with fewer weights and more bends on the way."),
        ConvolutionSpec,
        {
            "kernel_size": _up_to(1, 3, 5, 7, 9, 11),
            "groups": lambda spec: tuple(
                number for number in divisors(spec.in_channels) if spec.out_channels % number == 0
            ),
            "out_channels": _up_to(16, 32, 64, 128, 256, 512),
        },
        _against_convolution,
        "lenet",
        {
            "two_3x3": (N_("Two 3×3"), ConvolutionSpec(kernel_size=3, padding=1, repeat=2)),
            "three_3x3": (N_("Three 3×3"), ConvolutionSpec(kernel_size=3, padding=1, repeat=3)),
            "depthwise": (N_("Depthwise"), ConvolutionSpec(kernel_size=3, padding=1, groups=64)),
        },
    ),
    Block(
        "vgg",
        N_("VGG block"),
        N_("Two or three 3×3 convolutions, then a pooling: the block, not the layer, becomes the unit of design."),
        VGGBlockSpec,
        {"convolutions": _up_to(1, 2, 3, 4, 5, 6), "kernel_size": _up_to(1, 3, 5, 7)},
        _against_vgg,
        "vgg11",
        {},
    ),
    Block(
        "nin",
        N_("NiN block"),
        N_("1×1 convolutions are a dense layer over the channels, the same at every pixel."),
        NiNBlockSpec,
        {"pointwise": _up_to(0, 1, 2, 3, 4)},
        _against_nin,
        "nin",
        {},
    ),
    Block(
        "inception",
        N_("Inception block"),
        N_("Kernels of several sizes look side by side; cheap 1×1 convolutions narrow what the dear ones get to see."),
        InceptionSpec,
        {"c2a": _up_to(0, 16, 32, 64, 96, 128, 192), "c3a": _up_to(0, 8, 16, 32, 48, 96)},
        _against_inception,
        "googlenet",
        {
            "5b": (
                N_("5b, the last one"),
                InceptionSpec(in_channels=832, image_size=7, c1=384, c2a=192, c2b=384, c3a=48, c3b=128, c4=128),
            )
        },
    ),
    Block(
        "residual",
        N_("Residual block"),
        N_("The block learns what to add to its input, so doing nothing is easy: all it takes are weights of zero."),
        ResidualSpec,
        {"out_channels": _up_to(16, 32, 64, 128, 256)},
        _against_residual,
        "resnet18",
        {
            "three": (N_("3 channels, 6 px"), ResidualSpec(in_channels=3, image_size=6, out_channels=3)),
            "projection": (
                N_("3 → 6 channels, stride 2"),
                ResidualSpec(in_channels=3, image_size=6, out_channels=6, stride=2, shortcut="projection"),
            ),
            "bottleneck": (
                N_("256 channels, bottleneck"),
                ResidualSpec(in_channels=256, image_size=56, out_channels=256, body="bottleneck"),
            ),
        },
    ),
    Block(
        "resnext",
        N_("ResNeXt block"),
        N_("The 3×3 convolution falls into groups: for the same cost the middle can be wider."),
        ResNeXtSpec,
        {"groups": lambda spec: divisors(spec.middle)},
        _against_resnext,
        "resnext50_32x4d",
        {
            "stride": (N_("Stride 2"), ResNeXtSpec(stride=2)),
            "32x4d": (
                N_("32 groups of 4, as in ResNeXt-50"),
                ResNeXtSpec(in_channels=256, image_size=56, channels=256, groups=32, bottleneck=0.5),
            ),
        },
    ),
    Block(
        "dense",
        N_("Dense block"),
        N_(
            "Each layer sees everything before it and adds a few channels: what was found once need not be found again."
        ),
        DenseBlockSpec,
        {"convolutions": _up_to(1, 2, 4, 6, 8, 12, 16), "growth_rate": _up_to(4, 8, 10, 16, 24, 32)},
        _against_dense,
        "densenet",
        {
            "first": (
                N_("The first of DenseNet"),
                DenseBlockSpec(in_channels=64, image_size=24, convolutions=4, growth_rate=32),
            )
        },
    ),
    Block(
        "transition",
        N_("Transition"),
        N_("Between dense blocks a 1×1 convolution cuts the channels and a pooling halves the size."),
        TransitionSpec,
        {"out_channels": _up_to(2, 5, 10, 15, 20, 23)},
        _against_transition,
        "densenet",
        {},
    ),
)


def block(key: str) -> Block:
    """A block by its key.

    Raises:
        CnnvizError: for a key that is none.
    """
    found = next((entry for entry in BLOCKS if entry.key == key), None)
    if found is None:
        allowed = ", ".join(entry.key for entry in BLOCKS)
        raise CnnvizError("value_not_allowed", field="block", label="block", value=str(key)[:60], allowed=allowed)
    return found
