"""Whose fault an error is: the browser's, when Streamlit could not read a widget's value, and the page's otherwise."""

import pytest
from streamlit.elements import layouts
from streamlit.elements.widgets import multiselect
from streamlit.elements.widgets.number_input import NumberInputSerde

from cnnviz.specs.architectures import LeNetSpec
from cnnviz.ui.fields import _from_widget
from cnnviz.ui.forged import is_forged


def raised(action):
    with pytest.raises(Exception) as found:
        action()
    return found.value


def test_a_value_that_streamlit_cannot_read_is_the_browsers_fault():
    reader = NumberInputSerde(value=1, data_type=0, min_value=0, max_value=5)
    assert is_forged(raised(lambda: reader.deserialize([1])))


def test_more_choices_than_a_browser_lets_anybody_make_are_the_browsers_fault():
    assert is_forged(raised(lambda: multiselect._check_max_selections(["a"] * 5, 4)))


def test_what_a_drawer_was_sent_and_handed_on_is_the_browsers_fault():
    def drawer(kind):
        exec(compile(f"raise {kind}", layouts.__file__, "exec"))

    assert is_forged(raised(lambda: drawer("TypeError")))
    assert not is_forged(raised(lambda: drawer("ValueError")))


def test_a_mistake_of_the_page_is_not_hidden():
    assert not is_forged(raised(lambda: 1 / 0))
    assert not is_forged(raised(lambda: _from_widget(None, 1)))
    assert not is_forged(raised(lambda: LeNetSpec(nothing=1)))
