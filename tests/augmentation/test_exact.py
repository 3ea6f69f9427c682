"""Values set by hand: the slider is the value, and what a hand sets is what chance could have drawn."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional

from cnnviz.augmentation import OPERATIONS, Pipeline
from cnnviz.augmentation.mixing import apply_mix, pack
from cnnviz.data import cat
from cnnviz.errors import CnnvizError
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.augmentation import (
    PICTURE_OPERATIONS,
    Affine,
    ColorJitter,
    HorizontalFlip,
    MixUp,
    Perspective,
    RandomErasing,
    RandomResizedCrop,
    Rotation,
)

SMALL_CAT = functional.pil_to_tensor(cat().resize((60, 40)))
SIZE = (40, 60)
ALL = {parameter.name for kind in OPERATIONS for parameter in kind().parameters()}


def _fitting(kind):
    return kind(size=30) if "size" in kind.model_fields else kind()


@pytest.mark.parametrize("kind", OPERATIONS)
def test_parameters_are_sliders(kind):
    parameters = kind().parameters()
    assert len({parameter.name for parameter in parameters}) == len(parameters)
    for parameter in parameters:
        assert parameter.label and parameter.low <= parameter.neutral <= parameter.high
        assert parameter.scale == "linear" or parameter.low > 0
        assert parameter.step in (None, 1)


@pytest.mark.parametrize("kind", PICTURE_OPERATIONS)
def test_neutral_values_leave_the_picture_as_it_is(kind):
    """Nearly so for a blur, whose bell curve is never a point, and for what makes another size."""
    operation = _fitting(kind)
    pipeline = Pipeline(operations=(operation,))
    for image in (SMALL_CAT, SMALL_CAT[:1]):
        result = pipeline.apply(image, pipeline.exact([{}], SIZE))
        if operation.output_size(SIZE) == SIZE:
            assert (result.int() - image.int()).abs().max() <= 1
        else:
            assert tuple(result.shape[-2:]) == operation.output_size(SIZE)


@pytest.mark.hypothesis
@pytest.mark.parametrize("kind", PICTURE_OPERATIONS)
def test_what_a_hand_sets_can_be_applied_described_and_stored(kind):
    operation = _fitting(kind)
    pipeline = Pipeline(operations=(operation,))
    parameters = operation.parameters()
    chosen = {
        parameter.name: st.integers(int(parameter.low), int(parameter.high))
        if parameter.step
        else st.floats(parameter.low, parameter.high)
        for parameter in parameters
    }

    @settings(max_examples=settings.default.max_examples // 2, database=None)
    @given(st.fixed_dictionaries({}, optional=chosen))
    def apply(values):
        drawn = pipeline.exact([values], SIZE)
        result = pipeline.apply(SMALL_CAT, json.loads(json.dumps(drawn)))
        assert tuple(result.shape[-2:]) == operation.output_size(SIZE)
        together = pipeline.apply_draws(SMALL_CAT.expand(2, -1, -1, -1), pipeline.pack([drawn, drawn]))
        assert (together.int() - result.int()).abs().max() <= 1
        for language in LANGUAGES:
            text = pipeline.describe(drawn, Language(language))
            assert text and "{" not in text

    apply()


@pytest.mark.parametrize("kind", OPERATIONS)
def test_each_slider_changes_something(kind):
    """From one end to the other, the rest in the middle of its range."""
    operation = _fitting(kind)
    parameters = operation.parameters()
    middle = {parameter.name: _middle(parameter) for parameter in parameters}
    for parameter in parameters:
        ends = [operation.exact({**middle, parameter.name: end}, SIZE) for end in (parameter.low, parameter.high)]
        assert ends[0] != ends[1], parameter.name


def _middle(parameter):
    middle = (parameter.low * parameter.high) ** 0.5 if parameter.scale == "log" else 0.3 * parameter.high
    return round(middle) if parameter.step else middle


@pytest.mark.parametrize("kind", OPERATIONS)
def test_bounds_hold_for_forged_values(kind):
    operation = _fitting(kind)
    for parameter in operation.parameters():
        for value, code in ((parameter.low - 0.01, "value_too_small"), (parameter.high + 0.01, "value_too_large")):
            with pytest.raises(CnnvizError) as caught:
                operation.exact({parameter.name: value}, SIZE)
            assert (caught.value.code, caught.value.field) == (code, parameter.name)
        with pytest.raises(CnnvizError):
            operation.exact({parameter.name: float("nan")}, SIZE)
    with pytest.raises(CnnvizError, match="no setting called melting"):
        operation.exact({"melting": 1}, SIZE)


def test_hand_and_torchvision_agree():
    """The value on the slider is torchvision's own argument."""
    flat = functional.adjust_contrast(SMALL_CAT, 0.4)
    by_hand = [
        (Rotation(), {"angle": 33}, functional.rotate(SMALL_CAT, 33, interpolation="bilinear", fill=[0.0])),
        (HorizontalFlip(), {"flipped": 1}, functional.horizontal_flip(SMALL_CAT)),
        (ColorJitter(), {"contrast": 0.4, "hue": 0.2}, functional.adjust_hue(flat, 0.2)),
        (
            Affine(), {"x": 0.25, "shear_x": -20, "scale": 0.7},
            functional.affine(SMALL_CAT, 0.0, [15, 0], 0.7, [-20.0, 0.0], interpolation="bilinear", fill=[0.0]),
        ),
        (RandomResizedCrop(size=40), {}, functional.resize(SMALL_CAT, [40, 40])),
    ]  # fmt: skip
    for operation, values, expected in by_hand:
        pipeline = Pipeline(operations=(operation,))
        result = pipeline.apply(SMALL_CAT, pipeline.exact([values], SIZE))
        assert (result.int() - expected.int()).abs().max() <= 1, operation.kind


def test_boxes_set_by_hand_lie_in_the_picture():
    for operation in (RandomResizedCrop(size=20), RandomErasing()):
        for area in (0.01, 0.3, 1):
            for ratio in (0.1, 1, 10):
                for place in (0, 1):
                    _kind, box = operation.exact({"area": area, "ratio": ratio, "x": place, "y": place}, SIZE)
                    assert 0 <= box["top"] <= box["top"] + box["height"] <= SIZE[0]
                    assert 0 <= box["left"] <= box["left"] + box["width"] <= SIZE[1]
                    assert box["area"] == pytest.approx(area, abs=0.05)
    assert Perspective().exact({}, SIZE).values["applied"] is False


def test_a_chain_of_exact_values_follows_the_size():
    chain = Pipeline(operations=(RandomResizedCrop(size=20), Affine()))
    drawn = chain.exact([{}, {"x": 0.5}], SIZE)
    assert drawn[1].values["translate_x"] == 10


def test_a_share_set_by_hand_mixes_so():
    images = torch.stack((torch.zeros(1, 4, 4), torch.ones(1, 4, 4)))
    values = pack([MixUp().exact({"share": share}, (4, 4)).values for share in (0.75, 1.0)])
    mixed, targets = apply_mix(images, torch.eye(2), values)
    assert mixed[0].unique().tolist() == [0.25] and mixed[1].unique().tolist() == [1.0]
    assert targets.tolist() == [[0.75, 0.25], [0.0, 1.0]]
