"""Equal drawings are made once, others are not mistaken for them, and showing one leaves it as it was."""

from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
import pytest

from cnnviz.architectures import catalog
from cnnviz.figures.drawing import drawing
from cnnviz.figures.lines import Axis, Series, line_chart
from cnnviz.language import Language
from cnnviz.ui.drawn import comparable, drawn

MADE = []


@dataclass(frozen=True)
class Row:
    name: str
    values: np.ndarray


def bars(rows, _, *, dark):
    MADE.append(dark)
    return go.Figure([go.Bar(x=[row.name], y=row.values) for row in rows])


@pytest.fixture(autouse=True)
def nothing_made():
    MADE.clear()


def rows(last=3.0):
    return [Row("a", np.array([1.0, 2.0])), Row("b", np.array([1.0, last]))]


def test_what_is_equal_is_drawn_once():
    first = drawn(bars, rows(), Language("en"), dark=False)
    assert drawn(bars, rows(), Language("en"), dark=False) is first
    assert len(MADE) == 1


def test_another_number_language_or_theme_is_another_figure():
    for last, code, dark in ((4.0, "en", False), (4.0 + 1e-12, "en", False), (4.0, "es", False), (4.0, "en", True)):
        drawn(bars, rows(last), Language(code), dark=dark)
    assert len(MADE) == 4


def test_planning_a_figure_changes_nothing_in_it():
    series = [Series("a", np.arange(5.0), np.arange(5.0), 0)]
    figure = drawn(line_chart, series, Axis("x"), Axis("y"), Language("en"), dark=False)
    before = figure.to_json()
    plan = drawn(drawing, figure, Language("en"))
    assert drawn(drawing, figure, Language("en")) is plan
    plan["marks"][0]["at"][0][0] = 7
    assert figure.to_json() == before


def test_what_has_no_contents_is_refused():
    for value in (object(), lambda: 0, [object()], iter(())):
        with pytest.raises(TypeError):
            comparable(value)


def test_the_order_of_a_set_is_none_of_its_contents():
    assert comparable({"a", "b"}) == comparable({"b", "a"}) != comparable({"a"})


def test_an_entry_of_the_catalogue_has_contents_although_it_names_a_class():
    first, second = catalog()[:2]
    assert comparable(first) == comparable(replace(first)) != comparable(second)


def test_a_key_does_not_change_with_what_it_was_made_of():
    values = [np.zeros(3), {"a": [1]}]
    before = comparable(values)
    values[0][0], values[1]["a"][0] = 1.0, 2
    assert before == comparable([np.zeros(3), {"a": [1]}]) != comparable(values)


def test_a_failure_is_not_kept():
    def fails(number):
        MADE.append(number)
        raise ValueError(number)

    for _attempt in range(2):
        with pytest.raises(ValueError, match="7"):
            drawn(fails, 7)
    assert MADE == [7, 7]
