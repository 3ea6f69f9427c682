"""Flips: a coin for each picture."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from typing_extensions import override

from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import Group, Operation, Parameter, Size, chance, switch


class HorizontalFlip(Operation):
    """Mirror left and right."""

    title: ClassVar[str] = N_("Horizontal flip")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("A cat that looks to the left is the same cat as one that looks to the right.")
    harms: ClassVar[str] = N_("Where left and right mean something: letters, digits, a left and a right shoe.")

    kind: Literal["horizontal_flip"] = "horizontal_flip"
    p: float = chance(0.5, N_("How often the picture is mirrored."))

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomHorizontalFlip", {"p": self.p}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("mirrored") if values["flipped"] else _("not mirrored")

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (switch("flipped", N_("Mirrored")),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {"flipped": values["flipped"] >= 0.5}


class VerticalFlip(Operation):
    """Turn top and bottom around."""

    title: ClassVar[str] = N_("Vertical flip")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("Which way is up does not matter, as in pictures from a microscope or a satellite.")
    harms: ClassVar[str] = N_(
        "Where up and down mean something: a flipped 6 reads 9, and nobody wears a boot upside down."
    )

    kind: Literal["vertical_flip"] = "vertical_flip"
    p: float = chance(0.5, N_("How often the picture is turned upside down."))

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomVerticalFlip", {"p": self.p}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("upside down") if values["flipped"] else _("upright")

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (switch("flipped", N_("Upside down")),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {"flipped": values["flipped"] >= 0.5}
