"""The operations of an augmentation pipeline as plain data, and the torchvision call that each one is.

An operation says what torchvision class it stands for and with which arguments (`torchvision_call`): the exported code,
the transform and the tests are made from that one line. How its values are drawn and applied is the business of
`cnnviz.augmentation`; how a drawn value reads on the screen is said here (`describe`), where no torch is needed.

Ranges are fields with two values, the smaller first; their bounds stand in the field's `json_schema_extra` under "ge"
and "le", where a widget finds them, and are checked from there.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple, Self, get_args

from pydantic import Field, model_validator
from typing_extensions import override

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.base import Spec, knob

Range = tuple[float, float]
Size = tuple[int, int]  # (height, width) in px
Group = Literal["place", "colour"]

GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {"place": N_("Where things are"), "colour": N_("What colour they have")}
)
"""What an operation changes: the title of each group, in the order of the menu."""

MAX_OPERATIONS: Final = 24


def _range(default: Range, label: str, help: str, *, ge: float, le: float, scale: str = "linear") -> Any:
    extra: dict[str, Any] = {"step": None, "unit": "", "scale": scale, "advanced": False, "ge": ge, "le": le}
    return Field(default, title=label, description=help, json_schema_extra=extra)


class Operation(Spec, ABC):
    """One random operation; `enabled` switches it off without losing its settings.

    Attributes:
        title: its name on the screen.
        group: what it changes, a key of `GROUPS`.
        teaches: what a network learns from it.
        harms: when it teaches something wrong.
    """

    title: ClassVar[str]
    group: ClassVar[Group]
    teaches: ClassVar[str]
    harms: ClassVar[str]

    kind: str
    enabled: bool = True

    @abstractmethod
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        """The class of `torchvision.transforms.v2` and its keyword arguments."""

    @abstractmethod
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        """What was drawn, in a few words of the reader's language: "crop 61 %, ratio 1.32"."""

    def output_size(self, size: Size) -> Size:
        """(height, width) in px of what comes out when a picture of `size` goes in."""
        return size

    @model_validator(mode="after")
    def _ranges_run_forwards(self) -> Self:
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            extra: Any = field.json_schema_extra
            if not (isinstance(value, tuple) and isinstance(extra, dict) and "ge" in extra):
                continue
            low, high = value
            if low > high:
                raise CnnvizError("range_reversed", field=name, label=name, low=low, high=high)
            if low < extra["ge"]:
                raise CnnvizError("value_too_small", field=name, label=name, value=low, limit=extra["ge"])
            if high > extra["le"]:
                raise CnnvizError("value_too_large", field=name, label=name, value=high, limit=extra["le"])
        return self


class HorizontalFlip(Operation):
    """Mirror left and right."""

    title: ClassVar[str] = N_("Horizontal flip")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("A cat that looks to the left is the same cat as one that looks to the right.")
    harms: ClassVar[str] = N_("Where left and right mean something: letters, digits, a left and a right shoe.")

    kind: Literal["horizontal_flip"] = "horizontal_flip"
    p: float = knob(0.5, N_("Probability"), N_("How often the picture is mirrored."), ge=0, le=1, step=0.05)

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomHorizontalFlip", {"p": self.p}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("mirrored") if values["flipped"] else _("not mirrored")


class VerticalFlip(Operation):
    """Turn top and bottom around."""

    title: ClassVar[str] = N_("Vertical flip")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("Which way is up does not matter, as in pictures from a microscope or a satellite.")
    harms: ClassVar[str] = N_(
        "Where up and down mean something: a flipped 6 reads 9, and nobody wears a boot upside down."
    )

    kind: Literal["vertical_flip"] = "vertical_flip"
    p: float = knob(0.5, N_("Probability"), N_("How often the picture is turned upside down."), ge=0, le=1, step=0.05)

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomVerticalFlip", {"p": self.p}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("upside down") if values["flipped"] else _("upright")


class RandomResizedCrop(Operation):
    """Cut out a part of random area and shape, then resize it to a fixed square.

    torchvision draws the area uniformly and the ratio log-uniformly, so that 1:2 comes as often as 2:1.
    """

    title: ClassVar[str] = N_("Random resized crop")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("An object may stand anywhere, near or far, and a part of it is enough to know it.")
    harms: ClassVar[str] = N_(
        "When the crop often misses the object, or when its size or shape is what tells classes apart."
    )

    kind: Literal["random_resized_crop"] = "random_resized_crop"
    size: int = knob(
        200, N_("Output size"), N_("Height and width of the result; a network trained with it receives this size."),
        ge=1, le=512, step=1, unit="px",
    )  # fmt: skip
    scale: Range = _range(
        (0.1, 1.0), N_("Area"), N_("Share of the picture that is cut out, drawn uniformly."), ge=0.01, le=1
    )
    ratio: Range = _range(
        (0.5, 2.0), N_("Aspect ratio"), N_("Width divided by height, drawn uniformly on a logarithmic scale."),
        ge=0.1, le=10, scale="log",
    )  # fmt: skip

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomResizedCrop", {"size": (self.size, self.size), "scale": self.scale, "ratio": self.ratio}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _(
            "crop {area}, ratio {ratio}",
            area=_.percent(values["area"]),
            ratio=_.number(values["ratio"], 2),
        )

    @override
    def output_size(self, size: Size) -> Size:
        return self.size, self.size


