"""What the families share: stages with the shape behind each, the two heads, and the refusal of an input too small."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cnnviz.export.code import NAMED, Argument, Call, Value, call, calls, named
from cnnviz.export.layers import Layers, Part, dense
from cnnviz.specs.architectures import AlexNetSpec, ArchitectureSpec, LeNetSpec, NiNSpec, VGGSpec


@dataclass(frozen=True, slots=True)
class Source:
    """A network as source text.

    Attributes:
        network: the call that builds it.
        definitions: the functions and classes that the call needs, each after those that it needs itself.
    """

    network: Call
    definitions: tuple[str, ...]


class TooSmallError(Exception):
    """An input of which a layer leaves nothing.

    Attributes:
        layer: the path of the first such layer.
        received: what arrives there, as "64×3×3".
    """

    def __init__(self, layer: str, received: str) -> None:
        super().__init__(layer)
        self.layer = layer
        self.received = received


@dataclass(slots=True)
class Stages:
    """The stages of a network in the making.

    Attributes:
        channels: that come out of the last stage.
        size: its height and width in px; a network takes squares.
        arguments: the stages so far.
    """

    channels: int
    size: int
    arguments: list[Argument] = field(default_factory=list)

    @classmethod
    def of(cls, spec: ArchitectureSpec) -> "Stages":
        """Nothing yet behind the input."""
        return cls(spec.in_channels, spec.image_size)

    def window(
        self, layer: str, kernel_size: int, *, stride: int = 1, padding: int = 0, channels: int | None = None
    ) -> None:
        """Slide a kernel over the picture: size ← ⌊(size + 2·padding − kernel_size) / stride⌋ + 1.

        Args:
            layer: its path, for the error.
            kernel_size: of the layer.
            stride: of the layer.
            padding: on every side.
            channels: that reach it, where an earlier layer of the same stage changes them.

        Raises:
            TooSmallError: if nothing is left.
        """
        size = (self.size + 2 * padding - kernel_size) // stride + 1
        if size < 1:
            raise TooSmallError(layer, f"{channels or self.channels}×{self.size}×{self.size}")
        self.size = size

    def add(self, name: str, value: Value, channels: int | None = None) -> None:
        """One more stage that puts out pictures of `channels`, or of as many as before."""
        self.channels = channels or self.channels
        self._add(name, value, f"(N, {self.channels}, {self.size}, {self.size})")

    def add_flat(self, name: str, value: Value, features: int) -> None:
        """One more stage that puts out vectors."""
        self._add(name, value, f"(N, {features})")

    def _add(self, name: str, value: Value, shape: str) -> None:
        self.arguments.append(Argument(name, value, shape))

    def dense_head(self, spec: LeNetSpec | AlexNetSpec | VGGSpec | NiNSpec) -> None:
        """Flatten, hidden dense layers and the output; see `cnnviz.architectures.head`."""
        features = self.channels * self.size**2
        self.add_flat("flatten", call("nn.Flatten"), features)
        for number, hidden in enumerate(spec.hidden, start=1):
            units = spec.scaled(hidden)
            self.add_flat(f"dense{number}", dense(features, units), units)
            features = units
        self.add_flat("output", call("nn.Linear", features, spec.num_classes), spec.num_classes)

    def global_head(self, num_classes: int, dropout: float = 0.0, before: Iterable[Part] = ()) -> None:
        """Average over all positions and one dense layer; see `cnnviz.architectures.head`."""
        parts: list[Part] = [*before, ("pool", call("nn.AdaptiveAvgPool2d", 1)), ("flatten", call("nn.Flatten"))]
        if dropout:
            parts.append(("dropout", call("nn.Dropout", dropout)))
        parts.append(("dense", call("nn.Linear", self.channels, num_classes)))
        self.add_flat("head", named(parts), num_classes)

    @property
    def network(self) -> Call:
        """All stages, one a line."""
        return Call("named", tuple(self.arguments), open=True)


def source(
    stages: Stages,
    layers: Layers,
    *,
    dense_layers: Layers | None = None,
    dropout: float = 0.0,
    blocks: Iterable[str] = (),
    inside: Iterable[Value] = (),
) -> Source:
    """A network with the helpers that it calls.

    Args:
        stages: of the network.
        layers: how its convolutions are dressed.
        dense_layers: how its dense layers are dressed, if otherwise.
        dropout: behind each hidden dense layer.
        blocks: the definitions of its blocks.
        inside: what those contain, since they may call helpers too.
    """
    network, dense_layers = stages.network, dense_layers or layers
    everything = call("", network, *inside)
    used = {one.function for one in calls(everything)}
    definitions = [NAMED]
    if layers.norm_kind != "standard" and {layers.norm, dense_layers.norm} != {"none"}:
        definitions.append(layers.norm_definition())
    if "conv" in used:
        definitions.append(layers.conv_definition(everything))
    if "dense" in used:
        definitions.append(dense_layers.dense_definition(dropout))
    return Source(network, (*definitions, *blocks))
