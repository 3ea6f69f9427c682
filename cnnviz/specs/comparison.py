"""What is compared with what: two to four networks, each at its own input or all at the same."""

from typing import Literal

from pydantic import field_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.catalog import architecture

MOST = 4


class ComparisonSpec(Spec):
    """Networks side by side, in the order of the columns."""

    networks: tuple[str, ...] = knob(
        ("vgg11", "resnet18"), N_("Networks"), N_("Two to four, in the order of the columns.")
    )
    image_size: Literal["own", "28", "96", "224"] = knob(
        "own", N_("Input size"), N_("Each network at its own input, or all at the same.")
    )

    @field_validator("networks")
    @classmethod
    def _known_and_few(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for key in networks:
            architecture(key)
        if not 2 <= len(set(networks)) <= MOST:
            raise CnnvizError("compare_two_to_four", field="networks", value=len(set(networks)))
        return tuple(dict.fromkeys(networks))
