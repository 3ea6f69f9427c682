"""Every field of every spec can be drawn, and every choice has a name that a reader understands."""

from typing import Literal, get_args, get_origin

import pytest

from cnnviz.architectures import catalog
from cnnviz.language import Language
from cnnviz.specs.augmentation import OPERATIONS
from cnnviz.specs.comparison import ComparisonSpec
from cnnviz.specs.grid import GridSpec
from cnnviz.specs.training import TrainingConfig
from cnnviz.ui.fields import CHOICES, choice_label

OTHERS = {ComparisonSpec, GridSpec, TrainingConfig, *OPERATIONS}
SPECS = sorted({entry.spec_type for entry in catalog()} | OTHERS, key=str)
OPTIONS = sorted(
    {
        (spec.__name__, name, str(value))
        for spec in SPECS
        for name, field in spec.model_fields.items()
        if get_origin(field.annotation) is Literal and name != "kind"
        for value in get_args(field.annotation)
    }
)


@pytest.mark.parametrize(("spec", "name", "value"), OPTIONS)
def test_every_choice_has_a_label(spec, name, value):
    assert value in CHOICES or f"{name}.{value}" in CHOICES


def test_what_two_fields_call_the_same_has_two_labels():
    english = Language("en")
    assert choice_label("imagenet", english, "stem") != choice_label("imagenet", english, "policy") == "ImageNet"
    assert choice_label("constant", english, "schedule") != choice_label("constant", english, "border")


@pytest.mark.parametrize("spec", SPECS)
def test_every_field_has_a_title(spec):
    hidden = {"key", "architecture", "augmentation", "enabled", "kind"}
    assert not [name for name, field in spec.model_fields.items() if not field.title and name not in hidden]
