"""Every error is a code whose sentence can be written, moved between processes and read in the reader's language."""

import math
import pickle
import string
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cnnviz.errors import MESSAGES, CnnvizError, problems
from cnnviz.language import Language


def _placeholders(template):
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


@pytest.mark.parametrize("code", MESSAGES)
def test_every_sentence_can_be_written(code):
    names = _placeholders(MESSAGES[code])
    assert all(name.isidentifier() for name in names)
    values = {name: f"<{name}>" for name in names}
    error = CnnvizError(code, field="size", **values)
    assert isinstance(error, ValueError)
    assert all(value in str(error) for value in values.values())
    assert "{" not in str(error)
    assert str(error)[0].isupper() or str(error)[0] == "<"
    assert str(error).endswith(".")
    assert Language("en").error(error) == str(error)


def test_an_error_without_its_parameters_is_noticed_where_it_is_made():
    with pytest.raises(KeyError):
        CnnvizError("value_too_small", label="Epochs")
    with pytest.raises(KeyError):
        CnnvizError("no_such_code")


@pytest.mark.parametrize("code", MESSAGES)
def test_an_error_survives_the_way_to_another_process(code):
    error = CnnvizError(code, field="size", **dict.fromkeys(_placeholders(MESSAGES[code]), 3))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is CnnvizError
    assert (copy.code, copy.field, copy.parameters, str(copy)) == (
        error.code, error.field, error.parameters, str(error),
    )  # fmt: skip


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    size: int = Field(3, ge=1, le=9)
    rate: float = Field(0.5, gt=0, lt=1)
    kind: Literal["max", "average"] = "max"
    widths: tuple[int, ...] = Field((1,), min_length=1, max_length=2)
    even: int = 2

    @field_validator("even")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise CnnvizError("value_not_allowed", label="Even", value=value, allowed="0, 2, 4")
        return value


@pytest.mark.parametrize(
    ("data", "code", "field", "words"),
    [
        ({"size": 0}, "value_too_small", "size", ("0", "1")),
        ({"size": 10}, "value_too_large", "size", ("10", "9")),
        ({"rate": 0}, "value_too_small", "rate", ("0",)),
        ({"rate": 1}, "value_too_large", "rate", ("1",)),
        ({"size": "many"}, "value_not_a_number", "size", ("many",)),
        ({"size": None}, "value_not_a_number", "size", ("None",)),
        ({"rate": "fast"}, "value_not_a_number", "rate", ("fast",)),
        ({"kind": "min"}, "value_not_allowed", "kind", ("min", "'max' or 'average'")),
        ({"widths": ()}, "value_too_small", "widths", ("1",)),
        ({"widths": (1, 2, 3)}, "value_too_large", "widths", ("2",)),
        ({"even": 3}, "value_not_allowed", "even", ("3", "0, 2, 4")),
        ({"colour": "red"}, "field_unknown", "colour", ("colour",)),
        ({"size": math.inf}, None, "size", ()),
        ({"rate": math.nan}, None, "rate", ()),
        ({"widths": (1, "x")}, "value_not_a_number", "widths", ("x",)),
    ],
)
def test_what_pydantic_refuses_becomes_a_sentence_at_its_field(data, code, field, words):
    with pytest.raises(ValidationError) as caught:
        _Model(**data)
    (error,) = problems(caught.value)
    assert error.field == field
    assert code is None or error.code == code
    assert all(word in str(error) for word in words)


def test_every_refused_field_is_named():
    with pytest.raises(ValidationError) as caught:
        _Model(size=0, rate=5, kind="min")
    assert {error.field for error in problems(caught.value)} == {"size", "rate", "kind"}


def test_other_errors_pass_through_in_words():
    known = CnnvizError("data_missing", file="cat.png")
    assert problems(known) == (known,)
    (error,) = problems(ValueError("a reason"))
    assert "a reason" in str(error)


def test_a_forged_value_of_any_length_stays_a_short_sentence():
    with pytest.raises(ValidationError) as caught:
        _Model(kind="x" * 100_000)
    (error,) = problems(caught.value)
    assert len(str(error)) < 200
