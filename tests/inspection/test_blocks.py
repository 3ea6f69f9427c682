"""Shapes and costs of the blocks against the chapter's examples and figures."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.architectures.block_builders import build_block
from cnnviz.errors import CnnvizError
from cnnviz.inspection.blocks import block_report, compared, sweep
from cnnviz.specs.block_catalog import BLOCKS, block
from cnnviz.specs.blocks import (
    ConvolutionSpec,
    DenseBlockSpec,
    InceptionSpec,
    NiNBlockSpec,
    ResidualSpec,
    ResNeXtSpec,
    TransitionSpec,
)

EVERY = pytest.mark.parametrize("entry", BLOCKS, ids=lambda entry: entry.key)
# The chapter's table of blocks: input and output.
EXAMPLES = [
    (NiNBlockSpec(), (1, 224, 224), (96, 54, 54)),
    (InceptionSpec(), (192, 28, 28), (256, 28, 28)),
    (ResidualSpec(in_channels=3, image_size=6, out_channels=3), (3, 6, 6), (3, 6, 6)),
    (
        ResidualSpec(in_channels=3, image_size=6, out_channels=6, stride=2, shortcut="projection"),
        (3, 6, 6),
        (6, 3, 3),
    ),
    (ResNeXtSpec(), (32, 96, 96), (32, 96, 96)),
    (ResNeXtSpec(stride=2), (32, 96, 96), (32, 48, 48)),
    (DenseBlockSpec(), (3, 8, 8), (23, 8, 8)),
    (TransitionSpec(), (23, 8, 8), (10, 4, 4)),
]


@pytest.mark.parametrize(("spec", "received", "made"), EXAMPLES)
def test_shapes_of_the_chapters_examples(spec, received, made):
    report = block_report(spec, 4)
    assert report.input_shape == (4, *received)
    assert report.output_shape == (4, *made)
    assert build_block(spec)(torch.zeros(2, *received)).shape == (2, *made)


@EVERY
def test_every_example_and_every_alternative_works_and_is_as_large_as_it_says(entry):
    for spec in (entry.spec_type(), *(spec for _title, spec in entry.examples.values())):
        report = block_report(spec)
        assert report.parameters == sum(parameter.numel() for parameter in build_block(spec).parameters())
        alternatives = list(entry.alternatives(spec))
        assert alternatives
        costs = compared(entry, spec)
        assert len(costs) == len(alternatives)
        for alternative, cost in costs:
            assert alternative.title.format(**alternative.parameters)
            assert cost.output_shape == report.output_shape, alternative.title


def test_inception_3a_against_one_convolution():
    """The chapter: parameters 163,696 / 442,624 / 1,229,056; MACs 128,049,152 / 346,816,512 / 963,379,200."""
    report = block_report(InceptionSpec())
    three, five = (cost for _alternative, cost in compared(block("inception"), InceptionSpec())[:2])
    assert (report.parameters, three.parameters, five.parameters) == (163_696, 442_624, 1_229_056)
    assert (report.macs, three.macs, five.macs) == (128_049_152, 346_816_512, 963_379_200)


def test_two_small_kernels_see_as_far_as_a_large_one_for_18_to_25():
    one = block_report(ConvolutionSpec(kernel_size=5, padding=2))
    two = block_report(ConvolutionSpec(kernel_size=3, padding=1, repeat=2))
    (alternative, cost), *_rest = compared(block("convolution"), ConvolutionSpec(kernel_size=5, padding=2))
    assert alternative.parameters == {"count": 2, "size": 3}
    assert cost.parameters == two.parameters
    assert one.leaves[0].receptive_field == two.leaves[-1].receptive_field == (5, 5)
    assert (two.parameters - 2 * 64) * 25 == (one.parameters - 64) * 18  # weights without biases


def test_groups_divide_the_weights_of_the_grouped_convolution():
    for point in sweep(block("resnext"), ResNeXtSpec(groups=1), "groups"):
        report = block_report(ResNeXtSpec(groups=point.value))
        grouped = next(row for row in report.leaves if row.kernel == (3, 3))
        assert grouped.parameters == 9 * 32 * 32 // point.value + 32


@EVERY
def test_curves_contain_the_chosen_value_and_grow_with_the_knob(entry):
    spec = entry.spec_type()
    for knob in entry.sweeps:
        points = sweep(entry, spec, knob)
        own = next(point for point in points if point.value == getattr(spec, knob))
        report = block_report(spec)
        assert (own.parameters, own.macs) == (report.parameters, report.macs)
        assert len(points) > 2
        if knob not in ("groups", "c2a", "c3a"):
            assert [point.macs for point in points] == sorted(point.macs for point in points)
        if knob == "groups":
            assert [point.macs for point in points] == sorted((point.macs for point in points), reverse=True)


def test_a_change_of_shape_without_a_convolution_on_the_shortcut_is_refused_at_the_shortcut():
    with pytest.raises(CnnvizError) as caught:
        block_report(ResidualSpec(in_channels=3, out_channels=6))
    assert (caught.value.code, caught.value.field) == ("shortcut_needed", "shortcut")


@given(st.data())
def test_any_knobs_give_a_report_that_matches_the_module_or_an_error_in_words(data):
    entry = data.draw(st.sampled_from(BLOCKS))
    values = {"in_channels": data.draw(st.integers(1, 24)), "image_size": data.draw(st.integers(1, 20))}
    for name, field in entry.spec_type.model_fields.items():
        if field.annotation is int and name not in values:
            low = next(rule.ge for rule in field.metadata if hasattr(rule, "ge"))
            high = next(rule.le for rule in field.metadata if hasattr(rule, "le"))
            values[name] = data.draw(st.integers(low, min(high, 12)))
    try:
        spec = entry.spec_type.parse(values)
        report = block_report(spec)
    except CnnvizError as error:
        assert str(error)
        return
    assert build_block(spec).eval()(torch.zeros(1, *spec.input_shape)).shape == report.output_shape
