"""The kernel's drawing reads the very input values that PyTorch reads, and says the layer's numbers in words."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
import torch
from torch import nn

from cnnviz.architectures import catalog
from cnnviz.figures.kernel import describe_kernel, footprint, kernel_drawing
from cnnviz.inspection import inspect
from cnnviz.language import Language

ENGLISH = Language("en")
COLOURS = {"ink": "#000000", "paper": "#ffffff", "accent": "#d55e00"}
DRAWN = {"convolution", "pooling", "dense", "addition", "concatenation", "global_pooling"}


def row_of(layer, shape):
    return inspect(lambda: nn.Sequential(layer), shape).leaves[0]


@pytest.mark.parametrize("kernel", [1, 2, 3, (3, 5)])
@pytest.mark.parametrize("stride", [1, 2, (1, 3)])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("dilation", [1, 2])
def test_the_footprint_is_what_pytorch_reads(kernel, stride, padding, dilation):
    def layer():
        return nn.Conv2d(1, 1, kernel, stride, padding, dilation, bias=False)

    row = inspect(lambda: nn.Sequential(layer()), (1, 1, 14, 15)).leaves[0]
    conv = layer()
    nn.init.ones_(conv.weight)
    for position in (0, 1):
        picture = torch.zeros(1, 1, 14, 15, requires_grad=True)
        conv(picture)[0, 0, position, position].backward()
        read = picture.grad[0, 0]
        rows, columns = (
            [index for index in footprint(row, position, axis) if 0 <= index < read.shape[axis]] for axis in (0, 1)
        )
        expected = torch.zeros_like(read)
        for line in rows:
            expected[line, columns] = 1
        assert torch.equal(read, expected)


@pytest.mark.parametrize("key", [entry.key for entry in catalog()])
def test_every_layer_with_a_drawing_has_words_and_no_other_has(report_by_key, key):
    drawn = set()
    seen = set()
    for row in report_by_key(key).layers:
        look = (row.formula.get("kind"), row.kernel, row.stride, row.padding, row.groups, row.input_shape, row.leaf)
        if look in seen:
            continue
        seen.add(look)
        svg = kernel_drawing(row, ENGLISH, **COLOURS)
        kind = row.formula.get("kind") if row.leaf else None
        assert (svg is not None) == (kind in DRAWN) == bool(describe_kernel(row, ENGLISH)), row.path
        if svg is None:
            continue
        drawn.add(kind)
        check(svg, describe_kernel(row, ENGLISH))
    assert "convolution" in drawn


def check(svg, words):
    space = "{http://www.w3.org/2000/svg}"
    tree = ElementTree.fromstring(svg)
    assert tree.find(f"{space}title").text == words
    _left, _top, width, height = map(float, tree.get("viewBox").split())
    for text in tree.iter(f"{space}text"):
        assert float(text.get("font-size")) >= 12
        assert 0 <= float(text.get("x")) <= width and 0 < float(text.get("y")) <= height
    for shape in tree.iter(f"{space}rect"):
        if shape.get("x"):
            assert float(shape.get("x")) + float(shape.get("width")) <= width + 0.1
            assert float(shape.get("y")) + float(shape.get("height")) <= height + 0.1


def test_dilation_stride_and_padding_are_seen():
    plain = row_of(nn.Conv2d(1, 1, 3), (1, 1, 12, 12))
    wide = row_of(nn.Conv2d(1, 1, 3, dilation=2), (1, 1, 12, 12))
    padded = row_of(nn.Conv2d(1, 1, 3, padding=1), (1, 1, 12, 12))
    taken = "fill-opacity='0.55'"

    def cells(row):
        svg = kernel_drawing(row, ENGLISH, **COLOURS)
        return svg.count(f"fill='#d55e00' {taken}"), svg.count("stroke-dasharray='2 2'")

    assert cells(plain) == (9, 0)
    assert cells(wide) == (9, 0), "nine values, spread over five rows"
    assert [footprint(row, 0) for row in (plain, wide, padded)] == [(0, 1, 2), (0, 2, 4), (-1, 0, 1)]
    assert cells(padded)[0] == 9 and cells(padded)[1] > 0, "zeros around the picture are dotted"


def test_the_words_have_the_layers_numbers(report_by_key):
    grouped = report_by_key("resnext50_32x4d").row("stage2.block1.body.conv2")
    text = describe_kernel(grouped, ENGLISH)
    assert "kernel 3×3, stride 2, padding 1" in text and "32 groups: 8 channels in, 8 out, each" in text
    assert "256×56×56 becomes 256×28×28" in text
    pool = report_by_key("alexnet").row("pool1")
    assert describe_kernel(pool, ENGLISH).startswith(
        "Each output value is the largest of a window (kernel 3×3, stride 2"
    )
    assert "mean" in describe_kernel(report_by_key("lenet").row("pool1"), ENGLISH)
    dense = report_by_key("alexnet").row("dense1.dense")
    assert describe_kernel(dense, ENGLISH) == "Each of 4,096 units is a weighted sum of all 6,400 inputs."
    join = report_by_key("googlenet").row("stage3.inception3a.concatenate")
    assert "64 + 128 + 32 + 32" in describe_kernel(join, ENGLISH)


def test_a_layer_is_not_drawn_without_its_window(report_by_key):
    row = report_by_key("lenet").row("conv1.activation")
    assert kernel_drawing(row, ENGLISH, **COLOURS) is None
    assert kernel_drawing(replace(row, leaf=False), ENGLISH, **COLOURS) is None
