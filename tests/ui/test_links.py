"""Links: what is written is read back, the same in every language, and what cannot be used is refused in words."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from cnnviz.errors import CnnvizError
from cnnviz.specs.architectures import LeNetSpec, ResNetSpec
from cnnviz.specs.blocks import VGGBlockSpec
from cnnviz.specs.training import TrainingConfig
from cnnviz.ui.links import decode, encode


@given(st.lists(st.integers(1, 4096), min_size=1, max_size=5).map(tuple))
def test_numbers_survive_the_link(channels):
    assert decode(LeNetSpec, "channels", encode(channels)) == channels


@given(st.floats(1e-6, 10))
def test_learning_rates_survive_the_link(rate):
    assert decode(TrainingConfig, "learning_rate", encode(rate)) == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize("value", [True, False])
def test_switches_survive_the_link(value):
    assert decode(ResNetSpec, "residual", encode(value)) is value


@pytest.mark.parametrize("size", get_args(VGGBlockSpec.model_fields["kernel_size"].annotation))
def test_a_choice_among_numbers_survives_the_link(size):
    assert decode(VGGBlockSpec, "kernel_size", encode(size)) == size


@pytest.mark.parametrize(
    ("spec_type", "name", "raw", "code"),
    [
        (VGGBlockSpec, "kernel_size", "4", "value_not_allowed"),
        (LeNetSpec, "image_size", "0", "value_too_small"),
        (LeNetSpec, "image_size", "99999", "value_too_large"),
        (LeNetSpec, "image_size", "many", "value_not_a_number"),
        (LeNetSpec, "activation", "Sigmoide", "value_not_allowed"),
        (LeNetSpec, "channels", "6,<script>", "value_not_a_number"),
        (TrainingConfig, "learning_rate", "nan", "value_invalid"),
        (TrainingConfig, "learning_rate", "1e400", "value_invalid"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_field(spec_type, name, raw, code):
    with pytest.raises(CnnvizError) as caught:
        decode(spec_type, name, raw)
    assert (caught.value.code, caught.value.field) == (code, name)


def page():
    """A page with one form, as the pages build theirs."""
    import streamlit as st

    from cnnviz.language import Language
    from cnnviz.specs.architectures import LeNetSpec
    from cnnviz.ui.fields import SpecForm
    from cnnviz.ui.links import PageLink, note_page

    note_page("page")
    link = PageLink("page")
    defaults = dict(LeNetSpec(key="lenet"))
    form = SpecForm(LeNetSpec, link, defaults, Language("es"))
    values = form.draw(["image_size", "channels", "activation"])
    link.write(values, defaults)
    st.text(repr((values["image_size"], values["channels"], values["activation"])))
    st.text(repr([error.code for error in link.refused]))


def run(**query):
    app = AppTest.from_function(page)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def test_the_link_fills_the_widgets():
    app = run(image_size="32", channels="8,8", activation="relu")
    assert app.text[0].value == repr((32, (8, 8), "relu"))


def test_the_widgets_fill_the_link_and_defaults_leave_it():
    app = run(image_size="32")
    app.selectbox(key="page.activation").select("tanh").run()
    assert app.query_params == {"image_size": "32", "activation": "tanh"}
    app.number_input(key="page.image_size").set_value(28).run()
    assert app.query_params == {"activation": "tanh"}


def test_a_forged_link_leaves_the_defaults_and_says_so():
    app = run(image_size="-5", channels="a,b", activation="relu")
    assert app.text[0].value == repr((28, (6, 16), "relu"))
    assert app.text[1].value == repr(["value_too_small", "value_not_a_number"])


def test_a_later_change_of_the_link_alone_is_followed():
    app = run(image_size="32")
    app.query_params["image_size"] = "40"
    app.run()
    assert app.text[0].value.startswith("(40,")


def test_what_an_earlier_address_does_not_name_is_the_default_again():
    app = run(image_size="32")
    app.selectbox(key="page.activation").select("tanh").run()
    del app.query_params["activation"]  # the browser's back
    app.run()
    assert app.text[0].value == repr((32, (6, 16), "sigmoid"))
    assert app.query_params == {"image_size": "32"}


def test_whoever_comes_back_from_another_page_finds_what_was_set():
    app = run(image_size="32")
    app.session_state["page_current"] = "another"
    del app.query_params["image_size"]  # the menu's link names nothing
    app.run()
    assert app.text[0].value.startswith("(32,") and app.query_params == {"image_size": "32"}


def test_widgets_lead_over_a_link_that_lags_behind():
    app = run(image_size="32")
    app.number_input(key="page.image_size").set_value(50)
    app.query_params["image_size"] = "40"
    app.run()
    assert app.text[0].value.startswith("(50,")
