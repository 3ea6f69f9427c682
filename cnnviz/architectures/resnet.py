"""ResNet: a block learns what to add to its input.

He et al. 2015, "Deep residual learning for image recognition", arXiv 1512.03385, table 1 and figure 5; pre-activation
from He et al. 2016, arXiv 1603.05027, figure 4(e); ResNeXt's grouped bottleneck from Xie et al. 2016, arXiv 1611.05431.

Deviations from the papers: the chapter's form (`resnet18`, `resnet34`) has biases in its convolutions and no batch norm
on the shortcut's 1×1 convolution. The papers' form has neither bias nor a bare shortcut; its bottlenecks put the stride
on the 3×3 convolution, as torchvision does, where the paper has it on the first 1×1. In a pre-activation network the
shortcut's 1×1 convolution sees the block's bare input, and the stem keeps its batch norm and activation.
"""

from torch import Tensor, nn
from torch.nn.functional import pad

from cnnviz.architectures.head import global_head
from cnnviz.architectures.join import Add
from cnnviz.architectures.layers import Layers, sequence
from cnnviz.architectures.network import Network
from cnnviz.errors import CnnvizError
from cnnviz.specs.architectures import ResNetSpec

CHAPTER = Layers(norm="before")
EXPANSION = 4  # a bottleneck puts out four times the channels of its stage


class PaddedIdentity(nn.Module):
    """The paper's shortcut A: every `stride`-th pixel, and channels of zeros for those that are missing."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.missing = out_channels - in_channels
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) → (N, out, ⌈H/stride⌉, ⌈W/stride⌉); surplus channels are left out."""
        return pad(input[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.missing))

    def extra_repr(self) -> str:
        """What stands between the brackets when it is printed."""
        return f"channels={self.missing:+d}, stride={self.stride}"


class ShortcutBlock(nn.Module):
    """What all residual blocks share: convolutions, a shortcut around them and the sum of both.

    Args:
        convolutions: in order, each with its output channels.
        in_channels: of the input.
        stride: of the convolutions together.
        use_projection: put a 1×1 convolution on the shortcut.
        pad_shortcut: where the shape changes, stride the input and pad it with zero channels (the paper's option A).
        residual: False leaves shortcut and sum out: the same layers as a plain network.
        preactivation: batch norm and activation before each convolution instead of after it.
        shortcut_norm: batch norm behind the shortcut's convolution.
        layers: batch norm, activation and bias of the convolutions.

    Raises:
        CnnvizError: if the shape changes and nothing on the shortcut changes it too.
    """

    def __init__(
        self,
        convolutions: list[nn.Conv2d],
        in_channels: int,
        stride: int,
        *,
        use_projection: bool,
        pad_shortcut: bool,
        residual: bool,
        preactivation: bool,
        shortcut_norm: bool,
        layers: Layers,
    ) -> None:
        super().__init__()
        out_channels = convolutions[-1].out_channels
        changes = stride != 1 or in_channels != out_channels
        if residual and changes and not use_projection and not pad_shortcut:
            raise CnnvizError(
                "shortcut_needed", in_channels=in_channels, out_channels=out_channels, stride=stride,
                received=f"{in_channels}×H×W", expected=f"{out_channels}×" + _halves(stride),
            )  # fmt: skip
        parts: list[tuple[str, nn.Module]] = []
        for number, conv in enumerate(convolutions, start=1):
            if preactivation:
                parts += layers.norm_and_activation(conv.in_channels, str(number))
            parts.append((f"conv{number}", conv))
            if not preactivation:
                parts += layers.norm_and_activation(conv.out_channels, str(number))
        # The last activation of a post-activation block comes after the sum, and so does a batch norm behind it.
        summed = 0 if preactivation else 1 if layers.norm != "after" else 2
        parts, tail = parts[: len(parts) - summed], parts[len(parts) - summed :]
        self.body = sequence(parts)
        if residual:
            if use_projection:
                self.shortcut: nn.Module = _projection(in_channels, out_channels, stride, layers, shortcut_norm)
            else:
                self.shortcut = PaddedIdentity(in_channels, out_channels, stride) if changes else nn.Identity()
            self.add = Add()
        self.residual = residual
        self.tail = tuple(name.rstrip("0123456789") for name, _ in tail)
        for name, (_, module) in zip(self.tail, tail, strict=True):
            self.add_module(name, module)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) → (N, out, ⌈H/stride⌉, ⌈W/stride⌉)."""
        output: Tensor = self.body(input)
        if self.residual:
            output = self.add(output, self.shortcut(input))
        for name in self.tail:
            output = getattr(self, name)(output)
        return output


def _halves(stride: int) -> str:
    return "H×W" if stride == 1 else f"H/{stride}×W/{stride}"


def _projection(in_channels: int, out_channels: int, stride: int, layers: Layers, shortcut_norm: bool) -> nn.Sequential:
    parts: list[tuple[str, nn.Module]] = [("conv", layers.bare_conv(in_channels, out_channels, 1, stride=stride))]
    if shortcut_norm and layers.norm != "none":
        parts.append(("norm", layers.batch_norm(out_channels)))
    return sequence(parts)


class ResidualBlock(ShortcutBlock):
    """Two 3×3 convolutions with batch norm, plus the input, activated.

    Args:
        in_channels: of the input.
        out_channels: of both convolutions.
        stride: of the first convolution.
        use_projection: put a 1×1 convolution on the shortcut; needed where the shape changes.
        pad_shortcut: instead, stride the input and pad it with zero channels.
        groups: of both convolutions.
        residual, preactivation, shortcut_norm, layers: see `ShortcutBlock`.

    Raises:
        CnnvizError: if the shape changes and nothing on the shortcut changes it too; if the groups do not divide.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        *,
        use_projection: bool = False,
        pad_shortcut: bool = False,
        groups: int = 1,
        residual: bool = True,
        preactivation: bool = False,
        shortcut_norm: bool = False,
        layers: Layers = CHAPTER,
    ) -> None:
        check_groups(groups, in_channels, out_channels)
        super().__init__(
            [
                layers.bare_conv(in_channels, out_channels, 3, stride=stride, padding=1, groups=groups),
                layers.bare_conv(out_channels, out_channels, 3, padding=1, groups=groups),
            ],
            in_channels, stride, use_projection=use_projection, pad_shortcut=pad_shortcut, residual=residual,
            preactivation=preactivation, shortcut_norm=shortcut_norm, layers=layers,
        )  # fmt: skip


