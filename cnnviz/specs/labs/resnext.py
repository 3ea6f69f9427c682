"""The ResNeXt lab: how a convolution is split, and what the same cost buys."""

from typing import Final, Literal

from pydantic import model_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.blocks import ConvolutionSpec
from cnnviz.specs.lab import Question, View

SIZE: Final = 28  # px of the picture that costs are counted for


class ResNeXtLabSpec(Spec):
    """A 3×3 convolution that is split into groups, a channel to follow through it, and a block whose cost is kept."""

    groups: Literal[1, 2, 4, 8, 16, 32, 64] = knob(
        2, N_("Groups"), N_("So many convolutions side by side, each on its own share of the channels."), slide=True
    )
    channels: Literal[8, 16, 32, 64] = knob(
        32, N_("Channels"), N_("That come in, and as many go out. With a group for each it is depthwise."), slide=True
    )
    follow: int = knob(
        6, N_("Input channel to follow"), N_("It is changed, and one sees which outputs change with it."),
        ge=1, le=64, step=1, slide=True,
    )  # fmt: skip
    block_channels: Literal[64, 128, 256, 512] = knob(
        128, N_("Channels of the block"), N_("That come in and go out."), slide=True
    )
    undivided: int = knob(
        32, N_("Middle of the undivided block"), N_("Channels of its 3×3 convolution: they set the cost to keep."),
        ge=16, le=128, step=4, slide=True,
    )  # fmt: skip

    @model_validator(mode="after")
    def _fits(self) -> "ResNeXtLabSpec":
        if self.channels % self.groups:
            raise CnnvizError("groups_do_not_divide", field="groups", groups=self.groups, channels=self.channels)
        if self.follow > self.channels:
            raise CnnvizError("value_too_large", field="follow", label="follow", value=self.follow, limit=self.channels)
        return self

    @property
    def group_width(self) -> int:
        """Channels of one group."""
        return self.channels // self.groups

    def convolution(self, groups: int | None = None) -> ConvolutionSpec:
        """The convolution as a block, whose cost is counted; `groups` replaces its own."""
        return ConvolutionSpec(
            in_channels=self.channels,
            out_channels=self.channels,
            image_size=SIZE,
            kernel_size=3,
            padding=1,
            groups=groups or self.groups,
        )


VIEWS: Final = {
    "matrix": View(
        N_("Matrix"),
        N_(
            "A convolution joins every input channel with every output channel: its weights fill a matrix (here those "
            "in the middle of the kernel). Split into groups, only the squares on the diagonal are left: each output "
            "sees the channels of its own group and no others. With a group for each channel it is called depthwise."
        ),
        ("groups", "channels", "follow"),
        Question(
            N_("32 channels, 8 groups. Input channel 6 changes. How many outputs change with it?"),
            ("1", "4", "8", "32"),
            1,
            N_(
                "A group is 32 / 8 = 4 channels wide, and only its own group sees channel 6. The number of groups and "
                "the width of a group are different numbers. That is why ResNeXt puts a 1×1 convolution behind: it "
                "carries the change to all outputs again."
            ),
            {"groups": 8, "channels": 32, "follow": 6},
        ),
    ),
    "budget": View(
        N_("Same cost"),
        N_(
            "ResNeXt spends what the groups save on width. The block narrows to its middle with a 1×1 convolution, "
            "works there with a 3×3 in groups and widens again with a 1×1. All bars cost nearly the same; what differs "
            "is into how many groups the middle is split, and how wide it may be for that."
        ),
        ("block_channels", "undivided"),
        Question(
            N_(
                "A block of 256 channels whose undivided middle has 64 costs 70 k weights. For as much, how wide is "
                "the middle in 32 groups?"
            ),
            ("32", "64", "128", N_("2,048")),
            2,
            N_(
                "128: 32 groups of 4 channels, the block of ResNeXt-50. The 3×3 becomes so cheap that the middle can "
                "be twice as wide. Not 2,048: the two 1×1 convolutions are not split and grow with the middle."
            ),
            {"block_channels": 256, "undivided": 64},
        ),
    ),
}
