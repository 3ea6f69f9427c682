"""The two ways a network ends: dense layers over all positions, or one average per channel.

Dense layers need to know how many numbers arrive, so they are sized here from the shape that the body puts out.
"""

from math import prod

from torch import nn

from cnnviz.architectures.dropout import Dropout
from cnnviz.architectures.failure import output_shape
from cnnviz.architectures.layers import Layers, Named, sequence
from cnnviz.specs.architectures import AlexNetSpec, LeNetSpec, NiNSpec, VGGSpec


def dense_head(
    body: Named, spec: LeNetSpec | AlexNetSpec | VGGSpec | NiNSpec, layers: Layers
) -> list[tuple[str, nn.Module]]:
    """Flatten, hidden dense layers and the output: stages `flatten`, `dense1`, `dense2`, …, `output`.

    Args:
        body: the stages before, on the meta device; their output is flattened.
        spec: says what goes in, which hidden layers there are, their dropout and how many classes come out.
        layers: what comes with the hidden layers; the output has neither batch norm nor activation.
    """
    features = prod(output_shape(sequence(body), spec.input_shape))
    stages: list[tuple[str, nn.Module]] = [("flatten", nn.Flatten())]
    for number, hidden in enumerate(spec.hidden, start=1):
        units = spec.scaled(hidden)
        stages.append((f"dense{number}", layers.dense(features, units, spec.dropout)))
        features = units
    return [*stages, ("output", nn.Linear(features, spec.num_classes))]


def global_head(
    channels: int, num_classes: int, dropout: float = 0.0, before: Named = ()
) -> list[tuple[str, nn.Module]]:
    """One stage `head`: average over all positions, flatten, one dense layer.

    Args:
        channels: of the body's output.
        num_classes: outputs.
        dropout: between the average and the dense layer.
        before: modules in front of the average, such as the last batch norm and activation of a pre-activation network.
    """
    parts = [*before, ("pool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten())]
    if dropout:
        parts.append(("dropout", Dropout(dropout)))
    return [("head", sequence([*parts, ("dense", nn.Linear(channels, num_classes))]))]
