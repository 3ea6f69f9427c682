"""The lab of batch norm: what is averaged, the two modes, the noise of small batches, and the race."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.lab import Question, Racer, View
from cnnviz.specs.presets import chapter_config

BatchSize = Literal[1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
CHANNELS: Final = 6  # of LeNet's first convolution; of a dense layer so many units are offered


class BatchNormSpec(Spec):
    """The knobs of all views."""

    layer: Literal["convolution", "dense_layer"] = knob(
        "convolution", N_("Layer"), N_("The first convolution of LeNet, or its first dense layer.")
    )
    channel: int = knob(
        1, N_("Channel"), N_("Whose values are looked at; of a dense layer, a unit."), ge=1, le=CHANNELS, slide=True
    )
    batch_size: BatchSize = knob(4, N_("Batch size"), N_("Pictures that are normalised together."), slide=True)
    batches: int = knob(
        5, N_("Batches seen"), N_("In training mode, before the network is asked."), ge=0, le=100, step=1, slide=True
    )
    momentum: float = knob(
        0.1, N_("Share of the new batch"), N_("In the moving averages; PyTorch calls it momentum."),
        ge=0.01, le=1, step=0.01,
    )  # fmt: skip
    learning_rate: Literal["0.01", "0.03", "0.1", "0.3", "1", "3"] = knob(
        "0.3", N_("Learning rate"), N_("The same for both networks."), slide=True
    )


VIEWS: Final[Mapping[str, View]] = MappingProxyType(
    {
        "axes": View(
            N_("What is averaged"),
            N_(
                "Batch norm shifts and scales each channel so that, over the batch, its mean is 0 and its deviation 1; "
                "a learned γ and β then scale and shift it again. In the figure each row is a picture and each column "
                "a channel: what is framed is averaged together."
            ),
            ("layer", "channel", "batch_size"),
            Question(
                N_("A convolution with 6 channels, a batch of 8: how many means does batch norm compute?"),
                (N_("6, one per channel"), N_("48, one per picture and channel"), N_("3,456, one per value of a map")),
                0,
                N_(
                    "One per channel: the frame runs over all pictures and all {positions} positions of a map, "
                    "{values} values at the chosen batch size. A dense layer has no positions, so one mean per unit "
                    "over the pictures alone."
                ),
                {"layer": "convolution", "batch_size": 8},
            ),
        ),
        "modes": View(
            N_("Training and prediction"),
            N_(
                "A network in use may see a single picture, so it cannot ask the batch. While training, batch norm "
                "keeps moving averages of mean and variance; in prediction mode it uses those. At the right, the same "
                "batch goes through both modes."
            ),
            ("batches", "momentum", "batch_size", "layer", "channel"),
            Question(
                N_("No batch seen yet: what does batch norm do in prediction mode?"),
                (N_("It normalises as always"), N_("It leaves the values as they are"), N_("It makes all values 0")),
                1,
                N_(
                    "The averages start at mean 0 and variance 1, so nothing is shifted or scaled (up to ε). With a "
                    "share of {momentum} for each new batch, the start still counts for {left} after {batches} batches."
                ),
                {"batches": 0},
            ),
        ),
        "noise": View(
            N_("The noise of a batch"),
            N_(
                "A picture's normalised value depends on the pictures that happen to share its batch. In the figure, "
                "one and the same garment in 60 different batches of each size. This noise keeps a network from "
                "relying on exact values; the book *Dive into Deep Learning* advises batches of 50 to 100."
            ),
            ("batch_size", "layer", "channel"),
            Question(
                N_("Batches 16 times as large: what becomes of the spread?"),
                (N_("A half of it is left"), N_("A quarter of it is left"), N_("A sixteenth of it is left")),
                1,
                N_(
                    "A mean of n pictures varies by 1/√n, and √16 is 4: measured, the spread is {small} with batches "
                    "of 16 and {large} with batches of 256. A dense layer with a batch of 1 leaves zeros, since a "
                    "value minus itself is 0; PyTorch refuses to train so."
                ),
                {"batch_size": 256},
            ),
        ),
        "race": View(
            N_("The race"),
            N_(
                "LeNet against LeNet with batch norm: one epoch of plain SGD over all 60,000 pictures, the same "
                "learning rate for both. How large a step does each of them bear?"
            ),
            ("learning_rate",),
            Question(
                N_("At a learning rate of 0.1, after one epoch: how often is LeNet without batch norm right?"),
                (N_("About 10 %"), N_("About 50 %"), N_("About 80 %")),
                0,
                N_(
                    "It still guesses one of ten classes: its four sigmoids leave too little of the gradient. With "
                    "batch norm each layer's inputs stay where the sigmoid is steep, and the same epoch leads past "
                    "75 %."
                ),
                {"learning_rate": "0.1"},
            ),
        ),
    }
)


def racers(learning_rate: float) -> tuple[Racer, ...]:
    """LeNet with and without batch norm: the chapter's settings, one epoch, the same learning rate."""
    titles = {"lenet_bn": N_("with batch norm"), "lenet": N_("without")}
    return tuple(
        Racer(title, chapter_config(key).replace(epochs=1, learning_rate=learning_rate), number)
        for number, (key, title) in enumerate(titles.items())
    )
