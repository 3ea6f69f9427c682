"""DenseNet: every convolution sees all earlier outputs of its block.

Huang et al. 2016, "Densely connected convolutional networks", arXiv 1608.06993, table 1.

Deviations from the paper: the chapter's form (`densenet`) has ResNet's stem, four blocks of four 3×3 convolutions
without bottlenecks, and biases. The papers' form (`densenet121` and larger) has a 1×1 bottleneck to four times the
growth rate before each 3×3 and no biases. As in torchvision, a transition has its pooling after the 1×1 convolution.
"""

from torch import Tensor, nn

from cnnviz.architectures.dropout import Dropout
from cnnviz.architectures.head import global_head
from cnnviz.architectures.join import Concatenate
from cnnviz.architectures.layers import Layers, sequence
from cnnviz.architectures.network import Network
from cnnviz.specs.architectures import DenseNetSpec

CHAPTER = Layers(norm="before", pooling="average")


class DenseLayer(nn.Module):
    """Batch norm, activation and convolution, concatenated behind the input: (N, C, H, W) → (N, C + growth, H, W).

    Args:
        in_channels: C.
        growth_rate: channels that it adds.
        bottleneck: a 1×1 convolution to so many times the growth rate first; 0 for none.
        dropout: on the new channels.
        layers: batch norm, activation and bias.
    """

    def __init__(
        self, in_channels: int, growth_rate: int, bottleneck: int = 0, dropout: float = 0.0, layers: Layers = CHAPTER
    ) -> None:
        super().__init__()
        convolutions = [layers.bare_conv(in_channels, growth_rate, 3, padding=1)]
        if bottleneck:
            middle = bottleneck * growth_rate
            convolutions = [
                layers.bare_conv(in_channels, middle, 1),
                layers.bare_conv(middle, growth_rate, 3, padding=1),
            ]
        parts: list[tuple[str, nn.Module]] = []
        for number, conv in enumerate(convolutions, start=1):
            parts += layers.norm_and_activation(conv.in_channels, str(number))
            parts.append((f"conv{number}", conv))
        if dropout:
            parts.append(("dropout", Dropout(dropout)))
        self.body = sequence(parts)
        self.concatenate = Concatenate()

    def forward(self, input: Tensor) -> Tensor:
        """Put the new channels behind the old ones."""
        return self.concatenate(input, self.body(input))  # type: ignore[no-any-return]


class DenseBlock(nn.Sequential):
    """Dense layers one after another: (N, C, H, W) → (N, C + convolutions · growth_rate, H, W).

    Args:
        convolutions: how many dense layers.
        in_channels: C.
        growth_rate: channels that each adds.
        bottleneck, dropout, layers: see `DenseLayer`.
    """

    def __init__(
        self,
        convolutions: int,
        in_channels: int,
        growth_rate: int,
        *,
        bottleneck: int = 0,
        dropout: float = 0.0,
        layers: Layers = CHAPTER,
    ) -> None:
        super().__init__()
        for index in range(convolutions):
            channels = in_channels + index * growth_rate
            self.add_module(f"layer{index + 1}", DenseLayer(channels, growth_rate, bottleneck, dropout, layers))
        self.out_channels = in_channels + convolutions * growth_rate


class TransitionBlock(nn.Sequential):
    """Batch norm, activation, 1×1 convolution and a pooling that halves: (N, C, H, W) → (N, out, H/2, W/2).

    Args:
        in_channels: C.
        out_channels: of the 1×1 convolution.
        layers: batch norm, activation, bias and the pooling.
    """

    def __init__(self, in_channels: int, out_channels: int, layers: Layers = CHAPTER) -> None:
        super().__init__()
        for name, module in layers.norm_and_activation(in_channels):
            self.add_module(name, module)
        self.add_module("conv", layers.bare_conv(in_channels, out_channels, 1))
        self.add_module("pool", layers.pool(2, 2))


def stem(spec: DenseNetSpec, channels: int, layers: Layers) -> nn.Sequential:
    """ResNet's stem: 7×7 with stride 2 and a pooling with stride 2, or one 3×3 for small pictures."""
    if spec.stem == "small":
        return layers.conv(spec.in_channels, channels, 3, padding=1)
    conv = layers.conv(spec.in_channels, channels, 7, stride=2, padding=3)
    return sequence([*conv.named_children(), ("pool", nn.MaxPool2d(3, 2, 1))])


def body(spec: DenseNetSpec) -> list[tuple[str, nn.Module]]:
    """The stem, then dense blocks with transitions between them."""
    return _body(spec)[0]


def _body(spec: DenseNetSpec) -> tuple[list[tuple[str, nn.Module]], int]:
    layers = Layers(activation=spec.activation, norm=spec.norm, pooling=spec.transition_pooling, bias=spec.conv_bias)
    channels, growth = spec.scaled(spec.stem_channels), spec.scaled(spec.growth_rate)
    stages: list[tuple[str, nn.Module]] = [("stem", stem(spec, channels, layers))]  # 64×24²
    for number, convolutions in enumerate(spec.convolutions, start=1):
        if number > 1:
            narrowed = max(1, int(channels * spec.compression))
            transition = TransitionBlock(channels, narrowed, layers)
            stages.append((f"transition{number - 1}", transition))  # 96×12², 112×6², 120×3²
            channels = narrowed
        block = DenseBlock(
            convolutions, channels, growth, bottleneck=spec.bottleneck, dropout=spec.dropout, layers=layers
        )
        stages.append((f"block{number}", block))  # 192×24², 224×12², 240×6², 248×3²
        channels = block.out_channels
    return stages, channels


def densenet(spec: DenseNetSpec) -> Network:
    """DenseNet: (N, 1, 96, 96) → (N, 10)."""
    stages, channels = _body(spec)
    layers = Layers(activation=spec.activation, norm=spec.norm)
    last = layers.norm_and_activation(channels)
    return Network(spec, [*stages, *global_head(channels, spec.num_classes, before=last)])  # 10
