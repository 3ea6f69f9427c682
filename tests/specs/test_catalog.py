"""The catalogue: keys, years and papers, one colour and dash for each network, presets, and no torch."""

import json
import subprocess
import sys
from itertools import combinations

import pytest

from cnnviz.architectures import Architecture, architecture, catalog
from cnnviz.errors import CnnvizError
from cnnviz.specs.catalog import COLOURS, spec_of, torchvision_catalog
from cnnviz.specs.torchvision import GREY
from cnnviz.specs.variants import VARIANTS
from tests.reports import report

# In the chapter's order, with the year of first publication and the source.
ENTRIES = [
    ("lenet", 1998, "10.1109/5.726791"), ("lenet_bn", 2015, "1502.03167"), ("alexnet", 2012, "10.1145/3065386"),
    ("vgg11", 2014, "1409.1556"), ("vgg11_small", 2014, "1409.1556"), ("vgg13", 2014, "1409.1556"),
    ("vgg16", 2014, "1409.1556"), ("vgg19", 2014, "1409.1556"), ("nin", 2013, "1312.4400"),
    ("googlenet", 2014, "1409.4842"), ("resnet18", 2015, "1512.03385"), ("resnet34", 2015, "1512.03385"),
    ("resnet50", 2015, "1512.03385"), ("resnet101", 2015, "1512.03385"), ("resnet152", 2015, "1512.03385"),
    ("resnext50_32x4d", 2016, "1611.05431"), ("resnext101_32x8d", 2016, "1611.05431"), ("densenet", 2016, "1608.06993"),
    ("densenet121", 2016, "1608.06993"), ("densenet161", 2016, "1608.06993"), ("densenet169", 2016, "1608.06993"),
    ("densenet201", 2016, "1608.06993"),
]  # fmt: skip
CARDS = ["lenet", "lenet_bn", "alexnet", "vgg11", "nin", "googlenet", "resnet18", "resnext50_32x4d", "densenet"]
EVERY = [*catalog(), *torchvision_catalog()]
PAPER, INK = "#ffffff", "#0e1117"


def test_the_chapters_order_years_and_papers():
    assert [(e.key, e.year, e.paper.reference.split()[-1]) for e in catalog()] == ENTRIES
    assert all(entry.year == entry.paper.year for entry in EVERY)
    assert [entry.key for entry in catalog() if entry.card] == CARDS


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)
def test_an_entry_is_complete(entry):
    assert 1 <= entry.idea.count(". ") + entry.idea.count("? ") + 1 <= 2 and entry.idea.endswith(".")
    assert entry.form in ("chapter", "paper")
    assert entry.ancestor is None or architecture(entry.ancestor).key == entry.ancestor
    assert entry.spec() == spec_of(entry.key) and entry.spec().key == entry.key
    assert entry.input_shape == (1, *entry.spec().input_shape)
    assert (entry.spec().in_channels, entry.spec().num_classes) == (1, 10)  # Fashion-MNIST, ready to train


def test_ancestors_lead_back_to_lenet():
    for entry in catalog():
        line, current = [entry.key], entry
        while current.ancestor is not None:
            current = architecture(current.ancestor)
            assert current.key not in line
            line.append(current.key)
        assert line[-1] == "lenet"


# d2l's own totals where it prints them, the chapter's sheet for the rest.
KNOWN = {"lenet": 61_706, "alexnet": 46_764_746, "vgg11": 128_806_154, "googlenet": 5_977_530, "densenet": 758_226}


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)
def test_parameters_and_macs_are_those_of_the_network(entry):
    """The report's own figures are held against the papers, torch's counter and sums by hand in tests/inspection."""
    found = report(entry.key)
    assert (entry.parameters, entry.macs) == (found.parameters, found.macs)
    assert entry.parameters == KNOWN.get(entry.key, entry.parameters)


