"""What the catalogue says about a network, apart from how it is built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnviz.specs.architectures import ArchitectureSpec


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a network comes from."""

    authors: str
    title: str
    year: int
    reference: str  # "arXiv 1512.03385", or a DOI


@dataclass(frozen=True, slots=True)
class Preset:
    """A named variant of a network: an exercise of the chapter, or a row of a paper's table.

    Attributes:
        key: its name in links, unique within its network.
        title: English message of the catalogue.
        options: the fields that differ from the network's default spec.
    """

    key: str
    title: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """What torchvision publishes about a network's newest weights on ImageNet.

    Attributes:
        weights: their name, as torchvision's `get_model(..., weights=...)` takes it.
        top1, top5: accuracy on ImageNet-1k as a share of one.
        parameters: of the network, auxiliary heads included where the weights have them.
        gmacs: thousand million multiply-accumulates for one image of `crop_size`; torchvision calls them GFLOPS.
        crop_size: height and width in px at which the accuracy was measured.
        min_size: the smallest height and width in px that torchvision states for it.
    """

    weights: str
    top1: float
    top5: float
    parameters: int
    gmacs: float
    crop_size: int
    min_size: int


@dataclass(frozen=True, slots=True)
class Architecture:
    """One entry: what to call it, what it is, where it comes from, what it costs and how it is drawn.

    Attributes:
        key: the name in code and links.
        title: the name on the screen.
        year: of first publication.
        paper: the source.
        idea: one or two sentences (English message of the catalogue); "" for torchvision's.
        spec_type: the spec whose fields are its knobs.
        parameters: of the default spec.
        macs: for one image at the default spec.
        colour, colour_dark: of its family, for the light and the dark theme.
        dash: of its line: "solid", "dash", "dot", "dashdot", "longdash" or, for torchvision's, "longdashdot".
        defaults: the spec's fields where this entry differs from the spec type's own.
        form: "chapter", "paper" or "torchvision".
        ancestor: the key of the network it answers to, or None.
        card: whether it stands on the timeline.
        presets: its named variants.
        published: torchvision's figures, or None.
    """

    key: str
    title: str
    year: int
    paper: Paper
    idea: str
    spec_type: type[ArchitectureSpec]
    parameters: int
    macs: int
    colour: str
    colour_dark: str
    dash: str = "solid"
    defaults: Mapping[str, Any] = field(default_factory=dict)
    form: str = "chapter"
    ancestor: str | None = None
    card: bool = False
    presets: tuple[Preset, ...] = ()
    published: Published | None = None

    def spec(self, **options: Any) -> ArchitectureSpec:
        """This network's spec with some fields changed.

        Raises:
            CnnvizError: the first field that cannot be used, in words.
        """
        return self.spec_type.parse({**self.defaults, **options, "key": self.key})

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """(1, channels, height, width) of its default input."""
        return 1, *self.spec().input_shape

    def preset(self, key: str) -> Preset | None:
        """The preset with a key, or None."""
        return next((preset for preset in self.presets if preset.key == key), None)
