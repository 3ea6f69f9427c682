"""The lab of activations: a function and its slope, and what a stack of layers does to signals and gradients."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from cnnviz.language import N_
from cnnviz.specs.architectures import Activation
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.lab import Question, View

DEEPEST: Final = 50


class ActivationsSpec(Spec):
    """The knobs of all views."""

    activation: Activation = knob("sigmoid", N_("Activation"), N_("The function after each layer."))
    at: float = knob(1.0, N_("Input"), N_("Where the function and its slope are read off."), ge=-6, le=6, step=0.1)
    depth: int = knob(
        10, N_("Layers"), N_("Dense layers of 64 units in a row, each with its activation."), ge=1, le=DEEPEST, step=1,
        slide=True,
    )  # fmt: skip
    over: Literal["all", "unit"] = knob(
        "all",
        N_("Deviation"),
        N_("Of all outputs of a layer, or of each unit over the inputs, averaged over the units."),
    )
    seed: int = knob(1, N_("Seed"), N_("Other weights and other inputs from the same distributions."), ge=0, le=9999)


VIEWS: Final[Mapping[str, View]] = MappingProxyType(
    {
        "curves": View(
            N_("The function and its slope"),
            N_(
                "Going back, the gradient is multiplied by the slope of every activation it passes. The sigmoid's "
                "slope is at most 1/4, and almost 0 where it saturates; ReLU's is 1 for every positive input and 0 "
                "for the others."
            ),
            ("activation", "at"),
            Question(
                N_("A gradient passes 10 sigmoids. What do their slopes leave of it at most?"),
                (N_("A tenth"), N_("A thousandth"), N_("A millionth")),
                2,
                N_(
                    "At most 1/4 each, and (1/4)^10 = {bound}, a millionth, however lucky the inputs. At the chosen "
                    "input, 10 slopes of {slope} leave {left}."
                ),
                {"activation": "sigmoid", "at": 0.0},
            ),
        ),
        "gradient": View(
            N_("Gradients in depth"),
            N_(
                "A stack of dense layers before any training: random inputs go up, a random gradient comes down. "
                "The lines show how much of it reaches each layer, with three ways to draw the first weights."
            ),
            ("depth", "activation", "seed"),
            Question(
                N_("Sigmoids and Xavier's weights: do 20 layers instead of 10 halve what reaches the first one?"),
                (N_("Yes, about a half"), N_("No, about as much arrives"), N_("No, less than a millionth of it")),
                2,
                N_(
                    "Each layer multiplies, so depth works as an exponent. Here {few} of the gradient crosses 10 "
                    "layers and {many} crosses 20. The slopes alone allow at most 4^−n; the weights add their own "
                    "factor."
                ),
                {"activation": "sigmoid", "depth": 20},
            ),
        ),
        "signal": View(
            N_("Signals in depth"),
            N_(
                "The same stack, going up: the standard deviation of each layer's outputs over 256 random inputs. It "
                "may stay large because the units differ from one another; where a single unit's shrinks towards 0, "
                "all inputs look alike to the layers behind. Xavier's weights are made for tanh, He's for ReLU."
            ),
            ("depth", "activation", "over", "seed"),
            Question(
                N_("ReLU: with which first weights do the signals keep their size through 30 layers?"),
                (N_("PyTorch's own"), N_("Xavier-uniform"), N_("He-normal")),
                2,
                N_(
                    "ReLU sets half of the values to 0, so each layer halves the mean square; He's weights have twice "
                    "the variance to make up for it. After 30 layers the deviation is {he} with He's weights, "
                    "{xavier} with Xavier's and {default} with PyTorch's own."
                ),
                {"activation": "relu", "depth": 30, "over": "all"},
            ),
        ),
    }
)
