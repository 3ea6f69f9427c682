"""Mixing: two labelled pictures become one, and so do their labels. It acts on a batch, after everything else.

torchvision mixes a whole batch with one draw and each picture with the one before it. Here each picture has a draw of
its own, from the same distribution, and the same partner.
"""

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from typing_extensions import override

from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import Group, Operation, Parameter, Size
from cnnviz.specs.base import knob

_ALPHA: Final = (
    N_("Alpha"),
    N_("Shape of the Beta distribution of the shares: below 1 mostly one picture, at 1 any share, above it halves."),
)


class Mixing(Operation, ABC):
    """What MixUp and CutMix share: the share λ of the picture itself, from Beta(α, α)."""

    group: ClassVar[Group] = "mixing"

    alpha: float = knob(1.0, *_ALPHA, ge=0.05, le=8, scale="log")

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return type(self).__name__, {"alpha": self.alpha, "num_classes": 10}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        share = values["share"]
        return _("{own} of itself, {other} of another", own=_.percent(share), other=_.percent(1 - share))


class MixUp(Mixing):
    """Lay one picture over another like two slides (Zhang et al. 2017, arXiv 1710.09412)."""

    title: ClassVar[str] = N_("MixUp")
    teaches: ClassVar[str] = N_("To change its mind evenly between two classes, and not to be too sure of any.")
    harms: ClassVar[str] = N_(
        "When a short training is all there is: such pictures exist nowhere, and learning is slower."
    )

    kind: Literal["mixup"] = "mixup"

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter("share", N_("Share of the picture itself"), 0, 1, 1),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return dict(values)


class CutMix(Mixing):
    """Paste a rectangle of one picture into another (Yun et al. 2019, arXiv 1905.04899)."""

    title: ClassVar[str] = N_("CutMix")
    teaches: ClassVar[str] = N_("To look at all of a thing, since a part of it may belong to something else.")
    harms: ClassVar[str] = N_("When the rectangle hides all of one thing while the label still counts it.")

    kind: Literal["cutmix"] = "cutmix"

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("share", N_("Share of the picture itself"), 0, 1, 1),
            Parameter("x", N_("From left to right"), 0, 1, 0.5),
            Parameter("y", N_("From top to bottom"), 0, 1, 0.5),
        )

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        """The rectangle around a point, cut off at the edges, and the share that it leaves."""
        height, width = size
        half = 0.5 * (1 - values["share"]) ** 0.5
        middle = {"x": int(values["x"] * (width - 1)), "y": int(values["y"] * (height - 1))}
        reach = {"x": int(half * width), "y": int(half * height)}
        left, right = max(0, middle["x"] - reach["x"]), min(width, middle["x"] + reach["x"])
        top, bottom = max(0, middle["y"] - reach["y"]), min(height, middle["y"] + reach["y"])
        share = 1 - (right - left) * (bottom - top) / (width * height)
        return {"left": left, "top": top, "right": right, "bottom": bottom, "share": share}
