"""Every field of every spec can be drawn, and every choice has a name that a reader understands."""

from typing import Literal, get_args, get_origin

import pytest

from cnnviz.architectures import catalog
from cnnviz.specs.comparison import ComparisonSpec
from cnnviz.specs.grid import GridSpec
from cnnviz.specs.training import TrainingConfig
from cnnviz.ui.fields import CHOICES

SPECS = sorted({entry.spec_type for entry in catalog()} | {ComparisonSpec, GridSpec, TrainingConfig}, key=str)
OPTIONS = sorted(
    {
        (spec.__name__, name, str(value))
        for spec in SPECS
        for name, field in spec.model_fields.items()
        if get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    }
)


@pytest.mark.parametrize(("spec", "name", "value"), OPTIONS)
def test_every_choice_has_a_label(spec, name, value):
    assert value in CHOICES


@pytest.mark.parametrize("spec", SPECS)
def test_every_field_has_a_title(spec):
    hidden = {"key", "architecture", "augmentation", "enabled", "kind"}
    assert not [name for name, field in spec.model_fields.items() if not field.title and name not in hidden]
