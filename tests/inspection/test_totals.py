"""Parameters and multiply-accumulates against the chapter, the modules themselves and what torchvision publishes."""

import warnings

import pytest
import torch
import torchvision
from torch import nn
from torchvision.models import get_model, get_model_weights, list_models

from cnnviz.architectures import build, catalog
from cnnviz.architectures.googlenet import InceptionBlock
from cnnviz.inspection import inspect

ENTRIES = pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)


def test_lenet_layers_hold_what_the_chapter_says():
    report = inspect(lambda: build("lenet"), (1, 1, 28, 28))
    held = [row.parameters for row in report.leaves if row.parameters]
    assert held == [156, 2416, 48120, 10164, 850]
    assert report.parameters == 61_706
    # 28²·5²·6 + 10²·5²·6·16 + 400·120 + 120·84 + 84·10
    assert report.macs == 117_600 + 240_000 + 48_000 + 10_080 + 840
    assert report.weight_bytes == 4 * 61_706


@pytest.mark.parametrize(
    ("key", "parameters"),
    [("lenet", 61_706), ("alexnet", 46_764_746), ("vgg11", 128_806_154), ("googlenet", 5_977_530)],
)
def test_totals_of_the_chapter(key, parameters, report_by_key):
    entry = next(entry for entry in catalog() if entry.key == key)
    assert report_by_key(entry.key).parameters == parameters


def test_dense_layers_of_alexnet_and_vgg_weigh_what_the_chapter_says():
    alexnet = inspect(lambda: build("alexnet"), (1, 1, 224, 224))
    dense = [row for row in alexnet.leaves if row.type == "Linear" and row.output_shape == (1, 4096)]
    weights = sum(row.formula["in_features"] * row.formula["out_features"] for row in dense)
    assert weights == 42_991_616
    assert weights * 4 / 2**20 == 164
    vgg = inspect(lambda: build("vgg11"), (1, 1, 224, 224))
    first = next(row for row in vgg.leaves if row.type == "Linear")
    assert first.formula["in_features"] * first.formula["out_features"] == 102_760_448


@ENTRIES
def test_every_network_counts_its_parameters_once(entry, report_by_key):
    report = report_by_key(entry.key)
    with torch.device("meta"):
        model = build(entry.key)
    assert report.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert report.parameters == entry.parameters
    own = dict(model.named_modules())
    assert {row.path for row in report.layers} == set(own)
    for row in report.layers:
        assert row.parameters == sum(parameter.numel() for parameter in own[row.path].parameters())
        assert row.leaf == (not list(own[row.path].children()))


@ENTRIES
def test_macs_of_every_network_by_hand(entry, report_by_key):
    """Every convolution and dense layer from its own module and output; all other layers do nothing that counts."""
    report = report_by_key(entry.key)
    with torch.device("meta"):
        modules = dict(build(entry.key).named_modules())
    total = 0
    for row in report.leaves:
        module, expected = modules[row.path], 0
        if isinstance(module, nn.Conv2d):
            expected = module.weight.numel() * row.output_shape[2] * row.output_shape[3]
        elif isinstance(module, nn.Linear):
            expected = module.weight.numel()
        assert row.macs == expected, row.path
        total += expected
    assert report.macs == total == entry.macs > 0
    assert sum(row.macs for row in report.stages) == total


def test_macs_are_for_one_image_whatever_the_batch():
    one, many = (inspect(lambda: build("lenet"), (size, 1, 28, 28)) for size in (1, 7))
    assert [row.macs for row in one.layers] == [row.macs for row in many.layers]
    assert many.row("conv1").output_shape == (7, 6, 28, 28)
    assert many.row("conv1").output_bytes == 7 * one.row("conv1").output_bytes == 7 * 6 * 28 * 28 * 4


@pytest.mark.parametrize(
    ("block", "parameters", "macs"),
    [
        (lambda: InceptionBlock(192, 64, (96, 128), (16, 32), 32), 163_696, 128_049_152),
        (lambda: nn.Sequential(nn.Conv2d(192, 256, 3, padding=1)), 442_624, 346_816_512),
        (lambda: nn.Sequential(nn.Conv2d(192, 256, 5, padding=2)), 1_229_056, 963_379_200),
    ],
    ids=["inception 3a", "3×3", "5×5"],
)
def test_inception_3a_against_one_large_kernel(block, parameters, macs):
    report = inspect(block, (1, 192, 28, 28))
    assert (report.parameters, report.macs) == (parameters, macs)
    assert report.output_shape == (1, 256, 28, 28)


@pytest.mark.parametrize("name", list_models(module=torchvision.models))
def test_torchvision_networks_equal_their_published_figures(name):
    weights = get_model_weights(name).DEFAULT
    size = weights.transforms.keywords["crop_size"]
    # their parameters: Inception v3's include its auxiliary head, GoogLeNet's do not; ViT is built for one input size
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    if name == "inception_v3":
        options = {"init_weights": False}
    if name.startswith("vit_"):
        options = {"image_size": size}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torchvision's own, about initialisation
        report = inspect(lambda: get_model(name, **options), (1, 3, size, size))
    assert report.parameters == weights.meta["num_params"]
    published = weights.meta["_ops"]  # thousand million MACs, three decimals
    assert abs(report.macs / 1e9 - published) <= max(0.001, published / 100)
