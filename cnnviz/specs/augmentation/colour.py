"""Colour: brightness, contrast, saturation and hue, alone or together in a random order; all are `ColorJitter`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal

from typing_extensions import override

from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import Group, Operation, Parameter, Size
from cnnviz.specs.base import knob

ADJUSTMENTS: Final = ("brightness", "contrast", "saturation", "hue")
"""torchvision's names and numbers (0 to 3) of the four adjustments of `ColorJitter`."""

_BRIGHTNESS: Final = N_("Brightness"), N_("Pixels are multiplied by a factor from 1 − this to 1 + this.")
_CONTRAST: Final = (
    N_("Contrast"),
    N_("Distances from the mean grey are multiplied by a factor from 1 − this to 1 + this."),
)
_SATURATION: Final = N_("Saturation"), N_("Distances from grey are multiplied by a factor from 1 − this to 1 + this.")
_HUE: Final = N_("Hue"), N_("Colours move around the colour wheel by up to this share of a turn, either way.")

_PARAMETERS: Final[Mapping[str, Parameter]] = MappingProxyType(
    {
        "brightness": Parameter("brightness", _BRIGHTNESS[0], 0, 2, 1),
        "contrast": Parameter("contrast", _CONTRAST[0], 0, 2, 1),
        "saturation": Parameter("saturation", _SATURATION[0], 0, 2, 1),
        "hue": Parameter("hue", _HUE[0], -0.5, 0.5, 0),
    }
)


class _Colour(Operation):
    """What the colour operations share: all of them are `ColorJitter`, and say each drawn factor."""

    group: ClassVar[Group] = "colour"

    def amounts(self) -> dict[str, float]:
        """The strength of each adjustment, by torchvision's name for it."""
        return {name: float(getattr(self, name)) for name in ADJUSTMENTS if name in type(self).model_fields}

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "ColorJitter", self.amounts()

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        parts = [_describe_adjustment(name, values[name], _) for name in values.get("order", values) if name in values]
        return ", ".join(parts) if parts else _("unchanged")

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(_PARAMETERS[name] for name in self.amounts())

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return dict(values)

    @property
    @override
    def no_effect_on_grey(self) -> bool:
        return not any(amount for name, amount in self.amounts().items() if name in ("brightness", "contrast"))


class Brightness(_Colour):
    """Darker or lighter."""

    title: ClassVar[str] = N_("Brightness")
    teaches: ClassVar[str] = N_("The same thing may stand in the shade or in the sun.")
    harms: ClassVar[str] = N_("When brightness itself is the answer: day or night, a lamp on or off.")

    kind: Literal["brightness"] = "brightness"
    brightness: float = knob(0.5, *_BRIGHTNESS, ge=0, le=1, step=0.05)


class Contrast(_Colour):
    """Flatter or harsher."""

    title: ClassVar[str] = N_("Contrast")
    teaches: ClassVar[str] = N_("Fog, haze or a poor camera change how strongly things stand out, not what they are.")
    harms: ClassVar[str] = N_("When faint differences decide, as in an X-ray picture.")

    kind: Literal["contrast"] = "contrast"
    contrast: float = knob(0.5, *_CONTRAST, ge=0, le=1, step=0.05)


class Saturation(_Colour):
    """Paler or more colourful; a grey picture stays as it is."""

    title: ClassVar[str] = N_("Saturation")
    teaches: ClassVar[str] = N_("Cameras and lamps make colours pale or vivid; the thing stays the same.")
    harms: ClassVar[str] = N_("When the strength of a colour decides, as in ripe and unripe fruit.")

    kind: Literal["saturation"] = "saturation"
    saturation: float = knob(0.5, *_SATURATION, ge=0, le=1, step=0.05)


class Hue(_Colour):
    """Other colours, turned around the colour wheel; a grey picture stays as it is."""

    title: ClassVar[str] = N_("Hue")
    teaches: ClassVar[str] = N_("Shape matters more than colour: a blue cat is still a cat.")
    harms: ClassVar[str] = N_("When colour is the answer: a recoloured traffic light says the opposite.")

    kind: Literal["hue"] = "hue"
    hue: float = knob(0.5, *_HUE, ge=0, le=0.5, step=0.05)


class ColorJitter(_Colour):
    """Brightness, contrast, saturation and hue together, in a random order."""

    title: ClassVar[str] = N_("Colour jitter")
    teaches: ClassVar[str] = N_("Light, camera and colour may all change at once; what stays is the thing.")
    harms: ClassVar[str] = N_("When colour or brightness is what tells the classes apart.")

    kind: Literal["color_jitter"] = "color_jitter"
    brightness: float = knob(0.5, *_BRIGHTNESS, ge=0, le=1, step=0.05)
    contrast: float = knob(0.5, *_CONTRAST, ge=0, le=1, step=0.05)
    saturation: float = knob(0.5, *_SATURATION, ge=0, le=1, step=0.05)
    hue: float = knob(0.5, *_HUE, ge=0, le=0.5, step=0.05)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {"order": list(values), **values}


ColourOperation = Brightness | Contrast | Saturation | Hue | ColorJitter


def _describe_adjustment(name: str, value: float, _: Language) -> str:
    if name == "hue":
        return _("hue {degrees}°", degrees=_.number(round(value * 360)))
    factor = _.number(value, 2)
    if name == "brightness":
        return _("brightness ×{factor}", factor=factor)
    if name == "contrast":
        return _("contrast ×{factor}", factor=factor)
    return _("saturation ×{factor}", factor=factor)
