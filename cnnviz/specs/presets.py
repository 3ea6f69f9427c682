"""Training presets: "class", a full curve in under a minute on two cores; "chapter", the published settings; "fastest".

The last, for the network that it was made from, reaches 90 % sooner than a textbook's loop is done with two epochs.

The chapter's settings are those of the builds in `assets/published_results.csv`; a network that has no row there takes
its nearest relative's. What a class preset reduces is found by comparing the two, never written down.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from cnnviz.language import N_, Language
from cnnviz.specs.catalog import architecture
from cnnviz.specs.training import TrainingConfig


@dataclass(frozen=True, slots=True)
class TrainingPreset:
    """Settings with a name.

    Attributes:
        name: "class", "chapter" or "fastest", as it stands in links.
        title: English message of the catalogue.
        config: every setting.
        relative: the network whose published settings these are, if it has none of its own.
    """

    name: str
    title: str
    config: TrainingConfig
    relative: str | None = None

    def reductions(self, _: Language) -> tuple[str, ...]:
        """What is less than in the chapter, in the reader's language; nothing for the chapter's own settings."""
        full, own = chapter_config(self.config.architecture.key), self.config
        pairs = (
            (N_("{own} px instead of {full}"), own.architecture.image_size, full.architecture.image_size),
            (N_("{own} training images instead of {full}"), own.train_images, full.train_images),
            (N_("{own} test images instead of {full}"), own.test_images, full.test_images),
            (N_("{own} epochs instead of {full}"), own.epochs, full.epochs),
        )
        less = [
            _(message, own=_.number(small), full=_.number(large)) for message, small, large in pairs if small < large
        ]
        width = getattr(own.architecture, "width", 1.0)
        if width < 1:
            less.append(_("{share} of the channels", share=_.percent(width, 0 if width * 100 % 1 == 0 else 1)))
        return tuple(less)


# (optimizer, learning rate, batch size): d2l 0.17.5, as in published_results.csv; a test compares them.
_PUBLISHED: Final[Mapping[str, tuple[str, float, int]]] = MappingProxyType(
    {
        "lenet": ("sgd", 0.9, 256),
        "lenet_bn": ("sgd", 1.0, 256),
        "alexnet": ("sgd", 0.01, 128),
        "vgg11_small": ("sgd", 0.05, 128),
        "nin": ("sgd", 0.1, 128),
        "googlenet": ("sgd", 0.1, 128),
        "resnet18": ("sgd", 0.05, 256),
        "densenet": ("sgd", 0.1, 256),
    }
)
_RELATIVES: Final[Mapping[str, str]] = MappingProxyType(
    {"vgg": "vgg11_small", "resnet": "resnet18", "resnext": "resnet18", "densenet": "densenet"}
)
_CHAPTER_EPOCHS: Final = 10

# Measured on two quiet cores: each is a whole curve in well under a minute that leaves chance behind; the seconds and
# the accuracies stand in docs/measurements.md.
_ADAM: Final = {"optimizer": "adam", "learning_rate": 0.001, "epochs": 3}
_FEWER: Final = {**_ADAM, "train_images": 12_000, "test_images": 2_000}
_FEWEST: Final = {**_ADAM, "train_images": 6_000, "test_images": 2_000}
_CLASS: Final[Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]] = MappingProxyType(
    {
        "lenet": ({}, {**_ADAM, "learning_rate": 0.003}),
        "lenet_bn": ({}, {**_ADAM, "learning_rate": 0.005, "schedule": "cosine"}),
        "alexnet": ({"image_size": 96, "width": 0.25}, _FEWER),
        "vgg11": ({"image_size": 32, "width": 0.25}, {**_FEWER, "train_images": 20_000}),
        "vgg11_small": ({"image_size": 32, "width": 0.5}, _FEWER),
        "nin": ({"image_size": 96, "width": 0.25}, {**_FEWER, "epochs": 6}),
        "googlenet": ({"image_size": 32, "width": 0.5}, _FEWER),
        "resnet18": ({"image_size": 32, "width": 0.5}, _FEWER),
        "densenet": ({"image_size": 32}, _FEWER),
    }
)
# Two exercises of the chapter at once, ReLU with max-pooling and more channels with smaller kernels: accuracy for each
# second counts here, and one pass over the images is enough for 90 %. `benchmarks/fastest.py` measures both claims.
_FASTEST_KEY: Final = "lenet_bn"
_FASTEST: Final[tuple[Mapping[str, Any], Mapping[str, Any]]] = (
    {
        "channels": (8, 48),
        "kernel_size": 3,
        "padding": 1,
        "hidden": (128,),
        "activation": "relu",
        "pooling": "max",
    },
    {
        "epochs": 1,
        "batch_size": 128,
        "optimizer": "adam",
        "learning_rate": 0.01,
        "schedule": "one_cycle",
        "evaluations": 2,
    },
)
_SMALL_AND_NARROW: Final = {"image_size": 32, "width": 0.25}


def relative_of(key: str) -> str:
    """The network whose published settings serve for a key: its own, else its nearest relative's."""
    if key in _PUBLISHED:
        return key
    return _RELATIVES[next(family for family in sorted(_RELATIVES, key=len, reverse=True) if key.startswith(family))]


