"""The operations as data: the chapter's settings, their bounds, and the torchvision class each stands for."""

import pytest
from torchvision.transforms import v2

from cnnviz.errors import CnnvizError, problems
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.augmentation import (
    CHAPTER_PIPELINES,
    GROUPS,
    MAX_OPERATIONS,
    OPERATIONS,
    ColorJitter,
    HorizontalFlip,
    PipelineSpec,
    RandomResizedCrop,
)

KINDS = [operation.model_fields["kind"].default for operation in OPERATIONS]


def _error(**data) -> CnnvizError:
    with pytest.raises(CnnvizError) as caught:
        PipelineSpec.parse(data)
    return caught.value


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_says_what_it_is_and_stands_for(operation):
    assert operation.__doc__ and operation.title and operation.teaches and operation.harms
    assert operation.group in GROUPS
    name, arguments = operation().torchvision_call()
    assert (name in operation.definition) if operation.definition else issubclass(getattr(v2, name), v2.Transform)
    assert all(isinstance(argument, str) for argument in arguments)
    for name, field in operation.model_fields.items():
        assert name in ("kind", "enabled") or (field.title and field.description), name


def test_kinds_are_unique():
    assert len(set(KINDS)) == len(OPERATIONS)


def test_the_chapters_settings():
    """2 rows of 4 draws of: both flips with p = 0.5, the crop, and colour by 0.5 alone and together."""
    calls = {
        key: [operation.torchvision_call() for operation in preset.pipeline.operations]
        for key, preset in CHAPTER_PIPELINES.items()
    }
    flip = ("RandomHorizontalFlip", {"p": 0.5})
    crop = ("RandomResizedCrop", {"size": (200, 200), "scale": (0.1, 1.0), "ratio": (0.5, 2.0)})
    colour = ("ColorJitter", {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.5})
    assert calls == {
        "horizontal_flip": [flip],
        "vertical_flip": [("RandomVerticalFlip", {"p": 0.5})],
        "random_resized_crop": [crop],
        "brightness": [("ColorJitter", {"brightness": 0.5})],
        "hue": [("ColorJitter", {"hue": 0.5})],
        "color_jitter": [colour],
        "combined": [flip, colour, crop],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_plain_data_finds_its_kind(kind):
    (operation,) = PipelineSpec.parse({"operations": [{"kind": kind}]}).operations
    assert operation.kind == kind
    again = PipelineSpec.model_validate_json(PipelineSpec(operations=(operation,)).model_dump_json())
    assert again.operations == (operation,)


def _bounds():
    for operation in OPERATIONS:
        for name, field in operation.model_fields.items():
            for bound in field.metadata:
                for side, step, code in (("ge", -0.01, "value_too_small"), ("le", 0.01, "value_too_large")):
                    if hasattr(bound, side):
                        limit = getattr(bound, side)
                        yield operation, name, limit, limit + (step * 100 if field.annotation is int else step), code


@pytest.mark.parametrize(("operation", "name", "allowed", "forbidden", "code"), list(_bounds()))
def test_bounds_hold_for_forged_values(operation, name, allowed, forbidden, code):
    kind = operation.model_fields["kind"].default
    assert operation.parse({name: allowed})
    error = _error(operations=[{"kind": kind, name: forbidden}])
    assert (error.code, error.field) == (code, name)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ((0.8, 0.2), "range_reversed"),
        ((0.0, 0.5), "value_too_small"),
        ((0.5, 1.01), "value_too_large"),
        ((0.5,), "value_invalid"),
        ((float("nan"), 1), "value_invalid"),
        ((0.5, float("inf")), "value_invalid"),
        ("wide", "value_invalid"),
        (None, "value_invalid"),
    ],
)
def test_ranges_are_checked(value, code):
    error = _error(operations=[{"kind": "random_resized_crop", "scale": value}])
    assert error.code == code
    assert error.field == "scale" or code == "value_invalid"


@pytest.mark.parametrize("data", [[{"kind": "melt"}], [{}], ["hue"], "hue", None, [{"kind": "hue", "colour": 1}]])
def test_forged_operations_are_a_sentence(data):
    assert str(_error(operations=data))


def test_a_chain_has_an_end():
    flips = [{"kind": "horizontal_flip"}] * (MAX_OPERATIONS + 1)
    assert PipelineSpec.parse({"operations": flips[1:]})
    assert _error(operations=flips).code == "value_too_large"


def test_specs_are_frozen_and_hashable():
    pipeline = PipelineSpec(operations=(HorizontalFlip(), RandomResizedCrop()))
    assert hash(pipeline) == hash(PipelineSpec.model_validate_json(pipeline.model_dump_json()))
    with pytest.raises(ValueError) as caught:
        pipeline.operations[0].p = 0.9
    assert problems(caught.value)


def test_the_size_follows_the_last_crop_that_is_on():
    crops = RandomResizedCrop(size=100), RandomResizedCrop(size=28), RandomResizedCrop(size=5, enabled=False)
    assert PipelineSpec(operations=crops).output_size((300, 451)) == (28, 28)
    assert PipelineSpec(operations=(ColorJitter(),)).output_size((300, 451)) == (300, 451)
    assert PipelineSpec(operations=crops).with_output_size(96).output_size((28, 28)) == (96, 96)


@pytest.mark.parametrize("language", LANGUAGES)
def test_draws_read_as_words(language):
    _ = Language(language)
    crop = RandomResizedCrop().describe({"area": 0.61, "ratio": 1.32}, _)
    assert "61" in crop and _.number(1.32, 2) in crop
    jitter = ColorJitter().describe({"order": ["hue", "brightness"], "hue": -0.25, "brightness": 1.5}, _)
    assert jitter.index("90") < jitter.index(_.number(1.5, 2))
    flips = [HorizontalFlip().describe({"flipped": flipped}, _) for flipped in (True, False)]
    assert flips[0] != flips[1]
    assert ColorJitter(brightness=0, contrast=0, saturation=0, hue=0).describe({"order": []}, _)
