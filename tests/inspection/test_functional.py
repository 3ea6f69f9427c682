"""Operations without a module: against torch.fx, which reads the same code in another way."""

import operator
from collections import Counter

import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from cnnviz.architectures import build, catalog
from cnnviz.inspection import inspect
from cnnviz.inspection.formula import formulas
from tests.heavy import heavy_in_soak


class Tracer(fx.Tracer):
    """Takes every module without children as a whole."""

    def is_leaf_module(self, module: nn.Module, path: str) -> bool:
        return not any(True for _ in module.children())


# One network of each family that fx can read; attention's asserts and MaxViT's branches on shapes it cannot.
READABLE = {
    "alexnet": 224, "convnext_tiny": 224, "densenet121": 224, "efficientnet_b0": 224, "googlenet": 224,
    "inception_v3": 299, "mnasnet0_5": 224, "mobilenet_v2": 224, "mobilenet_v3_small": 224, "regnet_y_400mf": 224,
    "resnet18": 224, "resnext50_32x4d": 224, "shufflenet_v2_x0_5": 224, "squeezenet1_1": 224, "vgg11": 224,
}  # fmt: skip
NO_STEP = {"getattr", "size", "dim", "contiguous", "floordiv", "is_tensor", "_assert", "eq"}
SAME = {"iadd": "add", "getitem": "slice"}


def read_by_fx(model: nn.Module) -> Counter[tuple[str, str]]:
    """How often each operation stands inside each module."""
    tracer, found = Tracer(), Counter()
    for node in tracer.trace(model).nodes:
        if node.op not in ("call_function", "call_method"):
            continue
        name = node.target if node.op == "call_method" else node.target.__name__
        if name in NO_STEP or (node.target is operator.getitem and node.args[0].target in ("chunk", "split", "size")):
            continue
        name = name.strip("_")
        stack = node.meta.get("nn_module_stack") or {}
        path = next(reversed(stack.values()))[0] if stack else ""
        found[str(path), SAME.get(name, name)] += 1
    return found


@pytest.mark.parametrize("name", READABLE)
def test_every_operation_that_fx_reads_is_a_row(name, shelf):
    report = shelf(name)
    with torch.device("meta"):
        expected = read_by_fx(build(f"torchvision/{name}").eval())
    rows = [row for row in report.layers if row.functional]
    assert Counter((row.parent, row.name.rpartition("_")[0]) for row in rows) == expected
    assert len(rows) == sum(expected.values()) and (rows or name in ("convnext_tiny", "mobilenet_v2", "vgg11"))


@pytest.mark.parametrize("entry", heavy_in_soak(catalog()), ids=lambda entry: entry.key)
def test_the_projects_networks_do_everything_in_modules(entry, report_by_key):
    assert not any(row.functional for row in report_by_key(entry.key).layers)


def test_a_residual_block_shows_its_addition(shelf):
    report = shelf("resnet18")
    block = [row.name for row in report.children("layer2.0")]
    assert block == ["conv1", "bn1", "relu", "conv2", "bn2", "downsample", "add_1"]
    row = report.row("layer2.0.add_1")
    assert (row.type, row.input_shape, row.output_shape) == ("Add", (1, 128, 28, 28), (1, 128, 28, 28))
    assert row.receptive_field == report.row("layer2.0").receptive_field
    assert [formula.text for formula in formulas(row)] == [f"1·128·28·28 = {128 * 28 * 28}"]
    flat = report.row("flatten_1")
    assert (flat.depth, flat.output_shape, flat.formula["kind"]) == (1, (1, 512), "flatten")


def test_poolings_without_a_module_have_their_window(shelf):
    rows = [row for row in shelf("inception_v3").layers if row.functional and row.kernel]
    assert {(row.type, row.kernel, row.stride, row.padding) for row in rows} == {
        ("AvgPool2d", (3, 3), (1, 1), (1, 1)), ("MaxPool2d", (3, 3), (2, 2), (0, 0)),
    }  # fmt: skip
    for row in rows:
        texts = [formula.text for formula in formulas(row)]
        assert texts[0].endswith(f"+ 1 = {row.output_shape[-1]} px") and len(texts) == 3


def test_a_dense_block_shows_its_concatenations(shelf):
    report = shelf("densenet121")
    row = report.row("features.denseblock1.denselayer2.cat_1")
    assert row.formula["parts"] == "64 + 32" and row.type == "Concatenate"
    last = report.row("features.denseblock1.cat_1")
    assert last.output_shape == (1, 256, 56, 56) and last.formula["parts"] == "64" + " + 32" * 6


def test_attention_is_its_projections_and_its_product(shelf):
    report = shelf("vit_b_16")
    attention = "encoder.layers.encoder_layer_0.self_attention"
    rows = {row.name: row for row in report.children(attention)}
    assert list(rows) == ["transpose_1", "linear_1", "scaled_dot_product_attention_1", "out_proj", "transpose_2"]
    tokens, width = 197, 768
    assert [row.macs for row in rows.values()] == [
        0, 3 * tokens * width**2, 2 * tokens**2 * width, tokens * width**2, 0,
    ]  # fmt: skip
    assert rows["out_proj"].calls == 1 and not rows["out_proj"].functional
    swin = shelf("swin_t").row("features.1.0.attn.qkv")
    assert (swin.calls, swin.macs) == (1, 56 * 56 * 96 * 3 * 96)


class Arithmetic(nn.Module):
    """Saves only in functional operations, some of them on constants, some while training, some on nothing at all."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        self.relu_1 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu_1(self.conv(x))
        scale = torch.sigmoid(self.conv.bias) * 2  # nothing of the picture
        x = functional.relu(x * scale.view(1, 2, 1, 1))
        if self.training:
            x = x.exp()
        return x.mean((2, 3))


def test_saved_bytes_belong_to_the_operation_that_keeps_them():
    report = inspect(Arithmetic, (3, 1, 4, 4))
    assert [(row.path, row.type) for row in report.layers if row.functional] == [
        ("mul_1", "Multiply"), ("relu_1_", "ReLU"), ("mean_1", "Mean"),
    ]  # fmt: skip
    picture = 3 * 2 * 4 * 4 * 4
    assert report.row("relu_1").saved_bytes == picture  # its result, which the product keeps, too
    assert report.row("relu_1_").saved_bytes == picture
    leaves = sum(row.saved_bytes for row in report.leaves)
    assert report.row("mul_1").saved_bytes == 2 * 4  # the scale; the other factor is kept already
    assert report.saved_bytes == leaves + picture + 2 * 4  # `exp` and the sigmoid of a constant stand in no row
