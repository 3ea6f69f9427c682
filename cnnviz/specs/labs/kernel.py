"""The lab of the kernel: one convolution over one picture by hand, and the filters that a network has learned."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field

from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.lab import Question, View

Weight = Annotated[float, Field(ge=-9, le=9)]
Nine = tuple[Weight, Weight, Weight, Weight, Weight, Weight, Weight, Weight, Weight]


# As they stand in links, and the class of Fashion-MNIST whose first test image is meant.
GARMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {"sneakers": "sneaker", "bags": "bag", "shirts": "shirt", "dresses": "dress"}
)


class KernelSpec(Spec):
    """The knobs of all views; `run` is a text, since which runs there are is only known on the page."""

    picture: Literal["sneakers", "bags", "shirts", "dresses", "cat"] = knob(
        "sneakers", N_("Picture"), N_("A garment of 28×28 px, or the cat in grey at 56×56.")
    )
    kernel: Literal["vertical", "horizontal", "outline", "blur", "sharpen", "unchanged", "own_weights"] = knob(
        "vertical", N_("Kernel"), N_("A 3×3 kernel that does something one can see, or your own nine numbers.")
    )
    weights: Nine = knob(
        (0, 1, 0, 1, -4, 1, 0, 1, 0),
        N_("Your own nine numbers"),
        N_("Row by row, separated by commas, −9 to 9; used when the kernel is your own."),
    )
    stride: int = knob(1, N_("Stride"), N_("How far the kernel moves at each step."), ge=1, le=4, step=1, slide=True)
    padding: int = knob(1, N_("Padding"), N_("Zeros around the picture, in px."), ge=0, le=3, step=1, slide=True)
    dilation: int = knob(
        1, N_("Dilation"), N_("Distance between the pixels that the kernel reads."), ge=1, le=4, step=1, slide=True
    )
    filter: int = knob(1, N_("Filter"), N_("Which of the first layer's filters."), ge=1, le=512, step=1)
    run: str = knob("", N_("Run"), N_("Whose first convolution is looked at; your own runs come first."))


VIEWS: Final[Mapping[str, View]] = MappingProxyType(
    {
        "hand": View(
            N_("By hand"),
            N_(
                "Each output pixel is a sum: the pixels under the kernel, each times its weight. Move over the output, "
                "or focus it and use the arrow keys, and watch which pixels are read and what they add up to."
            ),
            ("picture", "kernel", "stride", "padding", "dilation", "weights"),
            Question(
                N_("28×28 px, a 3×3 kernel, stride 2, no padding: how large is the output?"),
                ("13×13", "14×14", "26×26"),
                0,
                N_(
                    "(28 − 3)/2 = 12.5, rounded down, plus 1 makes 13: the last column is never read. As the knobs "
                    "stand now, the output is {size} and costs {macs} multiply-adds, 9 for each of its pixels."
                ),
                {"picture": "sneakers", "stride": 2, "padding": 0, "dilation": 1},
            ),
        ),
        "trained": View(
            N_("Learned filters"),
            N_(
                "Nobody chose these weights: training did. Each square of the figure is one filter of a network's "
                "first convolution; bright weights are positive, dark ones negative. Choose one and slide it "
                "over a picture."
            ),
            ("run", "picture", "filter"),
            Question(
                N_("A filter's weights add up to 0. What does it answer on an area of even brightness?"),
                (N_("0"), N_("The brightness itself"), N_("The largest value of all")),
                0,
                N_(
                    "An even area gives brightness times the sum of the weights: such a filter sees edges and nothing "
                    "else. The weights of the chosen filter add up to {sum}, so on an area of brightness 0.5 it "
                    "answers {even}."
                ),
            ),
        ),
    }
)
