"""Grouped convolutions against one convolution per group, by hand, and against the paper's table."""

import numpy as np
import pytest

from cnnviz.errors import CnnvizError
from cnnviz.insight.resnext import SPLITS, grouping, same_cost
from cnnviz.specs.labs.resnext import SIZE, ResNeXtLabSpec

EVERY = [
    ResNeXtLabSpec(groups=groups, channels=channels, follow=follow)
    for channels in (8, 32)
    for groups in (1, 2, 4, 8, 16, 32)
    if groups <= channels
    for follow in (1, channels // 2 + 1, channels)
]


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: f"{spec.groups}of{spec.channels}-{spec.follow}")
def test_a_grouped_convolution_is_a_full_one_with_blocks_on_its_diagonal(spec):
    found, width = grouping(spec), spec.channels // spec.groups
    assert found.difference < 1e-5
    # a weight stands exactly where input and output are of one group
    groups = np.arange(spec.channels) // width
    assert np.array_equal(found.matrix != 0, groups[:, None] == groups[None, :])
    assert (found.matrix != 0).sum() * spec.groups == spec.channels**2


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: f"{spec.groups}of{spec.channels}-{spec.follow}")
def test_a_channel_reaches_its_group_alone_and_behind_a_1x1_everything(spec):
    found, width = grouping(spec), spec.channels // spec.groups
    first = (spec.follow - 1) // width * width
    assert found.reached == tuple(range(first + 1, first + width + 1))
    assert found.reached_behind == tuple(range(1, spec.channels + 1))


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: f"{spec.groups}of{spec.channels}-{spec.follow}")
def test_groups_divide_the_cost(spec):
    found, width = grouping(spec), spec.channels // spec.groups
    assert found.weights == 9 * width * width * spec.groups
    assert found.weights_full == 9 * spec.channels**2 == found.weights * spec.groups
    assert found.macs == found.weights * SIZE**2 and found.macs_full == found.weights_full * SIZE**2


def test_the_papers_table_of_splits_at_one_cost():
    """Xie et al., table 2: cardinality 1, 2, 4, 8, 32 and widths 64, 40, 24, 14, 4 of a 256-channel block."""
    splits = {split.groups: split for split in same_cost(ResNeXtLabSpec(block_channels=256, undivided=64))}
    assert {groups: splits[groups].width for groups in (1, 2, 4, 8, 32)} == {1: 64, 2: 40, 4: 24, 8: 14, 32: 4}
    assert {groups: splits[groups].middle for groups in (1, 2, 4, 8, 32)} == {1: 64, 2: 80, 4: 96, 8: 112, 32: 128}
    for split in splits.values():  # the paper's formula, C·(256·d + 3·3·d·d + d·256)
        assert split.weights == split.groups * (256 * split.width + 9 * split.width**2 + 256 * split.width)
    assert splits[1].weights == 69_632 and splits[32].weights == 70_144  # "~70k" each


@pytest.mark.parametrize("channels", [64, 512])
@pytest.mark.parametrize("width", [16, 128])
def test_no_other_width_comes_closer_to_the_budget(channels, width):
    splits = same_cost(ResNeXtLabSpec(block_channels=channels, undivided=width))
    budget = splits[0].weights
    assert splits[0].width == width
    for split in splits:
        assert split.groups in SPLITS
        for other in (split.width - 1, split.width + 1):
            cost = split.groups * (2 * channels * other + 9 * other**2)
            assert abs(split.weights - budget) <= abs(cost - budget)


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"groups": 32, "channels": 16}, "groups_do_not_divide", "groups"),
        ({"channels": 8, "groups": 2, "follow": 9}, "value_too_large", "follow"),
        ({"groups": 3}, "value_not_allowed", "groups"),
    ],
)
def test_what_does_not_fit_is_named_at_its_knob(wrong, code, field):
    with pytest.raises(CnnvizError) as refused:
        ResNeXtLabSpec.parse(wrong)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_the_answers_block_is_that_of_resnext50():
    """Built from the catalogue, whose totals equal torchvision's: 256 channels, a middle of 128 in 32 groups."""
    from cnnviz.inspection import report_of
    from cnnviz.specs.catalog import architecture

    report = report_of(architecture("resnext50_32x4d").spec())
    first = next(row for row in report.leaves if row.formula.get("kind") == "convolution" and row.groups > 1)
    assert (first.groups, first.output_shape[1]) == (32, 128)
    block = next(row for row in report.layers if row.type == "BottleneckBlock")
    assert block.output_shape[1] == 256
