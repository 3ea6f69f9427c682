"""Resize, centre crop, pad, and a crop with padding: pixels are moved, and nothing is stretched at random."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from typing_extensions import override

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import Group, Operation, Parameter, Size, grey_level
from cnnviz.specs.base import knob

Border = Literal["constant", "edge", "reflect", "symmetric"]

_BORDER: Final = (
    N_("Border"),
    N_("A fixed grey, the last pixel repeated, or the picture mirrored without or with its last pixel."),
)


def check_padding(operation: Operation, field: str, border: Border, padding: int, size: Size) -> None:
    """A mirror shows no more than there is.

    Raises:
        CnnvizError: at `field`, if the border mirrors more pixels than a picture of `size` has.
    """
    widest = {"reflect": min(size) - 1, "symmetric": min(size)}.get(border, padding)
    if padding > widest:
        height, width = size
        raise CnnvizError(
            "padding_too_wide", field=field, label=field, value=padding, height=height, width=width, limit=widest
        )


def _check_crop(operation: Operation, crop: int, size: Size) -> None:
    if crop > min(size):
        height, width = size
        raise CnnvizError(
            "crop_too_large", field="size", label="size", value=crop, height=height, width=width, limit=min(size)
        )


class Resize(Operation):
    """Stretch or shrink the picture to a fixed square, without chance."""

    title: ClassVar[str] = N_("Resize")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("Nothing by itself: it gives all pictures the size that the network wants.")
    harms: ClassVar[str] = N_(
        "When the picture is not square and its shape matters, or when small things vanish as it shrinks."
    )

    kind: Literal["resize"] = "resize"
    size: int = knob(200, N_("Output size"), N_("Height and width of the result."), ge=1, le=512, step=1, unit="px")

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "Resize", {"size": (self.size, self.size)}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("resized to {size} px", size=_.number(self.size))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return ()

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {}

    @override
    def output_size(self, size: Size) -> Size:
        return self.size, self.size


class CenterCrop(Operation):
    """Keep a square in the middle, without chance."""

    title: ClassVar[str] = N_("Centre crop")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_(
        "Nothing by itself: it is how pictures are prepared for a test, where nothing is random."
    )
    harms: ClassVar[str] = N_("When the object does not stand in the middle.")

    kind: Literal["center_crop"] = "center_crop"
    size: int = knob(
        200, N_("Output size"), N_("Height and width of what is kept."), ge=1, le=512, step=1, unit="px"
    )  # fmt: skip

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "CenterCrop", {"size": (self.size, self.size)}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("the {size} px in the middle", size=_.number(self.size))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return ()

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {}

    @override
    def output_size(self, size: Size) -> Size:
        return self.size, self.size

    @override
    def check(self, size: Size) -> None:
        _check_crop(self, self.size, size)


class Pad(Operation):
    """Put a border around the picture, without chance."""

    title: ClassVar[str] = N_("Pad")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("Nothing by itself: it makes room for a crop or a rotation that follows.")
    harms: ClassVar[str] = N_("When the network learns to look at the border instead of the picture.")

    kind: Literal["pad"] = "pad"
    padding: int = knob(
        4, N_("Border width"), N_("Pixels that are added on each side."), ge=0, le=64, step=1, unit="px"
    )
    border: Border = knob("constant", *_BORDER)
    fill: int = grey_level(N_("Grey level of a fixed border: 0 is black, 255 is white."))

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "Pad", {"padding": self.padding, "fill": self.fill, "padding_mode": self.border}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("a border of {size} px", size=_.number(self.padding))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return ()

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {}

    @override
    def output_size(self, size: Size) -> Size:
        return size[0] + 2 * self.padding, size[1] + 2 * self.padding

    @override
    def check(self, size: Size) -> None:
        check_padding(self, "padding", self.border, self.padding, size)


class RandomCrop(Operation):
    """Pad, then cut out a square at a random place: what most networks for small pictures are trained with.

    He et al. 2015 (arXiv 1512.03385, section 4.2) pad CIFAR's 32 px by 4 and crop 32 px again.
    """

    title: ClassVar[str] = N_("Random crop")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("A few pixels to the left or the right change nothing.")
    harms: ClassVar[str] = N_("When the crop is so small that it often misses the object.")

    kind: Literal["random_crop"] = "random_crop"
    size: int = knob(
        200, N_("Output size"), N_("Height and width of what is cut out."), ge=1, le=512, step=1, unit="px"
    )  # fmt: skip
    padding: int = knob(
        0, N_("Border width"), N_("Pixels that are added on each side first."), ge=0, le=64, step=1, unit="px"
    )  # fmt: skip
    border: Border = knob("constant", *_BORDER, advanced=True)
    fill: int = grey_level(N_("Grey level of a fixed border: 0 is black, 255 is white."))

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        side = {"padding": self.padding, "fill": self.fill, "padding_mode": self.border} if self.padding else {}
        return "RandomCrop", {"size": (self.size, self.size), **side}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        x, y = values["left"] - self.padding, values["top"] - self.padding
        return _("crop from {x}, {y} px", x=_.number(x), y=_.number(y))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("x", N_("From left to right"), 0, 1, 0.5),
            Parameter("y", N_("From top to bottom"), 0, 1, 0.5),
        )

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        free = [side + 2 * self.padding - self.size for side in size]
        return {"top": round(values["y"] * free[0]), "left": round(values["x"] * free[1])}

    @override
    def output_size(self, size: Size) -> Size:
        return self.size, self.size

    @override
    def check(self, size: Size) -> None:
        check_padding(self, "padding", self.border, self.padding, size)
        _check_crop(self, self.size, (size[0] + 2 * self.padding, size[1] + 2 * self.padding))
