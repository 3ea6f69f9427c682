"""ResNet and ResNeXt as source text; mirrors `cnnviz.architectures.resnet`."""

from cnnviz.export.code import Call, Value, call, lay_out, named
from cnnviz.export.layers import Layers, Part
from cnnviz.export.networks.base import Source, Stages, source
from cnnviz.specs.architectures import DenseNetSpec, ResNetSpec

_EXPANSION = 4  # a bottleneck puts out four times the channels of its stage

_PADDED_IDENTITY = '''\
class PaddedIdentity(nn.Module):
    """Every `stride`-th pixel, and channels of zeros for those that are missing (the paper's option A)."""

    def __init__(self, missing: int, stride: int) -> None:
        super().__init__()
        self.missing = missing
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C + missing, ⌈H/stride⌉, ⌈W/stride⌉)."""
        return pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.missing))
'''


def stem(spec: ResNetSpec | DenseNetSpec, layers: Layers, channels: int, stages: Stages) -> None:
    """7×7 with stride 2 and a pooling with stride 2, or one 3×3 for small pictures."""
    kernel_size, stride, padding = (3, 1, 1) if spec.stem == "small" else (7, 2, 3)
    first = layers.conv2d(stages.channels, channels, kernel_size, stride=stride, padding=padding)
    parts: list[Part] = [("conv", first), *layers.norm_and_activation(channels)]
    stages.window("stem.conv", kernel_size, stride=stride, padding=padding)
    if spec.stem == "imagenet":
        stages.window("stem.pool", 3, stride=2, padding=1)
        parts.append(("pool", call("nn.MaxPool2d", 3, stride=2, padding=1)))
    stages.add("stem", named(parts), channels)


def resnet(spec: ResNetSpec) -> Source:
    """The stem, stages of residual blocks, and the average."""
    layers = Layers(spec.activation, spec.norm, bias=spec.conv_bias)
    multiple = spec.groups if spec.block == "basic" else 1
    stages = Stages.of(spec)
    stem(spec, layers, spec.scaled(spec.channels[0], multiple), stages)
    block = _Block(spec, layers)
    for number, (blocks, units) in enumerate(zip(spec.blocks, spec.channels, strict=True), start=1):
        stride = 2 if number > 1 else 1
        stages.window(f"stage{number}.block1.body.conv1", 3, stride=stride, padding=1)
        widths = _widths(spec, spec.scaled(units, multiple))
        stages.add(f"stage{number}", block.stage(blocks, stages.channels, widths, stride), widths[-1])
    last = layers.norm_and_activation(stages.channels) if spec.preactivation else []
    stages.global_head(spec.num_classes, spec.dropout, last)
    return source(stages, layers, blocks=block.definitions())


def _widths(spec: ResNetSpec, channels: int) -> tuple[int, ...]:
    """Channels of the middle, if there is one, and of the output."""
    if spec.block == "basic":
        return (channels,)
    return max(1, int(channels * spec.group_width / 64)) * spec.groups, channels * _EXPANSION


