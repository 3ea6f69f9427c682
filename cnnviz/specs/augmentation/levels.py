"""Operations on grey levels and channels that are done or not done: a coin for each picture."""

from collections.abc import Mapping
from itertools import permutations
from typing import Any, ClassVar, Final, Literal

from typing_extensions import override

from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import Coin, Group, Operation, Parameter, Size
from cnnviz.specs.base import knob


class Grayscale(Coin):
    """Take the colour away; the channels stay, all alike."""

    title: ClassVar[str] = N_("Greyscale")
    group: ClassVar[Group] = "colour"
    teaches: ClassVar[str] = N_("Most things can be known without their colour.")
    harms: ClassVar[str] = N_("When colour is the answer: a red and a green traffic light become one.")

    kind: Literal["grayscale"] = "grayscale"

    @property
    @override
    def no_effect_on_grey(self) -> bool:
        return True


ORDERS: Final = tuple(permutations(range(3)))
"""The six orders of three channels; the first is the order as it is."""


class ChannelPermutation(Operation):
    """Exchange red, green and blue at random."""

    title: ClassVar[str] = N_("Channel permutation")
    group: ClassVar[Group] = "colour"
    teaches: ClassVar[str] = N_("Shapes and edges, since any colour may become any other.")
    harms: ClassVar[str] = N_(
        "Nearly everywhere that colour helps: blue skin and red grass are not seen in a test set."
    )

    kind: Literal["channel_permutation"] = "channel_permutation"

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomChannelPermutation", {}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        names = _("red"), _("green"), _("blue")
        return _("channels {order}", order=", ".join(names[channel] for channel in values["channels"]))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter("order", N_("Order of the channels"), 0, len(ORDERS) - 1, 0, step=1),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {"channels": list(ORDERS[int(values["order"])])}

    @property
    @override
    def no_effect_on_grey(self) -> bool:
        return True


class Invert(Coin):
    """Turn light into dark, as a negative does."""

    title: ClassVar[str] = N_("Invert")
    group: ClassVar[Group] = "colour"
    teaches: ClassVar[str] = N_("The outline, since light and dark change places.")
    harms: ClassVar[str] = N_("When light and dark mean something: day and night, a bone and the air around it.")

    kind: Literal["invert"] = "invert"


class Posterize(Coin):
    """Keep only the highest bits of each channel, so that few levels are left."""

    title: ClassVar[str] = N_("Posterize")
    group: ClassVar[Group] = "colour"
    teaches: ClassVar[str] = N_("Large areas and their outlines, since fine shading is gone.")
    harms: ClassVar[str] = N_("When shading is what tells things apart, as in skin or in an X-ray picture.")

    kind: Literal["posterize"] = "posterize"
    bits: int = knob(
        3, N_("Bits"), N_("2 to the power of this many levels are left in each channel."), ge=1, le=7, step=1
    )

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomPosterize", {"bits": self.bits, "p": self.p}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        if values["bits"] >= 8:
            return _("unchanged")
        return _("{count} levels", count=_.number(2 ** values["bits"]))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter("bits", N_("Bits"), 1, 8, 8, step=1),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {"bits": int(values["bits"])}


class Solarize(Coin):
    """Invert what is at least as light as a threshold, as an overexposed film does."""

    title: ClassVar[str] = N_("Solarize")
    group: ClassVar[Group] = "colour"
    teaches: ClassVar[str] = N_("Edges more than levels, since light areas may turn dark.")
    harms: ClassVar[str] = N_("Where a bright area is what counts; few cameras take such pictures.")

    kind: Literal["solarize"] = "solarize"
    threshold: int = knob(
        128, N_("Threshold"), N_("Levels from here up are inverted; 0 is black, 255 is white."), ge=0, le=255, step=1
    )

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomSolarize", {"threshold": self.threshold, "p": self.p}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        if values["threshold"] > 255:
            return _("unchanged")
        return _("inverted from level {level} up", level=_.number(values["threshold"]))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter("threshold", N_("Threshold"), 0, 256, 256, step=1),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {"threshold": int(values["threshold"])}


class Equalize(Coin):
    """Spread the levels of each channel so that all come about equally often."""

    title: ClassVar[str] = N_("Equalize")
    group: ClassVar[Group] = "colour"
    teaches: ClassVar[str] = N_("The same scene may be taken with any exposure.")
    harms: ClassVar[str] = N_("When the exposure says something, or when noise in a flat area is blown up.")

    kind: Literal["equalize"] = "equalize"


class Autocontrast(Coin):
    """Stretch the levels of each channel so that the darkest is black and the lightest white."""

    title: ClassVar[str] = N_("Automatic contrast")
    group: ClassVar[Group] = "colour"
    teaches: ClassVar[str] = N_("A dull picture and a crisp one show the same thing.")
    harms: ClassVar[str] = N_("When how dark or how colourful a picture is tells the classes apart.")

    kind: Literal["autocontrast"] = "autocontrast"