@cache
def chapter_config(key: str) -> TrainingConfig:
    """The chapter's settings: ten epochs over all images at the network's own input.

    Raises:
        CnnvizError: for a key that is not in the catalogue.
    """
    entry = architecture(key)
    optimizer, learning_rate, batch_size = _PUBLISHED[relative_of(key)]
    options = {name: value for name, value in _grey(entry.spec()).items() if name != "key"}
    return TrainingConfig.parse(
        {
            "architecture": entry.spec(**options),
            "epochs": _CHAPTER_EPOCHS,
            "batch_size": batch_size,
            "optimizer": optimizer,
            "learning_rate": learning_rate,
        }
    )


def _grey(spec: Any) -> dict[str, Any]:
    """A spec's fields for Fashion-MNIST: one channel, ten classes."""
    return {**dict(spec), "in_channels": 1, "num_classes": 10}


@cache
def presets(key: str) -> tuple[TrainingPreset, ...]:
    """The presets of a network, the class's first.

    Raises:
        CnnvizError: for a key that is not in the catalogue.
    """
    full = chapter_config(key)
    relative = relative_of(key)
    shape, settings = _CLASS.get(key, _deep(key))
    small = full.replace(
        architecture=full.architecture.replace(**shape), **{"epochs": 1, "batch_size": 128, **settings}
    )
    found = (
        TrainingPreset("class", N_("Class"), small, None if key in _CLASS else relative),
        TrainingPreset("chapter", N_("Chapter"), full, None if relative == key else relative),
    )
    if key != _FASTEST_KEY:
        return found
    shape, settings = _FASTEST
    fastest = full.replace(architecture=full.architecture.replace(**shape), **settings)
    return (*found, TrainingPreset("fastest", N_("Fastest to 90 %"), fastest))


def _deep(key: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A class preset for the deeper members of a family; deep VGGs, which have no batch norm, need smaller steps."""
    if key.startswith("vgg"):
        return _SMALL_AND_NARROW, {**_FEWER, "train_images": 8_000, "learning_rate": 0.0005}
    if key == "resnext101_32x8d":  # four times the work of ResNeXt-50: fewer pixels and measurements
        return {**_SMALL_AND_NARROW, "image_size": 24}, {**_FEWEST, "train_images": 5_000, "evaluations": 5}
    return _SMALL_AND_NARROW, _FEWEST


def preset_named(key: str, name: str) -> TrainingPreset:
    """One preset of a network; an unknown name gives the first."""
    found = presets(key)
    return next((preset for preset in found if preset.name == name), found[0])
