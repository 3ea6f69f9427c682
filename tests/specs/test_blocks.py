"""The blocks of the chapter: every knob, every example and every alternative is a spec that can be built."""

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.specs.block_catalog import BLOCKS, block
from cnnviz.specs.blocks import InceptionSpec, ResNeXtSpec
from cnnviz.specs.catalog import architecture

EVERY = pytest.mark.parametrize("entry", BLOCKS, ids=lambda entry: entry.key)


@EVERY
def test_each_is_found_by_its_key_and_has_a_network_of_the_chapter(entry):
    assert block(entry.key) is entry
    assert architecture(entry.network).colour
    assert entry.spec_type.kind == entry.key


def test_an_unknown_block_is_named():
    with pytest.raises(CnnvizError, match="perceptron"):
        block("perceptron")


@EVERY
def test_curves_are_over_knobs_of_the_block(entry):
    assert entry.sweeps
    assert set(entry.sweeps) <= set(entry.spec_type.model_fields)


def test_groups_and_the_width_of_a_group_are_two_numbers():
    spec = ResNeXtSpec(channels=32, groups=16)
    assert (spec.groups, spec.group_width, spec.middle) == (16, 2, 32)
    with pytest.raises(CnnvizError, match="do not divide"):
        ResNeXtSpec.parse({"channels": 32, "groups": 5})


def test_an_inception_block_without_branches_is_refused():
    with pytest.raises(CnnvizError):
        InceptionSpec.parse({"c1": 0, "c2b": 0, "c3b": 0, "c4": 0})
