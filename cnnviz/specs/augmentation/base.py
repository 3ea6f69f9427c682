"""What every operation of a pipeline says about itself, without torch.

An operation says what torchvision class it stands for and with which arguments (`torchvision_call`): the exported code,
the transform and the tests are made from that one line. How its values are drawn and applied is the business of
`cnnviz.augmentation`; how a drawn value reads on the screen is said here (`describe`), and so is which values a hand
can set (`parameters`) and what is "drawn" then (`exact`).

Ranges are fields with two values, the smaller first; their bounds stand in the field's `json_schema_extra` under "ge"
and "le", where a widget finds them, and are checked from there.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.base import Spec, knob

Range = tuple[float, float]
Size = tuple[int, int]  # (height, width) in px
Group = Literal["place", "colour", "hidden", "policies", "mixing"]

GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "place": N_("Where things are"),
        "colour": N_("What colour they have"),
        "hidden": N_("What is hidden"),
        "policies": N_("Policies"),
        "mixing": N_("Mixing"),
    }
)
"""What an operation changes: the title of each group, in the order of the menu."""


class Draw(NamedTuple):
    """What one operation drew for one picture: plain values that JSON can carry and `describe` can say."""

    kind: str
    values: dict[str, Any]


Drawn = tuple[Draw, ...]
"""What a pipeline drew for one picture, an entry for each operation that is switched on."""


class Parameter(NamedTuple):
    """A value that a hand can set in place of chance: one slider.

    Attributes:
        name: its key in `Operation.exact`.
        label: an English message of the catalogue.
        low: the smallest value.
        high: the largest value.
        neutral: where the slider starts; every parameter there leaves the picture as it is, or nearly so.
        unit: "°", "px" or nothing.
        step: 1 for whole numbers and switches (0 and 1), None for any value between.
        scale: "linear", or "log" where a slider is even on a logarithmic scale.
    """

    name: str
    label: str
    low: float
    high: float
    neutral: float
    unit: str = ""
    step: float | None = None
    scale: Literal["linear", "log"] = "linear"


class EnumValue(NamedTuple):
    """A member of one of torchvision's enumerations, written as code: `v2.AutoAugmentPolicy("imagenet")`."""

    enum: str
    value: str

    def __repr__(self) -> str:
        return f'v2.{self.enum}("{self.value}")'


def span(default: Range, label: str, help: str, *, ge: float, le: float, scale: str = "linear", unit: str = "") -> Any:
    """A field for a range: a smaller and a larger value, both within [ge, le]."""
    extra: dict[str, Any] = {"step": None, "unit": unit, "scale": scale, "advanced": False, "ge": ge, "le": le}
    return Field(default, title=label, description=help, json_schema_extra=extra)


def chance(default: float, help: str) -> Any:
    """A field for a probability."""
    return knob(default, N_("Probability"), help, ge=0, le=1, step=0.05)


def grey_level(help: str = N_("Grey level of what has no pixel of its own: 0 is black, 255 is white.")) -> Any:
    """A field for the grey that fills empty places, a level of 8-bit pictures."""
    return knob(0, N_("Fill"), help, ge=0, le=255, step=1, advanced=True)


def switch(name: str, label: str) -> Parameter:
    """A parameter that is off (0) or on (1)."""
    return Parameter(name, label, 0, 1, 0, step=1)


class Operation(Spec, ABC):
    """One random operation; `enabled` switches it off without losing its settings.

    Attributes:
        title: its name on the screen.
        group: what it changes, a key of `GROUPS`.
        teaches: what a network learns from it.
        harms: when it teaches something wrong.
        needs_tensor: whether the class of the exported code refuses PIL pictures.
        definition: Python that defines the class of the exported code where torchvision has none.
    """

    title: ClassVar[str]
    group: ClassVar[Group]
    teaches: ClassVar[str]
    harms: ClassVar[str]
    needs_tensor: ClassVar[bool] = False
    definition: ClassVar[str] = ""

    kind: str
    enabled: bool = True

    @abstractmethod
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        """The class of `torchvision.transforms.v2` (or of `definition`) and its keyword arguments."""

    @abstractmethod
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        """What was drawn, in a few words of the reader's language: "crop 61 %, ratio 1.32"."""

    @abstractmethod
    def parameters(self) -> tuple[Parameter, ...]:
        """The values that chance draws and a hand can set instead, a slider each; empty if there is no chance."""

    @abstractmethod
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        """The drawn values for parameters that were set by hand: what `apply` and `describe` take.

        Args:
            values: one number for each of `parameters`, within its bounds.
            size: (height, width) in px of the picture that comes in.
        """

    def exact(self, values: Mapping[str, float], size: Size) -> Draw:
        """As if `values` had been drawn; parameters that are not named are neutral.

        Args:
            values: numbers by the name of the parameter.
            size: (height, width) in px of the picture that comes in.

        Raises:
            CnnvizError: at the parameter that is out of bounds or unknown, or if the picture does not fit.
        """
        self.check(size)
        known = {parameter.name: parameter for parameter in self.parameters()}
        for name, value in values.items():
            parameter = known.get(name)
            if parameter is None:
                raise CnnvizError("field_unknown", field=name, value=name)
            if not value >= parameter.low:
                raise CnnvizError("value_too_small", field=name, label=name, value=value, limit=parameter.low)
            if not value <= parameter.high:
                raise CnnvizError("value_too_large", field=name, label=name, value=value, limit=parameter.high)
        complete = {name: float(values.get(name, parameter.neutral)) for name, parameter in known.items()}
        return Draw(self.kind, self.drawn_from(complete, size))

    @property
    def no_effect_on_grey(self) -> bool:
        """Whether a picture with one channel comes out as it went in."""
        return False

    def output_size(self, size: Size) -> Size:
        """(height, width) in px of what comes out when a picture of `size` goes in."""
        return size

    def check(self, size: Size) -> None:
        """Whether a picture of `size`, (height, width) in px, can go in.

        Raises:
            CnnvizError: at the field that does not suit it.
        """

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


class Coin(Operation, ABC):
    """What the operations share that are done or not done: a probability, and `applied` as the drawn value."""

    p: float = chance(0.5, N_("How often the picture is changed."))

    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        """The class of torchvision with the same name."""
        return f"Random{type(self).__name__}", {"p": self.p}

    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        """The operation's name, or that nothing was done."""
        return _(self.title).lower() if values["applied"] else _("unchanged")

    def parameters(self) -> tuple[Parameter, ...]:
        """One switch."""
        return (switch("applied", self.title),)

    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        """Done from the middle of the switch on."""
        return {"applied": values["applied"] >= 0.5}


def sign(value: float, _: Language, digits: int = 0) -> str:
    """A number with its sign, zero without: +12, −3, 0."""
    text = _.number(round(value, digits), digits) if digits else _.number(round(value))
    return f"+{text}" if round(value, digits) > 0 else text.replace("-", "−")
