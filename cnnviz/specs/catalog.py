"""The catalogue: every network with its year, paper, idea, form and figures, readable without torch.

`parameters` and `macs` are those of the entry's default spec; tests hold them against `inspect`. Years are those of
first publication. The order is the chapter's, not strictly by year.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.architectures import (
    AlexNetSpec,
    ArchitectureSpec,
    LeNetSpec,
)


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a network comes from."""

    authors: str
    title: str
    year: int
    reference: str  # "arXiv 1512.03385", or a DOI


@dataclass(frozen=True, slots=True)
class Architecture:
    """One entry: what to call it, what it is, where it comes from and what it costs.

    Attributes:
        key: the name in code and links.
        title: the name on the screen.
        year: of first publication.
        paper: the source.
        idea: one or two sentences (English message of the catalogue).
        spec_type: the spec whose fields are its knobs.
        defaults: the spec's fields where this entry differs from the spec type's own.
        form: "chapter" or "paper" (see the design's keys).
        ancestor: the key of the network it answers to, or None.
        parameters: of the default spec.
        macs: for one image at the default spec.
        card: whether it stands on the timeline.
    """

    key: str
    title: str
    year: int
    paper: Paper
    idea: str
    spec_type: type[ArchitectureSpec]
    parameters: int
    macs: int
    defaults: Mapping[str, Any] = field(default_factory=dict)
    form: str = "chapter"
    ancestor: str | None = None
    card: bool = True

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


_LECUN = Paper("LeCun et al.", "Gradient-based learning applied to document recognition", 1998, "doi 10.1109/5.726791")
_IOFFE = Paper(
    "Ioffe & Szegedy",
    "Batch normalization: accelerating deep network training by reducing internal covariate shift",
    2015,
    "arXiv 1502.03167",
)
_KRIZHEVSKY = Paper(
    "Krizhevsky et al.", "ImageNet classification with deep convolutional neural networks", 2012, "doi 10.1145/3065386"
)
_SIMONYAN = Paper(
    "Simonyan & Zisserman",
    "Very deep convolutional networks for large-scale image recognition",
    2014,
    "arXiv 1409.1556",
)
_LIN = Paper("Lin et al.", "Network in network", 2013, "arXiv 1312.4400")
_SZEGEDY = Paper("Szegedy et al.", "Going deeper with convolutions", 2014, "arXiv 1409.4842")
_HE = Paper("He et al.", "Deep residual learning for image recognition", 2015, "arXiv 1512.03385")
_XIE = Paper("Xie et al.", "Aggregated residual transformations for deep neural networks", 2016, "arXiv 1611.05431")
_HUANG = Paper("Huang et al.", "Densely connected convolutional networks", 2016, "arXiv 1608.06993")

_PAPER_RESNET: Final = {"conv_bias": False, "shortcut_norm": True, "image_size": 224}

_ENTRIES: Final = (
    Architecture(
        key="lenet", title="LeNet-5", year=1998, paper=_LECUN, spec_type=LeNetSpec, parameters=61_706, macs=0,
        idea=N_("Two convolutions that learn what to look for, then dense layers that decide. It read the digits on cheques."),
    ),
    Architecture(
        key="alexnet", title="AlexNet", year=2012, paper=_KRIZHEVSKY, spec_type=AlexNetSpec, ancestor="lenet",
        parameters=46_764_746, macs=0,
        idea=N_("LeNet made deeper and a thousand times larger, with ReLU, dropout and augmentation, on two graphics cards. "
                "It won ImageNet and ended the age of hand-made features."),
    ),
)  # fmt: skip


def catalog() -> tuple[Architecture, ...]:
    """The project's networks in the chapter's order."""
    return _ENTRIES


@cache
def _by_key() -> Mapping[str, Architecture]:
    return {entry.key: entry for entry in catalog()}


def architecture(key: str) -> Architecture:
    """The entry for a key.

    Raises:
        CnnvizError: if there is none, naming those that exist.
    """
    try:
        return _by_key()[key]
    except KeyError:
        raise CnnvizError(
            "architecture_unknown", field="architecture", value=str(key)[:60], allowed=", ".join(_by_key())
        ) from None


def spec_of(value: Any, **options: Any) -> ArchitectureSpec:
    """A spec from a key, from plain data with a `key`, or from a spec; `options` change fields of it.

    Raises:
        CnnvizError: an unknown key, or the first field that cannot be used.
    """
    if isinstance(value, ArchitectureSpec):
        return value.replace(**options) if options else value
    if isinstance(value, Mapping):
        fields = {name: entry for name, entry in value.items() if name != "key"}
        return architecture(str(value.get("key"))).spec(**fields, **options)
    return architecture(value).spec(**options)
