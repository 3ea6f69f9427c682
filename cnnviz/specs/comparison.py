"""What is compared with what: two to four networks or variants of one, each at its own input or all at the same.

A contender is written as a catalogue key, a variant of it as `key~variant` (`lenet~max_relu`), so that a comparison
fits into a link.
"""

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import field_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.catalog import architecture, catalog, torchvision_catalog
from cnnviz.specs.entry import Architecture, Preset

MOST: Final = 4
_VARIANT: Final = "~"


@dataclass(frozen=True, slots=True)
class Contender:
    """A network of the catalogue, or one of its named variants."""

    entry: Architecture
    variant: Preset | None = None

    @property
    def key(self) -> str:
        """As it stands in a link."""
        return self.entry.key + (f"{_VARIANT}{self.variant.key}" if self.variant else "")

    def title(self, _: Language) -> str:
        """Its name on the screen; torchvision's own networks say that they are."""
        title = _(self.entry.title)
        if self.entry.form == "torchvision":
            title = f"torchvision {title}"
        return f"{title} · {_(self.variant.title)}" if self.variant else title

    def spec(self, image_size: int | None = None) -> ArchitectureSpec:
        """Its spec, at its own input or another one.

        Raises:
            CnnvizError: if it cannot have that input.
        """
        options = dict(self.variant.options) if self.variant else {}
        return self.entry.spec(**options, **({} if image_size is None else {"image_size": image_size}))


def contender(text: str) -> Contender:
    """The network or variant that a text of a link means.

    Raises:
        CnnvizError: "architecture_unknown" if there is none.
    """
    key, separator, name = text.partition(_VARIANT)
    entry = architecture(key)
    if not separator:
        return Contender(entry)
    variant = entry.preset(name)
    if variant is None:
        allowed = ", ".join(f"{key}{_VARIANT}{preset.key}" for preset in entry.presets) or key
        raise CnnvizError("architecture_unknown", field="networks", value=text[:60], allowed=allowed)
    return Contender(entry, variant)


def contenders() -> tuple[Contender, ...]:
    """Everything that can be compared: the chapter's networks with their variants, then torchvision's."""
    own = [Contender(entry, variant) for entry in catalog() for variant in (None, *entry.presets)]
    return *own, *map(Contender, torchvision_catalog())


class ComparisonSpec(Spec):
    """Networks side by side, in the order of the columns."""

    networks: tuple[str, ...] = knob(
        ("vgg11", "resnet18"), N_("Networks"), N_("Two to four, in the order of the columns; variants of one work too.")
    )
    image_size: Literal["own", "28", "96", "224"] = knob(
        "own", N_("Input size"), N_("Each network at its own input, or all at the same.")
    )

    @field_validator("networks")
    @classmethod
    def _known_and_few(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for key in networks:
            contender(key)
        if not 2 <= len(set(networks)) <= MOST:
            raise CnnvizError("compare_two_to_four", field="networks", value=len(set(networks)))
        return tuple(dict.fromkeys(networks))

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """The networks as entries of the catalogue, in order."""
        return tuple(contender(text) for text in self.networks)

    @property
    def size(self) -> int | None:
        """The common input in px, or None for each network's own."""
        return None if self.image_size == "own" else int(self.image_size)
