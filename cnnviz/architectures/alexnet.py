"""AlexNet, which won ImageNet in 2012.

Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks", figure 2.

Deviations from the paper, which are the chapter's: one tower instead of two half-networks on two graphics cards, so
convolutions 2, 4 and 5 see all channels; no local response normalisation; the first convolution is padded by 1. It
also differs from torchvision's `alexnet`, which follows a later, narrower form (arXiv 1404.5997).
"""

from dataclasses import replace
from itertools import pairwise
from typing import Final

from torch import nn

from cnnviz.architectures.head import dense_head, global_head
from cnnviz.architectures.layers import Layers
from cnnviz.architectures.network import Network
from cnnviz.specs.architectures import AlexNetSpec

POOLED: Final = {1: "pool1", 2: "pool2", 5: "pool3"}  # convolutions that a pooling follows


def body(spec: AlexNetSpec) -> list[tuple[str, nn.Module]]:
    """Five convolutions; a pooling of 3 with stride 2 after the first, the second and the last."""
    layers = _layers(spec, "convolutions")
    channels = [spec.in_channels, *(spec.scaled(units) for units in spec.channels)]
    stages: list[tuple[str, nn.Module]] = []
    shapes = zip(pairwise(channels), spec.kernel_sizes, spec.strides, spec.paddings, strict=True)
    for number, ((before, after), kernel_size, stride, padding) in enumerate(shapes, start=1):
        conv = layers.conv(before, after, kernel_size, stride=stride, padding=padding)
        stages.append((f"conv{number}", conv))  # 96×54², 256×26², 384×12², 384×12², 256×12²
        if number in POOLED:
            stages.append((POOLED[number], layers.pool(3, 2)))  # 96×26², 256×12², 256×5²
    return stages


def alexnet(spec: AlexNetSpec) -> Network:
    """AlexNet: (N, 1, 224, 224) → (N, 10)."""
    stages = body(spec)
    if spec.head == "global":
        head = global_head(spec.scaled(spec.channels[-1]), spec.num_classes, spec.dropout)
    else:
        head = dense_head(stages, spec, _layers(spec, "dense"))  # 6400, 4096, 4096, 10
    return Network(spec, [*stages, *head])


def _layers(spec: AlexNetSpec, part: str) -> Layers:
    layers = Layers(activation=spec.activation, norm=spec.norm, pooling=spec.pooling)
    return layers if spec.norm_layers in ("all", part) else replace(layers, norm="none")
