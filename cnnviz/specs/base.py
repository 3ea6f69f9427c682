"""What all specs share: frozen, strict about unknown fields, and fields that know how to be drawn."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnnviz.errors import problems


class Spec(BaseModel):
    """A frozen choice of a person: draws the widgets, keys the caches, goes into links, runs and exported code."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        """A spec from plain data.

        Raises:
            CnnvizError: the first field that cannot be used, in words.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise problems(error)[0] from error

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, validated again.

        Raises:
            CnnvizError: the first field that cannot be used, in words.
        """
        return self.parse({**dict(self), **changes})


def knob(
    default: Any,
    label: str,
    help: str = "",
    *,
    ge: float | None = None,
    le: float | None = None,
    step: float | None = None,
    unit: str = "",
    scale: str = "linear",
    advanced: bool = False,
    slide: bool = False,
) -> Any:
    """A field with what a widget needs: bounds, label, help, step, unit, scale ("linear" or "log").

    With `slide` a whole number or an ordered choice is felt for with a slider instead of typed or picked from a list.

    `label` and `help` are English messages of the catalogue, marked with `N_` where they are written.
    """
    return Field(
        default,
        ge=ge,
        le=le,
        title=label,
        description=help,
        json_schema_extra={"step": step, "unit": unit, "scale": scale, "advanced": advanced, "slide": slide},
    )