class BottleneckBlock(ShortcutBlock):
    """1×1 to a narrow middle, 3×3 (grouped in ResNeXt), 1×1 to the output's channels, plus the input, activated.

    Args:
        in_channels: of the input.
        middle_channels: of the 3×3 convolution.
        out_channels: of the last convolution.
        stride: of the 3×3 convolution.
        groups: of the 3×3 convolution.
        use_projection, pad_shortcut, residual, preactivation, shortcut_norm, layers: see `ShortcutBlock`.

    Raises:
        CnnvizError: if the shape changes and nothing on the shortcut changes it too; if the groups do not divide.
    """

    def __init__(
        self,
        in_channels: int,
        middle_channels: int,
        out_channels: int,
        stride: int = 1,
        groups: int = 1,
        *,
        use_projection: bool = False,
        pad_shortcut: bool = False,
        residual: bool = True,
        preactivation: bool = False,
        shortcut_norm: bool = True,
        layers: Layers = CHAPTER,
    ) -> None:
        check_groups(groups, middle_channels)
        super().__init__(
            [
                layers.bare_conv(in_channels, middle_channels, 1),
                layers.bare_conv(middle_channels, middle_channels, 3, stride=stride, padding=1, groups=groups),
                layers.bare_conv(middle_channels, out_channels, 1),
            ],
            in_channels, stride, use_projection=use_projection, pad_shortcut=pad_shortcut, residual=residual,
            preactivation=preactivation, shortcut_norm=shortcut_norm, layers=layers,
        )  # fmt: skip


def check_groups(groups: int, *channels: int) -> None:
    """Refuse groups that do not divide.

    Raises:
        CnnvizError: for the first number of channels that they do not divide.
    """
    for number in channels:
        if groups < 1 or number % groups:
            raise CnnvizError("groups_do_not_divide", field="groups", groups=groups, channels=number)


def stem(spec: ResNetSpec, channels: int, layers: Layers) -> nn.Sequential:
    """7×7 with stride 2 and a pooling with stride 2, or one 3×3 for small pictures."""
    if spec.stem == "small":
        return layers.conv(spec.in_channels, channels, 3, padding=1)
    conv = layers.conv(spec.in_channels, channels, 7, stride=2, padding=3)
    return sequence([*conv.named_children(), ("pool", nn.MaxPool2d(3, 2, 1))])


def body(spec: ResNetSpec) -> list[tuple[str, nn.Module]]:
    """The stem and the stages; every stage but the first begins with stride 2."""
    layers = _layers(spec)
    multiple = spec.groups if spec.block == "basic" else 1
    channels = spec.scaled(spec.channels[0], multiple)
    stages: list[tuple[str, nn.Module]] = [("stem", stem(spec, channels, layers))]  # 64×24²
    for number, (blocks, units) in enumerate(zip(spec.blocks, spec.channels, strict=True), start=1):
        parts: list[tuple[str, nn.Module]] = []
        for index in range(1, blocks + 1):
            stride = 2 if number > 1 and index == 1 else 1
            block, channels = _block(spec, channels, spec.scaled(units, multiple), stride, layers)
            parts.append((f"block{index}", block))
        stages.append((f"stage{number}", sequence(parts)))  # 64×24², 128×12², 256×6², 512×3²
    return stages


def _block(spec: ResNetSpec, in_channels: int, channels: int, stride: int, layers: Layers) -> tuple[ShortcutBlock, int]:
    """One block of a stage and the channels that it puts out."""
    out_channels = channels if spec.block == "basic" else channels * EXPANSION
    changes = stride != 1 or in_channels != out_channels
    common = {
        "use_projection": changes and spec.shortcut == "projection",
        "pad_shortcut": spec.shortcut == "identity",
        "residual": spec.residual,
        "preactivation": spec.preactivation,
        "shortcut_norm": spec.shortcut_norm,
    }
    if spec.block == "basic":
        block: ShortcutBlock = ResidualBlock(
            in_channels, out_channels, stride, groups=spec.groups, layers=layers, **common
        )
    else:
        middle = max(1, int(channels * spec.group_width / 64)) * spec.groups
        block = BottleneckBlock(in_channels, middle, out_channels, stride, spec.groups, layers=layers, **common)
    return block, out_channels


def resnet(spec: ResNetSpec) -> Network:
    """ResNet and ResNeXt: (N, 1, 96, 96) → (N, 10)."""
    stages = body(spec)
    multiple = spec.groups if spec.block == "basic" else 1
    channels = spec.scaled(spec.channels[-1], multiple) * (1 if spec.block == "basic" else EXPANSION)
    last = _layers(spec).norm_and_activation(channels) if spec.preactivation else []
    return Network(spec, [*stages, *global_head(channels, spec.num_classes, spec.dropout, last)])  # 10


def _layers(spec: ResNetSpec) -> Layers:
    return Layers(activation=spec.activation, norm=spec.norm, bias=spec.conv_bias)
