"""VGG: the block as the unit of design.

Simonyan & Zisserman 2014, "Very deep convolutional networks for large-scale image recognition", arXiv 1409.1556,
table 1: columns A (VGG-11), B (13), D (16) and E (19).

Deviations from the paper: none in the layers; the chapter feeds one channel and asks for ten classes.
"""

from dataclasses import replace

from torch import nn

from cnnviz.architectures.head import dense_head, global_head
from cnnviz.architectures.layers import PLAIN, Layers, sequence
from cnnviz.architectures.network import Network
from cnnviz.specs.architectures import VGGSpec


def vgg_block(
    convolutions: int, in_channels: int, out_channels: int, kernel_size: int = 3, layers: Layers = PLAIN
) -> nn.Sequential:
    """Convolutions that keep height and width, then a pooling that halves both: (N, C, H, W) → (N, out, H/2, W/2).

    Args:
        convolutions: how many.
        in_channels: of the input.
        out_channels: of every convolution.
        kernel_size: odd; each is padded by half of it.
        layers: what comes with each convolution.
    """
    parts: list[tuple[str, nn.Module]] = []
    for number in range(1, convolutions + 1):
        channels = in_channels if number == 1 else out_channels
        parts.append((f"conv{number}", layers.conv(channels, out_channels, kernel_size, padding=kernel_size // 2)))
    return sequence([*parts, ("pool", layers.pool(2, 2))])


def body(spec: VGGSpec) -> list[tuple[str, nn.Module]]:
    """The blocks."""
    layers = _layers(spec, "convolutions")
    stages: list[tuple[str, nn.Module]] = []
    channels = spec.in_channels
    for number, (convolutions, units) in enumerate(zip(spec.convolutions, spec.channels, strict=True), start=1):
        width = spec.scaled(units)
        block = vgg_block(convolutions, channels, width, spec.kernel_size, layers)
        stages.append((f"block{number}", block))  # 64×112², 128×56², 256×28², 512×14², 512×7²
        channels = width
    return stages


def vgg(spec: VGGSpec) -> Network:
    """VGG: (N, 1, 224, 224) → (N, 10)."""
    stages = body(spec)
    if spec.head == "global":
        head = global_head(spec.scaled(spec.channels[-1]), spec.num_classes, spec.dropout)
    else:
        head = dense_head(stages, spec, _layers(spec, "dense"))  # 25088, 4096, 4096, 10
    return Network(spec, [*stages, *head])


def _layers(spec: VGGSpec, part: str) -> Layers:
    layers = Layers(activation=spec.activation, norm=spec.norm, pooling=spec.pooling)
    return layers if spec.norm_layers in ("all", part) else replace(layers, norm="none")
