"""The lab of residual networks: nested classes, a block that does nothing, gradients in depth, and the race."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from cnnviz.language import N_
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.catalog import architecture
from cnnviz.specs.lab import Question, Racer, View
from cnnviz.specs.training import TrainingConfig

CLASSES: Final = 6
_NETWORK: Final = "resnet18"  # whose variants have the paper's 20 and 56 layers
_SMALLER: Final = {"image_size": 28, "in_channels": 1, "num_classes": 10, "width": 0.25}


class ResidualLabSpec(Spec):
    """The knobs of all views."""

    nested: bool = knob(True, N_("Nested classes"), N_("Each class contains all smaller ones."))
    number: int = knob(
        CLASSES,
        N_("Classes"),
        N_("The larger the number, the larger the class of functions."),
        ge=1,
        le=CLASSES,
        step=1,
        slide=True,
    )
    x: float = knob(
        -1.2, N_("f⋆ to the right"), N_("Where the function lies that one looks for."), ge=-3, le=3, step=0.1
    )
    y: float = knob(-1.0, N_("f⋆ upwards"), N_("Where the function lies that one looks for."), ge=-2, le=2, step=0.1)
    scale: float = knob(
        0.5, N_("Size of g's weights"), N_("All weights of g are multiplied by this; 0 pushes them to zero."),
        ge=0, le=1, step=0.05,
    )  # fmt: skip
    blocks: int = knob(3, N_("Blocks in a row"), N_("Each with weights of its own."), ge=1, le=12, step=1, slide=True)
    depth: Literal[20, 26, 32, 38, 44, 50, 56] = knob(
        20, N_("Layers"), N_("Of the paper's networks for small pictures: 6n + 2."), slide=True
    )
    norm: bool = knob(True, N_("With batch norm"), N_("Before each activation, as in the paper."))
    seed: int = knob(1, N_("Seed"), N_("Other weights from the same distribution."), ge=0, le=9999)


VIEWS: Final[Mapping[str, View]] = MappingProxyType(
    {
        "classes": View(
            N_("Nested classes"),
            N_(
                "A network of some size can be any function of its class F; training looks for the one nearest to f⋆. "
                "A larger class is only sure to come nearer if it contains the smaller one. Move f⋆ and compare."
            ),
            ("nested", "number", "x", "y"),
            Question(
                N_("Classes that grow but are not nested: does a larger one always come at least as near to f⋆?"),
                (N_("Yes"), N_("No")),
                1,
                N_(
                    "For this f⋆, F{before} comes within {near} and the larger F{after} only within {far}. Nested "
                    "classes never lose. Residual blocks make them nested: a block that adds 0 leaves the smaller "
                    "network as it was."
                ),
                {"nested": False, "number": CLASSES, "x": -1.2, "y": -1.0},
            ),
        ),
        "identity": View(
            N_("A block that does nothing"),
            N_(
                "A residual block computes x + g(x), the plain one g(x) alone; g is two convolutions with a ReLU "
                "between them. Push the weights of g towards zero, as weight decay does, and see what each of them "
                "still lets through."
            ),
            ("scale", "blocks", "seed"),
            Question(
                N_("All weights of g are 0. What comes out of a row of residual blocks?"),
                (N_("Zeros"), N_("The input itself"), N_("Noise")),
                1,
                N_(
                    "g(x) = 0, so x + g(x) = x: the difference is {difference} of the input, however many blocks. The "
                    "plain blocks would have to learn the identity; with zero weights {left} of the input is left."
                ),
                {"scale": 0.0},
            ),
        ),
        "gradients": View(
            N_("Gradients in depth"),
            N_(
                "The paper's networks before any training, with a quarter of their width: how large is the gradient "
                "of each convolution's weights? A shortcut adds 1 to its block's derivative: on the way back no weight "
                "has to be passed, only the ReLU behind each sum."
            ),
            ("depth", "norm", "seed"),
            Question(
                N_("56 layers with batch norm: what happens to the gradient of the plain network on its way down?"),
                (N_("It stays about the same"), N_("It vanishes"), N_("It explodes")),
                2,
                N_(
                    "The first convolution's gradient is {plain} times that of the last one: each batch norm divides "
                    "by a deviation below 1 and so enlarges what comes back. With shortcuts it is {residual} times. "
                    "Without batch norm the plain gradient vanishes instead."
                ),
                {"depth": 56, "norm": True},
            ),
        ),
        "race": View(
            N_("The race"),
            N_(
                "20 and 56 layers, plain and residual: a quarter of the paper's width, three passes over 6,000 "
                "garments with Adam. More layers can express more; do they also learn more?"
            ),
            (),
            Question(
                N_("Which of the four ends last?"),
                (N_("20 layers, plain"), N_("56 layers, plain"), N_("56 layers, residual")),
                1,
                N_(
                    "The plain network with 56 layers: it could copy the one with 20 and let the others do nothing, "
                    "but training does not find that. With shortcuts, a block that shall do nothing only has to push "
                    "its weights towards zero."
                ),
            ),
        ),
    }
)


def network(depth: int, residual: bool, norm: bool = True) -> ArchitectureSpec:
    """The paper's network for small pictures with 6n + 2 layers, or the same layers without shortcuts.

    He et al. 2015, arXiv 1512.03385, section 4.2; here at 28 px and with a quarter of the channels.
    """
    entry = architecture(_NETWORK)
    preset = entry.preset("resnet20" if residual else "plain20")
    assert preset is not None
    blocks = ((depth - 2) // 6,) * 3
    options: dict[str, Any] = {**preset.options, **_SMALLER, "blocks": blocks, "norm": "before" if norm else "none"}
    return entry.spec(**options)


def racers() -> tuple[Racer, ...]:
    """20 and 56 layers, plain and residual, with the same settings."""
    titles = (
        (N_("56 layers, plain"), 56, False),
        (N_("56 layers, residual"), 56, True),
        (N_("20 layers, plain"), 20, False),
        (N_("20 layers, residual"), 20, True),
    )
    return tuple(
        Racer(
            title,
            TrainingConfig(
                architecture=network(depth, residual),
                epochs=3,
                batch_size=128,
                optimizer="adam",
                learning_rate=0.003,
                train_images=6_000,
                test_images=1_000,
                evaluations=6,
                initialization="he",
            ),
            number,
        )
        for number, (title, depth, residual) in enumerate(titles)
    )