class _Block:
    """The residual block of a network: learns from the stages which of its paths are used, then writes them."""

    def __init__(self, spec: ResNetSpec, layers: Layers) -> None:
        self._spec, self._layers = spec, layers
        self._name = "Bottleneck" if spec.block == "bottleneck" else "ResidualBlock"
        self._names = ["in_channels", *(["middle_channels"] if spec.block == "bottleneck" else []), "out_channels"]
        self._changes: set[bool] = set()  # whether the blocks so far change the shape
        self._strided = False
        self._rows = max(spec.blocks) > 1

    def stage(self, blocks: int, in_channels: int, widths: tuple[int, ...], stride: int) -> Call:
        """The call that builds a stage, for a network that has one like it."""
        self._changes.add(stride != 1 or in_channels != widths[-1])
        if blocks > 1:
            self._changes.add(False)
        options: dict[str, Value] = {} if stride == 1 else {"stride": stride}
        self._strided = self._strided or stride != 1
        if not self._rows:
            return named([("block1", call(self._name, in_channels, *widths, **options))])
        return call("stage", blocks, in_channels, *widths, **options)

    def definitions(self) -> list[str]:
        """The classes and functions, each after those that it needs."""
        padded = self._spec.residual and self._spec.shortcut == "identity" and True in self._changes
        return [*([_PADDED_IDENTITY] if padded else []), self._class(), *([self._stage()] if self._rows else [])]

    @property
    def _signature(self) -> str:
        return ", ".join(f"{name}: int" for name in self._names) + (", stride: int = 1" if self._strided else "")

    def _convolutions(self) -> list[tuple[str, str, Call]]:
        """Each convolution with its channels before and behind."""
        stride: Value = "stride" if self._strided else 1
        groups, conv2d, names = self._spec.groups, self._layers.conv2d, self._names
        if self._spec.block == "basic":
            before, after = names
            return [
                (before, after, conv2d(before, after, 3, stride=stride, padding=1, groups=groups)),
                (after, after, conv2d(after, after, 3, padding=1, groups=groups)),
            ]
        before, middle, after = names
        return [
            (before, middle, conv2d(before, middle, 1)),
            (middle, middle, conv2d(middle, middle, 3, stride=stride, padding=1, groups=groups)),
            (middle, after, conv2d(middle, after, 1)),
        ]

    def _parts(self) -> tuple[list[Part], list[Part]]:
        """What stands beside the shortcut, and what comes behind the sum."""
        parts: list[Part] = []
        dress = self._layers.norm_and_activation
        for number, (before, after, convolution) in enumerate(self._convolutions(), start=1):
            if self._spec.preactivation:
                parts += dress(before, number)
            parts.append((f"conv{number}", convolution))
            if not self._spec.preactivation:
                parts += dress(after, number)
        summed = 0 if self._spec.preactivation else 1 if self._layers.norm != "after" else 2
        tail = [(name.rstrip("0123456789"), value) for name, value in parts[len(parts) - summed :]]
        return parts[: len(parts) - summed], tail

    def _class(self) -> str:
        body, tail = self._parts()
        shortcut = self._shortcut() if self._spec.residual else []
        result = "self.body(x)"
        if self._spec.residual:
            result += " + self.shortcut(x)" if shortcut else " + x"
        for name, _ in tail:
            result = f"self.{name}({result})"
        what = "Convolutions" + (", and the input added to what they put out" if self._spec.residual else "")
        return "\n".join(
            [
                f"class {self._name}(nn.Module):",
                f'    """{what}."""',
                "",
                f"    def __init__(self, {self._signature}) -> None:",
                "        super().__init__()",
                lay_out(named(body), before="self.body = ", indent=8),
                *shortcut,
                *(lay_out(value, before=f"self.{name} = ", indent=8) for name, value in tail),
                "",
                "    def forward(self, x: Tensor) -> Tensor:",
                f'        """(N, in_channels, H, W) → (N, out_channels, {self._size})."""',
                f"        return {result}",
                "",
            ]
        )

    @property
    def _size(self) -> str:
        return "⌈H/stride⌉, ⌈W/stride⌉" if self._strided else "H, W"

    def _shortcut(self) -> list[str]:
        """Lines of the constructor: what changes the input's shape where the convolutions change it."""
        if True not in self._changes:
            return []
        stride: Value = "stride" if self._strided else 1
        if self._spec.shortcut == "identity":
            change = call("PaddedIdentity", "out_channels - in_channels", stride)
        else:
            parts: list[Part] = [("conv", self._layers.conv2d("in_channels", "out_channels", 1, stride=stride))]
            if self._spec.shortcut_norm and self._layers.norm != "none":
                parts.append(("norm", self._layers.batch_norm("out_channels")))
            change = named(parts)
        if False not in self._changes:
            return [lay_out(change, before="self.shortcut = ", indent=8)]
        condition = ("stride != 1 or " if self._strided else "") + "in_channels != out_channels"
        return [
            "        self.shortcut = nn.Identity()",
            f"        if {condition}:",
            lay_out(change, before="self.shortcut = ", indent=12),
        ]

    def _stage(self) -> str:
        first = call(self._name, *self._names, *(["stride"] if self._strided else []))
        more = call(self._name, "out_channels", *self._names[1:])
        return "\n".join(
            [
                f"def stage(blocks: int, {self._signature}) -> nn.Sequential:",
                '    """Blocks one after another, of which only the first may change the shape."""',
                lay_out(call("OrderedDict", block1=first), before="layers = ", indent=4),
                "    for number in range(2, blocks + 1):",
                lay_out(more, before='layers[f"block{number}"] = ', indent=8),
                "    return nn.Sequential(layers)",
                "",
            ]
        )
