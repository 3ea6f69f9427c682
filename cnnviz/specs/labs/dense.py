"""The Dense lab: the staircase of channels, terms that are added or kept, and the memory that keeping takes."""

from typing import Final, Literal

from cnnviz.language import N_
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.catalog import architecture
from cnnviz.specs.lab import Question, View

BLOCKS: Final = 4  # dense blocks, as in the chapter's network


class DenseLabSpec(Spec):
    """A DenseNet of four equal blocks by the knobs that shape its channels, and a function as a sum of terms."""

    growth_rate: int = knob(
        32, N_("Growth rate"), N_("Channels that each layer puts behind the others."), ge=4, le=64, step=4, slide=True
    )
    convolutions: int = knob(4, N_("Layers per block"), ge=1, le=8, step=1, slide=True)
    compression: float = knob(
        0.5, N_("Kept by a transition"), N_("Share of the channels; 1 cuts nothing."), ge=0.1, le=1, step=0.05
    )
    stem_channels: int = knob(
        64, N_("Channels of the stem"), N_("What the first block starts from."), ge=8, le=128, step=8, slide=True
    )
    function: Literal["log", "exp", "sin", "bell", "tanh"] = knob("log", N_("Function"))
    terms: int = knob(
        4, N_("Terms"), N_("The first one is the constant; each further one has x once more."), ge=1, le=10, step=1,
        slide=True,
    )  # fmt: skip
    size: Literal[112, 128, 160, 192, 224] = knob(
        128, N_("Image size"), N_("In px; it stands beside the 96 px that the chapter trains with."), slide=True
    )
    batch: Literal[1, 16, 32, 64, 128, 256] = knob(
        64, N_("Batch size"), N_("Pictures that pass through the network together."), slide=True
    )

    def network(self, image_size: int = 96) -> ArchitectureSpec:
        """The network itself, for one input channel and ten classes."""
        return architecture("densenet").spec(
            image_size=image_size,
            growth_rate=self.growth_rate,
            convolutions=(self.convolutions,) * BLOCKS,
            compression=self.compression,
            stem_channels=self.stem_channels,
        )


VIEWS: Final = {
    "staircase": View(
        N_("Staircase"),
        N_(
            "A residual block adds its result to its input. A dense layer puts it behind: every later layer still sees "
            "all earlier ones, and the channels climb a staircase. A transition cuts them with a 1×1 convolution and "
            "halves the picture, so that the next block starts lower."
        ),
        ("growth_rate", "convolutions", "compression", "stem_channels"),
        Question(
            N_("4 layers per block, growth rate 32. Without any cut, how many channels has the last block?"),
            ("248", "512", "576", N_("1,024")),
            2,
            N_(
                "64 + 4 · 4 · 32 = 576. Cut by half between the blocks it is 248: each cut takes away what was "
                "collected long ago, and the staircase stays below {limit} channels however long it gets."
            ),
            {"growth_rate": 32, "convolutions": 4, "stem_channels": 64, "compression": 1.0},
        ),
    ),
    "terms": View(
        N_("Add or keep"),
        N_(
            "A Taylor series takes a function apart: f(x) = f(0) + x·[f′(0) + x·[f″(0)/2! + …]]. ResNet knows two "
            "terms, x + g(x), and adds them. DenseNet keeps all: x, f₁(x), f₂ of both, … side by side, and what comes "
            "later weighs them. Here the terms are added up as the series says, or kept and weighed for the whole "
            "interval."
        ),
        ("function", "terms"),
        Question(
            N_("The series of log(1 + x), from x = −0.9 to 2. More terms added up: does it get better?"),
            (N_("Better everywhere"), N_("Better near 0, worse beyond 1"), N_("No change")),
            1,
            N_(
                "The series only converges up to x = 1; beyond, from the third on, each further term makes it worse. "
                "The very same terms, weighed anew, get better with each: {added} off with 10 terms added up, "
                "{weighed} with 10 weighed. Who keeps the terms can decide later."
            ),
            {"function": "log", "terms": 10},
        ),
    ),
    "memory": View(
        N_("Memory"),
        N_(
            "Few weights, much memory: for the backward pass training keeps what every layer received, and a "
            "concatenation stores all earlier channels once more. The hatched part is the concatenations."
        ),
        ("size", "batch", "convolutions", "growth_rate"),
        Question(
            N_("From 96 to 224 px, what happens to the memory that training keeps?"),
            (N_("2.3 times"), N_("5.4 times"), N_("12.7 times")),
            1,
            N_(
                "(224 / 96)² = 5.4: every feature map has so many more places. The weights stay the same, "
                "{parameters}. At 96 px they keep {dense}; ResNet-18 has {other} weights and keeps {residual}."
            ),
            {"size": 224},
        ),
    ),
}
