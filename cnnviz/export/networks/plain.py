"""The networks without side paths, as source text: LeNet, AlexNet, VGG and NiN.

Each mirrors its namesake in `cnnviz.architectures`, where the paper and the deviations from it stand.
"""

from dataclasses import replace
from typing import Final

from cnnviz.export.code import Call, call, lay_out, named
from cnnviz.export.layers import Layers, Part, conv, function
from cnnviz.export.networks.base import Source, Stages, source
from cnnviz.specs.architectures import AlexNetSpec, LeNetSpec, NiNSpec, VGGSpec

_ALEXNET_POOLED: Final = {1: "pool1", 2: "pool2", 5: "pool3"}  # convolutions that a pooling follows


def lenet(spec: LeNetSpec) -> Source:
    """Convolutions, each with a pooling that halves, and dense layers."""
    layers = Layers(
        spec.activation, spec.norm, spec.pooling, spec.conv_bias, norm_kind=spec.norm_kind, norm_affine=spec.norm_affine
    )
    stages = Stages.of(spec)
    for number, units in enumerate(spec.channels, start=1):
        stride, padding = (spec.stride, spec.padding) if number == 1 else (1, 0)
        _convolution(stages, f"conv{number}", spec.scaled(units), spec.kernel_size, stride, padding)
        _pooling(stages, f"pool{number}", layers, 2)
    stages.dense_head(spec)
    return _with_dense(spec, stages, layers)


def alexnet(spec: AlexNetSpec) -> Source:
    """Five convolutions, three of them with a pooling, and one of the two heads."""
    layers = Layers(spec.activation, spec.norm, spec.pooling)
    stages = Stages.of(spec)
    shapes = zip(spec.channels, spec.kernel_sizes, spec.strides, spec.paddings, strict=True)
    for number, (units, kernel_size, stride, padding) in enumerate(shapes, start=1):
        _convolution(stages, f"conv{number}", spec.scaled(units), kernel_size, stride, padding)
        if number in _ALEXNET_POOLED:
            _pooling(stages, _ALEXNET_POOLED[number], layers, 3)
    _head(spec, stages)
    return _with_dense(spec, stages, layers)


