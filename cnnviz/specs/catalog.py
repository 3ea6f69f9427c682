"""The catalogue: every network with its year, paper, idea, form and figures, readable without torch.

`parameters` and `macs` are those of the entry's default spec; tests hold them against the networks. Years are those of
first publication. The order is the chapter's, not strictly by year.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.architectures import (
    AlexNetSpec,
    ArchitectureSpec,
    DenseNetSpec,
    GoogLeNetSpec,
    LeNetSpec,
    NiNSpec,
    ResNetSpec,
    VGGSpec,
)
from cnnviz.specs.entry import Architecture, Paper, Preset, Published
from cnnviz.specs.torchvision import GREY, PREFIX, family_of, torchvision_entry, torchvision_names
from cnnviz.specs.variants import VARIANTS

__all__ = ["Architecture", "Paper", "Preset", "Published", "architecture", "catalog", "spec_of", "torchvision_catalog"]

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

# Okabe & Ito's colours, darkened where white paper needs it; the lines of similar ones differ in their dash.
COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "lenet": ("#0072b2", "#4a90d9"),
    "alexnet": ("#b87a00", "#e69f00"),
    "vgg": ("#008a64", "#1fb88a"),
    "nin": ("#b85c93", "#cc79a7"),
    "googlenet": ("#7a6a00", "#f0e442"),
    "resnet": ("#d55e00", "#ee7030"),
    "resnext": ("#3d3d3d", "#d0d0d0"),
    "densenet": ("#2e8bc0", "#56b4e9"),
}

_PAPER_FORM: Final = {"conv_bias": False, "image_size": 224}
_BOTTLENECKS: Final = {**_PAPER_FORM, "block": "bottleneck", "shortcut_norm": True}
_LENET_IDEA = N_(
    "Two convolutions that learn what to look for, then dense layers that decide. It read the digits on cheques."
)
_VGG_IDEA = N_(
    "Build from one block: 3×3 convolutions that keep the size, then a pooling that halves it. "
    "Several small kernels see as far as a large one with fewer weights."
)
_RESNET_IDEA = N_(
    "A block learns only what to add to its input, so doing nothing is easy. "
    "That lets gradients through and made a hundred layers trainable."
)
_RESNEXT_IDEA = N_(
    "Split a block's 3×3 convolution into groups that do not see each other. The weights saved pay for more channels."
)
_DENSENET_IDEA = N_(
    "Concatenate instead of adding, so every layer sees all earlier ones. "
    "Each adds only a few channels, and transitions cut the pile between blocks."
)


def _entry(
    key: str, title: str, paper: Paper, spec_type: type[ArchitectureSpec], idea: str, **more: Any
) -> Architecture:
    look = "resnext" if key.startswith("resnext") else spec_type.family
    colour, colour_dark = COLOURS[look]
    return Architecture(
        key=key, title=title, year=paper.year, paper=paper, spec_type=spec_type, idea=idea, colour=colour,
        colour_dark=colour_dark, presets=VARIANTS.get(key, ()), **more,
    )  # fmt: skip


_ENTRIES: Final = (
    _entry("lenet", "LeNet-5", _LECUN, LeNetSpec, _LENET_IDEA, card=True, parameters=61_706, macs=416_520),
    _entry(
        "lenet_bn", N_("LeNet with batch norm"), _IOFFE, LeNetSpec,
        N_("Bring every layer's output to mean 0 and variance 1 over the batch before the activation. "
           "Then learning rates work at which LeNet alone learns nothing."),
        card=True, ancestor="lenet", dash="dash", parameters=44_878, macs=281_640,
        defaults={"norm": "before", "padding": 0},
    ),
    _entry(
        "alexnet", "AlexNet", _KRIZHEVSKY, AlexNetSpec,
        N_("LeNet made deeper and a thousand times larger, with ReLU, dropout and augmentation, on two graphics cards. "
           "It won ImageNet and ended the age of hand-made features."),
        card=True, ancestor="lenet", dash="dash", parameters=46_764_746, macs=938_146_176,
    ),
    _entry(
        "vgg11", "VGG-11", _SIMONYAN, VGGSpec, _VGG_IDEA,
        card=True, ancestor="alexnet", parameters=128_806_154, macs=7_547_232_256,
    ),
    _entry(
        "vgg11_small", N_("VGG-11 small"), _SIMONYAN, VGGSpec,
        N_("VGG-11 with a quarter of the channels, which the chapter trains in its place."),
        ancestor="vgg11", dash="dot", parameters=43_093_322, macs=512_155_648,
        defaults={"channels": (16, 32, 64, 128, 128)},
    ),
    _entry(
        "vgg13", "VGG-13", _SIMONYAN, VGGSpec, _VGG_IDEA,
        ancestor="vgg11", dash="dash", parameters=128_990_666, macs=11_246_608_384,
        defaults={"convolutions": (2, 2, 2, 2, 2)},
    ),
    _entry(
        "vgg16", "VGG-16", _SIMONYAN, VGGSpec, _VGG_IDEA,
        ancestor="vgg11", dash="dashdot", parameters=134_300_362, macs=15_408_406_528,
        defaults={"convolutions": (2, 2, 3, 3, 3)},
    ),
    _entry(
        "vgg19", "VGG-19", _SIMONYAN, VGGSpec, _VGG_IDEA,
        ancestor="vgg11", dash="longdash", parameters=139_610_058, macs=19_570_204_672,
        defaults={"convolutions": (2, 2, 4, 4, 4)},
    ),
    _entry(
        "nin", "NiN", _LIN, NiNSpec,
        N_("A small dense network over the channels at every pixel: 1×1 convolutions. "
           "With one channel per class and a global average at the end, it needs no dense layers."),
        card=True, ancestor="alexnet", dash="dot", parameters=1_992_166, macs=762_297_352,
    ),
    _entry(
        "googlenet", "GoogLeNet", _SZEGEDY, GoogLeNetSpec,
        N_("Which kernel size is best? Take all of them side by side and concatenate what they find, "
           "with 1×1 convolutions in front to keep it cheap."),
        card=True, ancestor="nin", dash="dashdot", parameters=5_977_530, macs=276_066_304,
    ),
    _entry(
        "resnet18", "ResNet-18", _HE, ResNetSpec, _RESNET_IDEA,
        card=True, ancestor="vgg11", parameters=11_178_378, macs=318_657_536,
    ),
    _entry(
        "resnet34", "ResNet-34", _HE, ResNetSpec, _RESNET_IDEA,
        ancestor="resnet18", dash="dash", parameters=21_290_250, macs=658_396_160,
        defaults={"blocks": (3, 4, 6, 3)},
    ),
    _entry(
        "resnet50", "ResNet-50", _HE, ResNetSpec, _RESNET_IDEA, form="paper",
        ancestor="resnet34", dash="dot", parameters=23_522_250, macs=4_008_480_768,
        defaults={**_BOTTLENECKS, "blocks": (3, 4, 6, 3)},
    ),
    _entry(
        "resnet101", "ResNet-101", _HE, ResNetSpec, _RESNET_IDEA, form="paper",
        ancestor="resnet50", dash="dashdot", parameters=42_514_378, macs=7_720_701_952,
        defaults={**_BOTTLENECKS, "blocks": (3, 4, 23, 3)},
    ),
    _entry(
        "resnet152", "ResNet-152", _HE, ResNetSpec, _RESNET_IDEA, form="paper",
        ancestor="resnet50", dash="longdash", parameters=58_158_026, macs=11_432_923_136,
        defaults={**_BOTTLENECKS, "blocks": (3, 8, 36, 3)},
    ),
    _entry(
        "resnext50_32x4d", "ResNeXt-50 32×4d", _XIE, ResNetSpec, _RESNEXT_IDEA, form="paper",
        card=True, ancestor="resnet50", parameters=22_994_122, macs=4_149_776_384,
        defaults={**_BOTTLENECKS, "blocks": (3, 4, 6, 3), "groups": 32, "group_width": 4},
    ),
    _entry(
        "resnext101_32x8d", "ResNeXt-101 32×8d", _XIE, ResNetSpec, _RESNEXT_IDEA, form="paper",
        ancestor="resnet101", dash="dash", parameters=86_756_554, macs=16_333_312_000,
        defaults={**_BOTTLENECKS, "blocks": (3, 4, 23, 3), "groups": 32, "group_width": 8},
    ),
    _entry(
        "densenet", "DenseNet", _HUANG, DenseNetSpec, _DENSENET_IDEA,
        card=True, ancestor="resnet18", dash="longdash", parameters=758_226, macs=129_077_168,
    ),
    _entry(
        "densenet121", "DenseNet-121", _HUANG, DenseNetSpec, _DENSENET_IDEA, form="paper",
        ancestor="densenet", parameters=6_957_834, macs=2_754_471_936,
        defaults={**_PAPER_FORM, "bottleneck": 4, "convolutions": (6, 12, 24, 16)},
    ),
    _entry(
        "densenet161", "DenseNet-161", _HUANG, DenseNetSpec, _DENSENET_IDEA, form="paper",
        ancestor="densenet121", dash="dash", parameters=26_484_682, macs=7_607_707_200,
        defaults={
            **_PAPER_FORM, "bottleneck": 4, "convolutions": (6, 12, 36, 24), "growth_rate": 48, "stem_channels": 96,
        },
    ),
    _entry(
        "densenet169", "DenseNet-169", _HUANG, DenseNetSpec, _DENSENET_IDEA, form="paper",
        ancestor="densenet121", dash="dashdot", parameters=12_494_858, macs=3_279_520_000,
        defaults={**_PAPER_FORM, "bottleneck": 4, "convolutions": (6, 12, 32, 32)},
    ),
    _entry(
        "densenet201", "DenseNet-201", _HUANG, DenseNetSpec, _DENSENET_IDEA, form="paper",
        ancestor="densenet121", dash="dot", parameters=18_105_866, macs=4_210_789_120,
        defaults={**_PAPER_FORM, "bottleneck": 4, "convolutions": (6, 12, 48, 32)},
    ),
)  # fmt: skip


def catalog() -> tuple[Architecture, ...]:
    """The project's networks in the chapter's order."""
    return _ENTRIES


@cache
def torchvision_catalog() -> tuple[Architecture, ...]:
    """Torchvision's classification networks, in torchvision's order; reads one small file, imports no torchvision."""
    own = _by_key()
    return tuple(
        torchvision_entry(name, own.get(name.removesuffix("_bn")), COLOURS.get(family_of(name)[0] or "", GREY))
        for name in torchvision_names()
    )


@cache
def _by_key() -> Mapping[str, Architecture]:
    return {entry.key: entry for entry in catalog()}


@cache
def _torchvision_by_key() -> Mapping[str, Architecture]:
    return {entry.key: entry for entry in torchvision_catalog()}


def architecture(key: str) -> Architecture:
    """The entry for a key, `torchvision/<name>` included.

    Raises:
        CnnvizError: if there is none, naming those that are spelled alike and the chapter's.
    """
    key = str(key)
    entry = _torchvision_by_key().get(key) if key.startswith(PREFIX) else _by_key().get(key)
    if entry is None:
        raise CnnvizError("architecture_unknown", field="architecture", value=key[:60], allowed=_alike(key))
    return entry


def _alike(key: str) -> str:
    """The keys spelled most like this one, then the chapter's main networks."""
    keys = [*_by_key(), *_torchvision_by_key()]
    alike = get_close_matches(key[:60], keys, n=3, cutoff=0.7)
    return ", ".join(dict.fromkeys([*alike, *(entry.key for entry in catalog() if entry.card)]))


def spec_of(value: Any, **options: Any) -> ArchitectureSpec:
    """A spec from a key, from plain data with a `key`, or from a spec; `options` change fields of it.

    Raises:
        CnnvizError: an unknown key, or the first field that cannot be used.
    """
    if isinstance(value, ArchitectureSpec):
        return value.replace(**options) if options else value
    if isinstance(value, Mapping):
        return architecture(str(value.get("key"))).spec(**{**value, **options})
    return architecture(str(value)).spec(**options)
