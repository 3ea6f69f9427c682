"""NiN: a dense layer over the channels at every pixel, and no dense layer at the end.

Lin et al. 2013, "Network in network", arXiv 1312.4400, figure 2.

Deviations from the paper, which are the chapter's: the convolutions are AlexNet's (11, 5, 3) for ImageNet's size, where
the paper's networks are for 32×32 pictures; one dropout instead of one after every block. The last ReLU sits on the
logits, so no class can score below zero; `output_activation=False` takes it off.
"""

from torch import nn

from cnnviz.architectures.dropout import Dropout
from cnnviz.architectures.head import dense_head
from cnnviz.architectures.layers import PLAIN, Layers, sequence
from cnnviz.architectures.network import Network
from cnnviz.specs.architectures import NiNSpec


def nin_block(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    pointwise: int = 2,
    pointwise_kernel_size: int = 1,
    layers: Layers = PLAIN,
) -> nn.Sequential:
    """A convolution and 1×1 convolutions behind it: (N, C, H, W) → (N, out, H', W').

    Args:
        in_channels: of the input.
        out_channels: of every convolution.
        kernel_size: of the first convolution.
        stride: of the first convolution.
        padding: of the first convolution.
        pointwise: how many 1×1 convolutions follow.
        pointwise_kernel_size: 3 puts 3×3 convolutions, padded by 1, in their place.
        layers: what comes with each convolution.
    """
    parts: list[tuple[str, nn.Module]] = [
        ("conv1", layers.conv(in_channels, out_channels, kernel_size, stride=stride, padding=padding))
    ]
    for number in range(2, pointwise + 2):
        conv = layers.conv(out_channels, out_channels, pointwise_kernel_size, padding=pointwise_kernel_size // 2)
        parts.append((f"conv{number}", conv))
    return sequence(parts)


def body(spec: NiNSpec) -> list[tuple[str, nn.Module]]:
    """Three blocks, each followed by a pooling of 3 with stride 2."""
    layers = _layers(spec)
    stages: list[tuple[str, nn.Module]] = []
    channels = spec.in_channels
    shapes = zip(spec.channels, spec.kernel_sizes, spec.strides, spec.paddings, strict=True)
    for number, (units, kernel_size, stride, padding) in enumerate(shapes, start=1):
        width = spec.scaled(units)
        block = _block(spec, channels, width, kernel_size, stride=stride, padding=padding)
        stages.append((f"block{number}", block))  # 96×54², 256×26², 384×12²
        stages.append((f"pool{number}", layers.pool(3, 2)))  # 96×26², 256×12², 384×5²
        channels = width
    return stages


def nin(spec: NiNSpec) -> Network:
    """NiN: (N, 1, 224, 224) → (N, 10)."""
    stages = body(spec)
    channels = spec.scaled(spec.channels[-1])
    if spec.dropout:
        stages.append(("dropout", Dropout(spec.dropout)))
    for number, units in enumerate(spec.reduction, start=4):
        width = spec.scaled(units)
        stages.append((f"block{number}", _block(spec, channels, width, 3)))
        channels = width
    if spec.head == "dense":
        return Network(spec, [*stages, *dense_head(stages, spec, _layers(spec))])
    output = _block(spec, channels, spec.num_classes, 3)
    if not spec.output_activation:
        *_, (name, last) = output.named_children()
        setattr(output, name, next(last.children()))  # the convolution without what follows it
    stages.append((f"block{4 + len(spec.reduction)}", output))  # 10×5²
    return Network(spec, [*stages, ("pool4", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten())])  # 10×1², 10


def _block(
    spec: NiNSpec, channels: int, width: int, kernel_size: int, *, stride: int = 1, padding: int = 1
) -> nn.Sequential:
    return nin_block(
        channels,
        width,
        kernel_size,
        stride=stride,
        padding=padding,
        pointwise=spec.pointwise,
        pointwise_kernel_size=spec.pointwise_kernel_size,
        layers=_layers(spec),
    )


def _layers(spec: NiNSpec) -> Layers:
    return Layers(activation=spec.activation, norm=spec.norm, pooling=spec.pooling)
