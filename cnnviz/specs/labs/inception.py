"""The Inception lab: the widths of the four branches, and a 1×1 convolution on a small picture."""

from typing import Any, Final, Literal

from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.blocks import InceptionSpec
from cnnviz.specs.lab import Question, View

WIDTHS: Final = ("c1", "c2a", "c2b", "c3a", "c3b", "c4")
ROWS: Final = 32  # px of the small picture
COLUMNS: Final = 48


def _width(default: int, label: str, help: str = "", *, ge: int = 0) -> Any:
    return knob(default, label, help, ge=ge, le=256, step=8, slide=True)


def _weight(default: float, label: str) -> Any:
    return knob(default, label, N_("Weight of this channel."), ge=-1, le=1, step=0.05)


class InceptionLabSpec(Spec):
    """The branches of an Inception block at the place of GoogLeNet's 3a, and one output channel of a convolution."""

    c1: int = _width(64, N_("1×1 branch"))
    c2a: int = _width(96, N_("1×1 before the 3×3"), N_("0 leaves it out."))
    c2b: int = _width(128, N_("3×3 branch"), ge=8)
    c3a: int = _width(16, N_("1×1 before the 5×5"), N_("0 leaves it out."))
    c3b: int = _width(32, N_("5×5 branch"))
    c4: int = _width(32, N_("1×1 behind the pooling"))
    kernel_size: Literal[1, 3, 5] = knob(
        1, N_("Kernel size"), N_("Larger kernels spread the same weights evenly over their window."), slide=True
    )
    red: float = _weight(0.3, N_("Red"))
    green: float = _weight(0.6, N_("Green"))
    blue: float = _weight(0.1, N_("Blue"))
    row: int = knob(16, N_("Row of the pixel"), ge=1, le=ROWS, step=1, slide=True)
    column: int = knob(16, N_("Column of the pixel"), ge=1, le=COLUMNS, step=1, slide=True)

    def block(self) -> InceptionSpec:
        """The block, on the 192 channels of 28 px that GoogLeNet's first one receives."""
        return InceptionSpec(**{name: getattr(self, name) for name in WIDTHS})


VIEWS: Final = {
    "branches": View(
        N_("Branches"),
        N_(
            "Which kernel size is right? Inception takes them all: four branches look at the same input and their "
            "channels are put side by side. A 5×5 on all 192 channels would be dear, so a 1×1 convolution narrows what "
            "it gets to see."
        ),
        WIDTHS,
        Question(
            N_(
                "The 5×5 branch makes 32 of the 256 channels and does a tenth of the work. Without the 1×1 in front of "
                "it, what is its share?"
            ),
            (N_("Still about a tenth"), N_("About a quarter"), N_("About half")),
            2,
            N_(
                "{share}: a 5×5 kernel pays 25 weights for each channel that it sees, and now it sees 192 instead "
                "of 16. The narrow 1×1 is what makes the branch affordable."
            ),
            {"c1": 64, "c2a": 96, "c2b": 128, "c3a": 0, "c3b": 32, "c4": 32},
        ),
    ),
    "pixel": View(
        N_("One pixel at a time"),
        N_(
            "A 1×1 convolution never looks at a neighbour. At each pixel it weighs the channels and adds them up: a "
            "dense layer, the same one at every pixel. Here it has three inputs, red, green and blue, and one output. "
            "Left: what comes in, right: what comes out; framed, every output that changes when the chosen pixel does."
        ),
        ("kernel_size", "red", "green", "blue", "row", "column"),
        Question(
            N_("One pixel changes, away from the border. How many outputs change with a 1×1, and with a 3×3 kernel?"),
            (N_("1 and 3"), N_("1 and 9"), N_("9 and 9")),
            1,
            N_(
                "1 and 9: a 3×3 window covers the pixel from nine places. Only with 1×1 is the convolution a dense "
                "layer over the channels; it can change their number, and nothing else is mixed."
            ),
            {"kernel_size": 3, "row": 16, "column": 16},
        ),
    ),
}