_BRIGHTNESS: Final = N_("Brightness"), N_("Pixels are multiplied by a factor from 1 − this to 1 + this.")
_CONTRAST: Final = (
    N_("Contrast"),
    N_("Distances from the mean grey are multiplied by a factor from 1 − this to 1 + this."),
)
_SATURATION: Final = N_("Saturation"), N_("Distances from grey are multiplied by a factor from 1 − this to 1 + this.")
_HUE: Final = N_("Hue"), N_("Colours move around the colour wheel by up to this share of a turn, either way.")


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


ADJUSTMENTS: Final = ("brightness", "contrast", "saturation", "hue")
"""torchvision's names and numbers (0 to 3) of the four adjustments of `ColorJitter`."""

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


AnyOperation = Annotated[
    HorizontalFlip | VerticalFlip | RandomResizedCrop | Brightness | Contrast | Saturation | Hue | ColorJitter,
    Field(discriminator="kind"),
]
OPERATIONS: Final[tuple[type[Operation], ...]] = get_args(get_args(AnyOperation)[0])
"""Every kind of operation, in the order of the menu."""


class Draw(NamedTuple):
    """What one operation drew for one picture: plain values that JSON can carry and `describe` can say."""

    kind: str
    values: dict[str, Any]


Drawn = tuple[Draw, ...]
"""What a pipeline drew for one picture, an entry for each operation that is switched on."""


class PipelineSpec(Spec):
    """Operations in order; the empty pipeline changes nothing."""

    operations: tuple[AnyOperation, ...] = Field((), max_length=MAX_OPERATIONS)

    @property
    def active(self) -> tuple[AnyOperation, ...]:
        """The operations that are switched on."""
        return tuple(operation for operation in self.operations if operation.enabled)

    def output_size(self, size: Size) -> Size:
        """(height, width) in px of what comes out when a picture of `size` goes in."""
        for operation in self.active:
            size = operation.output_size(size)
        return size

    def describe(self, drawn: Drawn, _: Language) -> str:
        """What was drawn for one picture, in a sentence of the reader's language."""
        parts = (operation.describe(values, _) for operation, (_kind, values) in zip(self.active, drawn, strict=True))
        return "; ".join(parts)

    def with_output_size(self, size: int) -> Self:
        """The same pipeline with every crop resized to `size` px, for a network that takes another size."""
        changed = (
            operation.replace(size=size) if isinstance(operation, RandomResizedCrop) else operation
            for operation in self.operations
        )
        return self.replace(operations=tuple(changed))

    def code(self) -> str:
        """Python that builds this chain of torchvision's own classes as `transform`; what is switched off is left out.

        Run alone it needs torchvision only. An empty chain becomes the identity, since `Compose` refuses to be empty.
        """
        calls = [operation.torchvision_call() for operation in self.active] or [("Identity", {})]
        lines = [
            f"    v2.{name}({', '.join(f'{key}={value!r}' for key, value in call.items())})," for name, call in calls
        ]
        return "\n".join(["from torchvision.transforms import v2", "", "transform = v2.Compose([", *lines, "])", ""])


class PipelinePreset(NamedTuple):
    """A chain with a name (an English message of the catalogue)."""

    title: str
    pipeline: PipelineSpec


def _chapter() -> dict[str, PipelinePreset]:
    alone = HorizontalFlip(), VerticalFlip(), RandomResizedCrop(), Brightness(), Hue(), ColorJitter()
    presets: dict[str, PipelinePreset] = {
        step.kind: PipelinePreset(step.title, PipelineSpec(operations=(step,))) for step in alone
    }
    combined = PipelineSpec(operations=(HorizontalFlip(), ColorJitter(), RandomResizedCrop()))
    return {**presets, "combined": PipelinePreset(N_("Flip, colour and crop"), combined)}


CHAPTER_PIPELINES: Final[Mapping[str, PipelinePreset]] = MappingProxyType(_chapter())
"""The chapter's augmentations with the chapter's settings: each alone, then flip, colour and crop combined."""
