"""Dense blocks: where the channels come from, what addition would cost in their place, and what memory they keep.

Huang et al. 2016, "Densely connected convolutional networks", arXiv 1608.06993. Every count comes from the network
taken apart; what is said about concatenation and addition is tried on a block with weights drawn from a seed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cnnviz.inspection import report_of
from cnnviz.inspection.blocks import block_report
from cnnviz.rows import LayerRow, Report
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.blocks import ConvolutionSpec
from cnnviz.specs.catalog import architecture
from cnnviz.specs.labs.dense import DenseLabSpec

USUAL: Final = 96  # px: what the chapter trains with
_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Step:
    """The channels behind one stage of a DenseNet.

    Attributes:
        kind: "stem", "layer" or "transition".
        block: number of the dense block that it belongs to or leads to, from 1.
        layer: number of the layer in its block, from 1; 0 for stem and transitions.
        received: channels that come in.
        parts: channels that go out, by the stage that made them, oldest first; their sum is what goes out.
        size: height and width behind it, px.
        weights: of its convolutions, biases included.
        weights_added: of a 3×3 convolution that could be added instead (layers only): it has to give back as many
            channels as it receives.
    """

    kind: str
    block: int
    layer: int
    received: int
    parts: tuple[int, ...]
    size: int
    weights: int
    weights_added: int = 0

    @property
    def channels(self) -> int:
        """That go out."""
        return sum(self.parts)


def staircase(spec: DenseLabSpec) -> tuple[Step, ...]:
    """The channels through a DenseNet at 96 px, read off the network taken apart."""
    report = report_of(spec.network())
    steps: list[Step] = []
    for stage in report.stages:
        kind, number = stage.name.rstrip("0123456789"), int(stage.name[-1]) if stage.name[-1].isdigit() else 0
        received, made, size = stage.input_shape[1], stage.output_shape[1], stage.output_shape[-1]
        if kind in ("stem", "transition"):
            steps.append(Step(kind, number + 1, 0, received, (made,), size, _weights(report, stage)))
        elif kind == "block":
            for index, layer in enumerate(report.children(stage.path), start=1):
                steps.append(_layer(report, layer, number, index, steps[-1].parts))
    return tuple(steps)


def _layer(report: Report, row: LayerRow, block: int, number: int, before: tuple[int, ...]) -> Step:
    """A dense layer, and a convolution that could be added in its place."""
    received, size = row.input_shape[1], row.output_shape[2]
    added = ConvolutionSpec(in_channels=received, out_channels=received, image_size=size, kernel_size=3, padding=1)
    parts = (*before, row.output_shape[1] - received)
    weights = _weights(report, row)
    return Step("layer", block, number, received, parts, size, weights, block_report(added).parameters)


def _weights(report: Report, row: LayerRow) -> int:
    """Parameters of the convolutions inside a row."""
    return sum(
        leaf.parameters
        for leaf in report.leaves
        if leaf.path.startswith(f"{row.path}.") and leaf.formula.get("kind") == "convolution"
    )


def ceiling(growth_rate: int, layers: int, compression: float) -> float:
    """What the channels behind a block approach however many blocks follow: layers · growth / (1 − compression).

    A block adds layers · growth to what the transition left of its predecessor; where both are in balance, the
    staircase ends. Infinite if nothing is cut.
    """
    return layers * growth_rate / (1 - compression) if compression < 1 else float("inf")


@dataclass(frozen=True, slots=True)
class Joined:
    """What is left of a block's input in its output, by the way in which they were joined.

    Attributes:
        concatenated: largest absolute difference between the input and the output's first channels, where layers
            put their output behind it.
        added: the same where a layer's output is added to it.
    """

    concatenated: float
    added: float


def joined(channels: int = 8, growth_rate: int = 4, layers: int = 4) -> Joined:
    """Send a random picture through dense layers and through residual ones, and look for it in what comes out.

    Args:
        channels: of the picture.
        growth_rate: of the dense layers.
        layers: how many.
    """
    import torch

    from cnnviz.architectures.densenet import DenseBlock

    random = torch.Generator().manual_seed(_SEED)
    picture = torch.randn(2, channels, 8, 8, generator=random)
    with torch.device("meta"):  # weights come from the seed below, not from the global random state
        block = DenseBlock(layers, channels, growth_rate)
    block.to_empty(device="cpu")
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random) / max(1, parameter[0].numel()) ** 0.5)
        concatenated = block(picture)[:, :channels]
        added = picture
        for _ in range(layers):
            kernel = torch.randn(channels, channels, 3, 3, generator=random) / (9 * channels) ** 0.5
            added = added + torch.nn.functional.conv2d(added.relu(), kernel, padding=1)
    return Joined(float((concatenated - picture).abs().max()), float((added - picture).abs().max()))


@dataclass(frozen=True, slots=True)
class Kept:
    """What one network keeps while it trains.

    Attributes:
        key: of the catalogue.
        title: English message.
        image_size: px.
        saved_bytes: kept for the backward pass of the batch.
        copied_bytes: of these, the outputs of concatenations, which hold earlier channels again; 0 without any.
        fresh_bytes: the channels that layers made new, each once: what would be left if nothing were copied.
        parameters: of the network.
    """

    key: str
    title: str
    image_size: int
    saved_bytes: int
    copied_bytes: int
    fresh_bytes: int
    parameters: int


def memory(spec: DenseLabSpec, take_apart: Callable[[ArchitectureSpec, int], Report] = report_of) -> tuple[Kept, ...]:
    """DenseNet and ResNet-18 at 96 px and at the chosen size, in this order.

    Args:
        spec: DenseNet's knobs, the size and the batch size.
        take_apart: network and batch size → report; a page gives one that remembers.
    """
    found = []
    for network in (spec.network(), architecture("resnet18").spec()):
        title = architecture(network.key).title
        for size in (USUAL, spec.size):
            report = take_apart(network.replace(image_size=size), spec.batch)
            joins = [row for row in report.leaves if row.type == "Concatenate"]
            fresh = sum(
                row.output_bytes - row.output_bytes * row.input_shape[1] // row.output_shape[1] for row in joins
            )
            copied = sum(row.output_bytes for row in joins)
            found.append(Kept(network.key, title, size, report.saved_bytes, copied, fresh, report.parameters))
    return tuple(found)
