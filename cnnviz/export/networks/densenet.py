"""DenseNet as source text; mirrors `cnnviz.architectures.densenet`."""

from cnnviz.export.code import Call, call, lay_out, named
from cnnviz.export.layers import Layers, Part, function
from cnnviz.export.networks.base import Source, Stages, source
from cnnviz.export.networks.resnet import stem
from cnnviz.specs.architectures import DenseNetSpec


def densenet(spec: DenseNetSpec) -> Source:
    """The stem, dense blocks with transitions between them, and the average."""
    layers = Layers(spec.activation, spec.norm, spec.transition_pooling, spec.conv_bias)
    growth = spec.scaled(spec.growth_rate)
    stages = Stages.of(spec)
    stem(spec, layers, spec.scaled(spec.stem_channels), stages)
    for number, convolutions in enumerate(spec.convolutions, start=1):
        if number > 1:
            name, narrowed = f"transition{number - 1}", max(1, int(stages.channels * spec.compression))
            stages.window(f"{name}.pool", 2, stride=2, channels=narrowed)
            stages.add(name, call("transition", stages.channels, narrowed), narrowed)
        after = stages.channels + convolutions * growth
        stages.add(f"block{number}", call("dense_block", convolutions, stages.channels), after)
    stages.global_head(spec.num_classes, before=layers.norm_and_activation(stages.channels))
    blocks = [_dense_layer(spec, layers, growth), _dense_block(growth)]
    if len(spec.convolutions) > 1:
        blocks.append(_transition(layers))
    return source(stages, layers, blocks=blocks)


def _dense_layer(spec: DenseNetSpec, layers: Layers, growth: int) -> str:
    return "\n".join(
        [
            "class DenseLayer(nn.Module):",
            f'    """{growth} new channels, put behind those of the input."""',
            "",
            "    def __init__(self, in_channels: int) -> None:",
            "        super().__init__()",
            lay_out(_dense_layer_body(spec, layers, growth), before="self.body = ", indent=8),
            "",
            "    def forward(self, x: Tensor) -> Tensor:",
            f'        """(N, in_channels, H, W) → (N, in_channels + {growth}, H, W)."""',
            "        return torch.cat([x, self.body(x)], dim=1)",
            "",
        ]
    )


def _dense_layer_body(spec: DenseNetSpec, layers: Layers, growth: int) -> Call:
    parts: list[Part] = layers.norm_and_activation("in_channels", 1)
    if spec.bottleneck:
        middle = spec.bottleneck * growth
        parts.append(("conv1", layers.conv2d("in_channels", middle, 1)))
        parts += layers.norm_and_activation(middle, 2)
        parts.append(("conv2", layers.conv2d(middle, growth, 3, padding=1)))
    else:
        parts.append(("conv1", layers.conv2d("in_channels", growth, 3, padding=1)))
    if spec.dropout:
        parts.append(("dropout", call("nn.Dropout", spec.dropout)))
    return named(parts)


def _dense_block(growth: int) -> str:
    return f'''\
def dense_block(convolutions: int, in_channels: int) -> nn.Sequential:
    """Dense layers one after another, each over everything before it."""
    layers = OrderedDict()
    for number in range(convolutions):
        layers[f"layer{{number + 1}}"] = DenseLayer(in_channels + {growth} * number)
    return nn.Sequential(layers)
'''


def _transition(layers: Layers) -> str:
    parts = [
        *layers.norm_and_activation("in_channels"),
        ("conv", layers.conv2d("in_channels", "out_channels", 1)),
        ("pool", layers.pool(2, 2)),
    ]
    words = "Fewer channels, and half the height and width"
    return function("transition", "in_channels: int, out_channels: int", words, named(parts))