def vgg(spec: VGGSpec) -> Source:
    """Blocks of convolutions that keep the size and a pooling that halves it, and one of the two heads."""
    layers = Layers(spec.activation, spec.norm, spec.pooling)
    stages = Stages.of(spec)
    for number, (convolutions, units) in enumerate(zip(spec.convolutions, spec.channels, strict=True), start=1):
        width = spec.scaled(units)
        stages.window(f"block{number}.pool", 2, stride=2, channels=width)
        stages.add(f"block{number}", call("vgg_block", convolutions, stages.channels, width), width)
    _head(spec, stages)
    body = conv("in_channels", "out_channels", spec.kernel_size, padding=spec.kernel_size // 2)
    block = "\n".join(
        [
            "def vgg_block(convolutions: int, in_channels: int, out_channels: int) -> nn.Sequential:",
            '    """Convolutions that keep height and width, then a pooling that halves both."""',
            "    layers = OrderedDict()",
            "    for number in range(1, convolutions + 1):",
            lay_out(body, before='layers[f"conv{number}"] = ', indent=8),
            "        in_channels = out_channels",
            lay_out(layers.pool(2, 2), before='layers["pool"] = ', indent=4),
            "    return nn.Sequential(layers)",
            "",
        ]
    )
    return _with_dense(spec, stages, layers, block, body)


def nin(spec: NiNSpec) -> Source:
    """Blocks of a convolution and 1×1 convolutions behind it; the classes come from a block, or from dense layers."""
    layers = Layers(spec.activation, spec.norm, spec.pooling)
    stages = Stages.of(spec)
    shapes = zip(spec.channels, spec.kernel_sizes, spec.strides, spec.paddings, strict=True)
    for number, (units, kernel_size, stride, padding) in enumerate(shapes, start=1):
        block, width = f"block{number}", spec.scaled(units)
        stages.window(f"{block}.conv1.conv", kernel_size, stride=stride, padding=padding)
        stages.add(block, _nin_call(stages.channels, width, kernel_size, stride, padding), width)
        _pooling(stages, f"pool{number}", layers, 3)
    if spec.dropout:
        stages.add("dropout", call("nn.Dropout", spec.dropout))
    for number, units in enumerate(spec.reduction, start=4):
        width = spec.scaled(units)
        stages.add(f"block{number}", _nin_call(stages.channels, width, 3, 1, 1), width)
    parts = _nin_parts(spec)
    if spec.head == "dense":
        stages.dense_head(spec)
    else:
        output = _nin_call(stages.channels, spec.num_classes, 3, 1, 1)
        if not spec.output_activation:
            output = _bare_output(spec, stages.channels, layers)
        stages.add(f"block{4 + len(spec.reduction)}", output, spec.num_classes)
        stages.size = 1
        stages.add("pool4", call("nn.AdaptiveAvgPool2d", 1))
        stages.add_flat("flatten", call("nn.Flatten"), spec.num_classes)
    signature = "in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: int"
    words = "A convolution" + (f" and {spec.pointwise} more behind it" if spec.pointwise else "")
    block_code = function("nin_block", signature, words, named(parts))
    return source(stages, layers, dropout=spec.dropout, blocks=[block_code], inside=[named(parts)])


def _nin_call(in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: int) -> Call:
    options = {"stride": stride, "padding": padding}
    return call("nin_block", in_channels, out_channels, kernel_size, **options)


def _nin_parts(spec: NiNSpec) -> list[Part]:
    """What a block consists of, in terms of its arguments."""
    first = conv("in_channels", "out_channels", "kernel_size", stride="stride", padding="padding")
    kernel_size = spec.pointwise_kernel_size
    behind = conv("out_channels", "out_channels", kernel_size, padding=kernel_size // 2)
    return [("conv1", first), *((f"conv{number}", behind) for number in range(2, spec.pointwise + 2))]


def _bare_output(spec: NiNSpec, channels: int, layers: Layers) -> Call:
    """The last block with its last convolution bare, so that the logits are not activated."""
    classes, kernel_size = spec.num_classes, spec.pointwise_kernel_size
    if not spec.pointwise:
        return named([("conv1", layers.conv2d(channels, classes, 3, padding=1))])
    parts: list[Part] = [("conv1", conv(channels, classes, 3, padding=1))]
    for number in range(2, spec.pointwise + 1):
        parts.append((f"conv{number}", conv(classes, classes, kernel_size, padding=kernel_size // 2)))
    last = layers.conv2d(classes, classes, kernel_size, padding=kernel_size // 2)
    return named([*parts, (f"conv{spec.pointwise + 1}", last)])


def _convolution(stages: Stages, name: str, channels: int, kernel_size: int, stride: int, padding: int) -> None:
    stages.window(f"{name}.conv", kernel_size, stride=stride, padding=padding)
    stages.add(name, conv(stages.channels, channels, kernel_size, stride=stride, padding=padding), channels)


def _pooling(stages: Stages, name: str, layers: Layers, kernel_size: int) -> None:
    stages.window(name, kernel_size, stride=2)
    stages.add(name, layers.pool(kernel_size, 2))


def _head(spec: AlexNetSpec | VGGSpec, stages: Stages) -> None:
    if spec.head == "global":
        stages.global_head(spec.num_classes, spec.dropout)
    else:
        stages.dense_head(spec)


def _with_dense(spec: LeNetSpec | AlexNetSpec | VGGSpec, stages: Stages, layers: Layers, *block: str | Call) -> Source:
    """Batch norm may be wanted in the convolutions or the dense layers alone."""
    bare = replace(layers, norm="none")
    convolutions = layers if spec.norm_layers in ("all", "convolutions") else bare
    dense_layers = layers if spec.norm_layers in ("all", "dense") else bare
    return source(
        stages,
        convolutions,
        dense_layers=dense_layers,
        dropout=spec.dropout,
        blocks=[text for text in block if isinstance(text, str)],
        inside=[inner for inner in block if isinstance(inner, Call)],
    )
