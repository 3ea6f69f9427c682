"""The second shelf: every classification network of torchvision as catalogue entries, without importing torchvision.

What torchvision offers and publishes lies in `torchvision.json`; a test compares the file with the installed version,
and `python -m cnnviz.architectures.published` prints it anew.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from cnnviz.specs.architectures import TorchvisionSpec
from cnnviz.specs.entry import Architecture, Paper, Published

FILE: Final = Path(__file__).with_suffix(".json")
PREFIX: Final = "torchvision/"
GREY: Final = ("#6b6b6b", "#a0a4ab")
_DASHES: Final = ("longdashdot", "dot", "dashdot", "dash", "longdash", "solid")

# By the beginning of the name, the longest that fits: the family in the chapter that shares its colour, and the source.
_FAMILIES: Final[Mapping[str, tuple[str | None, Paper]]] = {
    "alexnet": (
        "alexnet",
        Paper("Krizhevsky", "One weird trick for parallelizing convolutional neural networks", 2014, "arXiv 1404.5997"),
    ),
    "convnext": (None, Paper("Liu et al.", "A ConvNet for the 2020s", 2022, "arXiv 2201.03545")),
    "densenet": (
        "densenet",
        Paper("Huang et al.", "Densely connected convolutional networks", 2016, "arXiv 1608.06993"),
    ),
    "efficientnet": (
        None,
        Paper(
            "Tan & Le", "EfficientNet: rethinking model scaling for convolutional neural networks", 2019,
            "arXiv 1905.11946",
        ),
    ),
    "efficientnet_v2": (
        None, Paper("Tan & Le", "EfficientNetV2: smaller models and faster training", 2021, "arXiv 2104.00298")
    ),
    "googlenet": ("googlenet", Paper("Szegedy et al.", "Going deeper with convolutions", 2014, "arXiv 1409.4842")),
    "inception_v3": (
        "googlenet",
        Paper("Szegedy et al.", "Rethinking the Inception architecture for computer vision", 2015, "arXiv 1512.00567"),
    ),
    "maxvit": (None, Paper("Tu et al.", "MaxViT: multi-axis vision transformer", 2022, "arXiv 2204.01697")),
    "mnasnet": (
        None,
        Paper(
            "Tan et al.", "MnasNet: platform-aware neural architecture search for mobile", 2018, "arXiv 1807.11626"
        ),
    ),
    "mobilenet_v2": (
        None,
        Paper("Sandler et al.", "MobileNetV2: inverted residuals and linear bottlenecks", 2018, "arXiv 1801.04381"),
    ),
    "mobilenet_v3": (None, Paper("Howard et al.", "Searching for MobileNetV3", 2019, "arXiv 1905.02244")),
    "regnet": (None, Paper("Radosavovic et al.", "Designing network design spaces", 2020, "arXiv 2003.13678")),
    "resnet": (
        "resnet", Paper("He et al.", "Deep residual learning for image recognition", 2015, "arXiv 1512.03385")
    ),
    "resnext": (
        "resnext",
        Paper("Xie et al.", "Aggregated residual transformations for deep neural networks", 2016, "arXiv 1611.05431"),
    ),
    "shufflenet_v2": (
        None,
        Paper(
            "Ma et al.", "ShuffleNet V2: practical guidelines for efficient CNN architecture design", 2018,
            "arXiv 1807.11164",
        ),
    ),
    "squeezenet": (
        None,
        Paper(
            "Iandola et al.",
            "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
            2016,
            "arXiv 1602.07360",
        ),
    ),
    "swin": (
        None,
        Paper(
            "Liu et al.", "Swin Transformer: hierarchical vision transformer using shifted windows", 2021,
            "arXiv 2103.14030",
        ),
    ),
    "swin_v2": (
        None, Paper("Liu et al.", "Swin Transformer V2: scaling up capacity and resolution", 2021, "arXiv 2111.09883")
    ),
    "vgg": (
        "vgg",
        Paper(
            "Simonyan & Zisserman", "Very deep convolutional networks for large-scale image recognition", 2014,
            "arXiv 1409.1556",
        ),
    ),
    "vit": (
        None,
        Paper(
            "Dosovitskiy et al.", "An image is worth 16x16 words: transformers for image recognition at scale", 2020,
            "arXiv 2010.11929",
        ),
    ),
    "wide_resnet": (
        "resnet", Paper("Zagoruyko & Komodakis", "Wide residual networks", 2016, "arXiv 1605.07146")
    ),
}  # fmt: skip


@cache
def torchvision_names() -> tuple[str, ...]:
    """The names that torchvision lists, in its order."""
    return tuple(_file()["networks"])


def size_multiple(name: str) -> int:
    """Of how many px the input size must be a multiple; 1 for all but ViT (its patch) and MaxViT (its windows)."""
    if name.startswith("vit_"):
        return int(name.rpartition("_")[2])
    return 224 if name.startswith("maxvit_") else 1


def torchvision_entry(name: str, namesake: Architecture | None, colours: tuple[str, str]) -> Architecture:
    """The entry of one network.

    Args:
        name: as torchvision lists it.
        namesake: the project's network of that name, which it answers to and whose dash it must not share.
        colours: of its family, for the light and the dark theme.
    """
    row = _file()["networks"][name]
    _, paper = family_of(name)
    family = [other for other in torchvision_names() if family_of(other)[1] == paper]
    dash = _DASHES[family.index(name) % len(_DASHES)]
    if namesake is not None and dash == namesake.dash:
        dash = _DASHES[0]
    return Architecture(
        key=PREFIX + name,
        title=row["title"],
        year=paper.year,
        paper=paper,
        idea="",
        spec_type=TorchvisionSpec,
        parameters=row["parameters"],
        macs=row["macs"],
        colour=colours[0],
        colour_dark=colours[1],
        dash=dash,
        defaults={"image_size": row["published"]["crop_size"]},
        form="torchvision",
        ancestor=None if namesake is None else namesake.key,
        published=Published(**row["published"]),
    )


def family_of(name: str) -> tuple[str | None, Paper]:
    """The family in the chapter that shares its colour, or None, and the source of a network."""
    return _FAMILIES[max((start for start in _FAMILIES if name.startswith(start)), key=len)]


@cache
def _file() -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content
