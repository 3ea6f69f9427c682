"""A chain in one line: the same chain comes back, the line fits into an address, and forged lines end in a sentence."""

from typing import Literal, get_args, get_origin
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation import (
    CHAPTER_PIPELINES,
    OPERATIONS,
    Hue,
    PipelineSpec,
    RandomResizedCrop,
    Rotation,
)
from cnnviz.specs.augmentation.text import chain_from_text, chain_text, hand_from_text, hand_text


def bounds(field):
    """(smallest, largest) of a field's numbers."""
    extra = field.json_schema_extra or {}
    sides = (
        (next((getattr(rule, side) for rule in field.metadata if hasattr(rule, side)), extra.get(side)))
        for side in ("ge", "le")
    )
    return tuple(sides)


@st.composite
def operations(draw):
    """Any operation with any settings."""
    kind = draw(st.sampled_from(OPERATIONS))
    values = {}
    for name, field in kind.model_fields.items():
        if name == "kind":
            continue
        if field.annotation is bool:
            values[name] = draw(st.booleans())
        elif get_origin(field.annotation) is Literal:
            values[name] = draw(st.sampled_from(get_args(field.annotation)))
        else:
            low, high = bounds(field)
            if field.annotation is int:
                values[name] = draw(st.integers(int(low), int(high)))
            elif get_origin(field.annotation) is tuple:
                values[name] = tuple(sorted(draw(st.tuples(*[st.floats(low, high)] * 2))))
            else:
                values[name] = draw(st.floats(low, high))
    try:
        return kind(**values)
    except ValueError:  # an even width of a kernel and the like
        return kind()


@given(st.lists(operations(), max_size=5))
def test_every_chain_comes_back_and_needs_no_escapes(steps):
    chain = PipelineSpec(operations=tuple(steps))
    text = chain_text(chain)
    assert text and chain_from_text(text) == chain
    assert quote_plus(text) == text


def test_what_stands_in_a_link():
    chain = PipelineSpec(
        operations=(
            Hue(hue=0.1),
            Hue(enabled=False),
            Rotation(degrees=(-12.5, 30)),
            RandomResizedCrop(size=64, scale=(0.08, 1)),
        )
    )
    line = "hue-hue-0.1~hue-enabled-0~rotation-degrees--12.5..30.0~random_resized_crop-size-64-scale-0.08..1.0"
    assert chain_text(chain) == line
    assert chain_from_text("rotation-degrees--5..5").operations[0].degrees == (-5, 5)
    for name, preset in CHAPTER_PIPELINES.items():
        if name != "combined":
            assert chain_text(preset.pipeline) == name
    assert chain_text(PipelineSpec()) == "none" and chain_from_text("") == chain_from_text("none") == PipelineSpec()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("os.system", "os.system is not one of horizontal_flip"),
        ("hue-hue-0.1-", "is not one of"),
        ("hue-__class__-1", "is not one of"),
        ("hue-strength-3", "no setting called strength"),
        ("hue-kind-hue", "no setting called kind"),
        ("hue-hue-9", "9 is too large, the largest allowed is 0.5"),
        ("rotation-degrees-20..5", "runs backwards"),
        ("auto_augment-policy-mine", "mine is not one of"),
        ("~".join(["hue"] * 25), "25 is too large, the largest allowed is 24"),
    ],
)
def test_what_is_no_chain_is_a_sentence(line, words):
    with pytest.raises(CnnvizError, match=words):
        chain_from_text(line)


@given(st.data())
def test_numbers_set_by_hand_come_back(data):
    chain = PipelineSpec(operations=tuple(data.draw(st.lists(operations(), max_size=4))))
    values = tuple(
        {one.name: data.draw(st.floats(one.low, one.high)) for one in operation.parameters()}
        for operation in chain.operations
    )
    text = hand_text(chain, values)
    assert hand_from_text(chain, text) == values
    assert quote_plus(text) == text


def test_neutral_numbers_need_no_line():
    chain = chain_from_text("horizontal_flip~hue~rotation")
    neutral = hand_from_text(chain, "")
    assert neutral == ({"flipped": 0}, {"hue": 0}, {"angle": 0}) and hand_text(chain, neutral) == ""
    assert hand_text(chain, ({"flipped": 0}, {"hue": 0}, {"angle": -3})) == "~~angle--3.0"
    assert hand_text(chain, ({"flipped": 1}, {"hue": 0}, {"angle": 0})) == "flipped-1.0"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hue-0.1", "no setting called hue"),
        ("~hue-9", "9.0 is too large, the largest allowed is 0.5"),
        ("~hue-x", "x is not a number"),
        ("~hue-0.1..0.2", "is not a number"),
        ("~hue", "cannot be used here"),
        ("~~~", "cannot be used here"),
    ],
)
def test_what_no_hand_can_set_is_a_sentence(line, words):
    with pytest.raises(CnnvizError, match=words):
        hand_from_text(chain_from_text("horizontal_flip~hue"), line)