def luminance(colour):
    """Relative luminance of sRGB, WCAG 2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("light", "dark"), [*COLOURS.values(), GREY])
def test_colours_stand_out_from_the_page(light, dark):
    assert contrast(light, PAPER) >= 3
    assert contrast(dark, INK) >= 3


# Linear sRGB as people without one kind of cone see it: Machado, Oliveira & Fernandes 2009, severity 1.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
}


def lab(colour, matrix):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    seen = [min(1, max(0, sum(m * c for m, c in zip(row, linear, strict=True)))) for row in matrix]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(m * c for m, c in zip(row, seen, strict=True)) / white
           for row, white in zip(to_xyz, (0.9505, 1, 1.089), strict=True)]  # fmt: skip
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", ["colour", "colour_dark"])
def test_lines_of_one_dash_can_be_told_apart(theme, eyes):
    """Where two networks of the timeline share a dash their colours must differ plainly; else the dash tells."""
    for one, other in combinations([entry for entry in catalog() if entry.card], 2):
        if one.dash == other.dash:
            pair = [lab(getattr(entry, theme), EYES[eyes]) for entry in (one, other)]
            assert sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5 > 20, (one.key, other.key)


def test_no_two_networks_look_the_same():
    looks = [(entry.colour, entry.dash) for entry in catalog()]
    assert len(set(looks)) == len(looks)
    assert {entry.dash for entry in catalog()} == {"solid", "dash", "dot", "dashdot", "longdash"}
    for entry in torchvision_catalog():  # "what I read" beside "what I import"
        if entry.ancestor is not None:
            assert (entry.colour, entry.dash) != (
                architecture(entry.ancestor).colour,
                architecture(entry.ancestor).dash,
            )


def test_presets_are_named_and_belong_to_somebody():
    assert set(VARIANTS) <= {entry.key for entry in catalog()}
    for entry in catalog():
        assert entry.presets == VARIANTS.get(entry.key, ())
        for values in ([p.key for p in entry.presets], [p.title for p in entry.presets]):
            assert len(set(values)) == len(values)
        for preset in entry.presets:
            assert entry.preset(preset.key) is preset
            assert preset.options and entry.spec(**preset.options) != entry.spec()
        assert entry.preset("nobody") is None


# The architecture exercises of the chapter, as (network, preset).
EXERCISES = [
    ("lenet", "max_relu"), ("lenet", "kernel3"), ("lenet", "wide"), ("lenet", "deep"), ("lenet", "dropout_relu"),
    ("alexnet", "px28"), ("alexnet", "no_dropout"), ("vgg11", "px56"), ("vgg11", "px84"), ("vgg11", "narrow_head"),
    ("nin", "one"), ("nin", "three"), ("nin", "three_by_three"), ("nin", "dense"), ("nin", "two_steps"),
    ("googlenet", "norm"), ("googlenet", "residual"), ("googlenet", "two_3x3"), ("lenet_bn", "no_bias"),
    ("lenet_bn", "convolutions"), ("lenet_bn", "frozen"), ("lenet_bn", "mean"), ("lenet_bn", "variance"),
    ("lenet_bn", "dropout"), ("resnet18", "bottleneck"), ("resnet18", "preactivation"), ("resnet18", "plain"),
    ("densenet", "max"), ("densenet", "px224"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "preset"), EXERCISES)
def test_the_exercises_are_presets(key, preset):
    assert architecture(key).preset(preset) is not None


@pytest.mark.parametrize(
    ("key", "first"),
    [("resnet5", "resnet50"), ("Lenet", "lenet"), ("torchvision/resnet5", "torchvision/resnet50"), ("qqq", "lenet")],
)
def test_an_unknown_key_is_answered_with_those_spelled_alike(key, first):
    with pytest.raises(CnnvizError) as caught:
        architecture(key)
    named = caught.value.parameters["allowed"].split(", ")
    assert named[0] == first and len(named) <= 12 and set(CARDS) <= set(named)
    assert (caught.value.code, caught.value.field) == ("architecture_unknown", "architecture")


@pytest.mark.parametrize("key", [None, 3, "", "x" * 10_000, "torchvision/", "../lenet", {"key": None}, {}])
def test_a_forged_key_is_a_sentence(key):
    with pytest.raises(CnnvizError) as caught:
        spec_of(key)
    assert caught.value.code == "architecture_unknown" and len(str(caught.value)) < 400


def test_the_shelf_needs_no_torch():
    code = (
        "import json, sys\n"
        "from cnnviz.architectures import architecture, catalog, spec_of\n"
        "from cnnviz.specs.catalog import torchvision_catalog\n"
        "entry = architecture('torchvision/resnet50')\n"
        "spec_of('resnet18', image_size=64), entry.spec(), [e.presets for e in catalog()]\n"
        "print(json.dumps([len(torchvision_catalog()), entry.parameters, [m for m in sys.modules if 'torch' in m]]))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    count, parameters, modules = json.loads(result.stdout)
    assert count >= 80 and parameters == 25_557_032
    assert all(name.startswith("cnnviz.") for name in modules)


def test_entries_are_immutable():
    entry: Architecture = architecture("lenet")
    with pytest.raises(AttributeError):
        entry.title = "LeNet-6"
    with pytest.raises((TypeError, AttributeError)):
        VARIANTS["lenet"] = ()
