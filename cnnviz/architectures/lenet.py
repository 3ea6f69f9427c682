"""LeNet-5, the network that read digits on cheques, and the same with batch norm.

LeCun et al. 1998, "Gradient-based learning applied to document recognition", figure 2 and section II.B; batch norm from
Ioffe & Szegedy 2015, arXiv 1502.03167.

Deviations from the paper, which are the chapter's: the poolings are plain averages without weights; the second
convolution sees all six channels instead of table I's selection; sigmoid instead of a scaled tanh; the output is a
dense layer instead of Gaussian connections. With batch norm the chapter leaves the first padding out.
"""

from dataclasses import replace

from torch import nn

from cnnviz.architectures.head import dense_head
from cnnviz.architectures.layers import Layers
from cnnviz.architectures.network import Network
from cnnviz.specs.architectures import LeNetSpec


def body(spec: LeNetSpec) -> list[tuple[str, nn.Module]]:
    """The convolutions, each with a pooling that halves."""
    layers = _layers(spec, "convolutions")
    stages: list[tuple[str, nn.Module]] = []
    channels = spec.in_channels
    for number, units in enumerate(spec.channels, start=1):
        stride, padding = (spec.stride, spec.padding) if number == 1 else (1, 0)
        width = spec.scaled(units)
        conv = layers.conv(channels, width, spec.kernel_size, stride=stride, padding=padding)
        stages.append((f"conv{number}", conv))  # 6×28², 16×10²
        stages.append((f"pool{number}", layers.pool(2, 2)))  # 6×14², 16×5²
        channels = width
    return stages


def lenet(spec: LeNetSpec) -> Network:
    """LeNet: (N, 1, 28, 28) → (N, 10)."""
    stages = body(spec)
    return Network(spec, [*stages, *dense_head(stages, spec, _layers(spec, "dense"))])  # 400, 120, 84, 10


def _layers(spec: LeNetSpec, part: str) -> Layers:
    layers = Layers(
        activation=spec.activation,
        norm=spec.norm,
        pooling=spec.pooling,
        bias=spec.conv_bias,
        norm_kind=spec.norm_kind,
        norm_affine=spec.norm_affine,
    )
    return layers if spec.norm_layers in ("all", part) else replace(layers, norm="none")
