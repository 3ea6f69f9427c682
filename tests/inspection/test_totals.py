"""Parameters and multiply-accumulates against the chapter, the modules themselves and PyTorch's counter."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnviz.architectures import architecture, build, catalog
from cnnviz.architectures.googlenet import InceptionBlock
from cnnviz.inspection import inspect
from tests.heavy import heavy_in_soak

ENTRIES = pytest.mark.parametrize("entry", heavy_in_soak(catalog()), ids=lambda entry: entry.key)


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


@pytest.mark.parametrize(
    "key",
    ["alexnet", "nin", "googlenet", "resnet50", "resnext50_32x4d", "densenet121", "torchvision/mobilenet_v3_small",
     "torchvision/inception_v3", "torchvision/convnext_tiny", "torchvision/swin_v2_t", "torchvision/vit_b_32"],
)  # fmt: skip
def test_work_of_every_module_is_what_pytorchs_counter_says(key, report_by_key):
    """`FlopCounterMode` counts every operation where it is dispatched; here most layers answer by formula."""
    spec = architecture(key).spec()
    with torch.device("meta"):
        model = build(spec).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, *spec.input_shape, device="meta"))
    counted = {path.partition(".")[2]: sum(flops.values()) for path, flops in counter.get_flop_counts().items()}
    rows = [row for row in report_by_key(key).layers if not row.functional]
    for row in rows:
        inside = row.path.endswith(("attn.qkv", "attn.proj", "self_attention.out_proj", "cpb_mlp"))
        if not inside:  # whose weights are used by the module around them
            assert row.macs * 2 == counted.get(row.path, 0), row.path
    assert report_by_key(key).macs * 2 == counter.get_total_flops()
