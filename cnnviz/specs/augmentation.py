"""The operations of an augmentation pipeline as plain data, and the torchvision call that each one is.

An operation says what torchvision class it stands for and with which arguments (`torchvision_call`); the exported code,
the transform and the tests are made from that one line. How its values are drawn and applied is
`cnnviz.augmentation`'s business.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob

Range = tuple[float, float]


class Operation(Spec):
    """One random operation; `enabled` switches it off without losing its settings."""

    title: ClassVar[str]
    enabled: bool = True

    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        """The class of `torchvision.transforms.v2` and its keyword arguments."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _ranges_run_forwards(self) -> "Operation":
        for name, value in self:
            if isinstance(value, tuple) and len(value) == 2 and value[0] > value[1]:
                raise CnnvizError("range_reversed", field=name, label=name, low=value[0], high=value[1])
        return self


Probability = Annotated[float, Field(ge=0, le=1)]


class HorizontalFlip(Operation):
    """Mirror left and right."""

    title: ClassVar[str] = N_("Horizontal flip")
    kind: Literal["horizontal_flip"] = "horizontal_flip"
    p: Probability = knob(0.5, N_("Probability"), N_("How often the picture is mirrored."), step=0.05)

    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomHorizontalFlip", {"p": self.p}


AnyOperation = Annotated[HorizontalFlip, Field(discriminator=None)]


class PipelineSpec(Spec):
    """Operations in order; the empty pipeline changes nothing."""

    operations: tuple[AnyOperation, ...] = ()
