"""A lesson through a link: what it hides is not there, its steps come in order, and forgeries are named."""

import pytest

from cnnviz.language import LANGUAGES
from cnnviz.ui.lesson_mode import LAB_VIEWS, STEPS
from cnnviz.ui.places import DENSE, KERNEL, LABS, PLACES


def test_every_view_of_every_lab_is_a_step():
    labs = {place for place in PLACES if place.section == LABS and place.url_path != "exercises"}
    assert set(LAB_VIEWS) == labs
    assert len(STEPS) == sum(len(views) for views in LAB_VIEWS.values()) >= 2 * len(labs)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_hides_knobs_and_the_answer_and_keeps_their_settings(open_page, answer, language):
    app = open_page(KERNEL, language, hide="answers,padding,dilation", dilation="2", stride="2")
    assert not app.exception and not app.warning
    drawn = {widget.key for widget in (*app.slider, *app.number_input, *app.selectbox)}
    assert "kernel.stride" in drawn and not drawn & {"kernel.padding", "kernel.dilation"}
    assert app.query_params["dilation"] in ("2", ["2"]), "what is not drawn still holds"
    answer(app, "kernel.hand", 0)
    assert not app.success and not app.warning and app.info
    assert app.radio(key="kernel.hand answer").disabled


def test_a_settled_answer_is_judged_and_stays(open_page, answer):
    right = LAB_VIEWS[DENSE]["terms"].question.right
    app = answer(open_page(DENSE, "en", view="terms"), "dense.terms", right - 1)
    assert len(app.warning) == 1 and not app.success and app.radio(key="dense.terms answer").disabled


def test_the_steps_of_a_lesson_come_in_its_order(open_page):
    app = open_page(DENSE, "en", view="memory", lesson="dense.memory,dense.staircase,kernel.hand", hide="answers")
    assert app.button(key="step back").disabled
    assert "1 of 3" in [caption.value for caption in app.caption]
    app.button(key="step next").click().run()
    assert not app.exception and app.segmented_control(key="dense.view").value == "staircase"
    app.button(key="step next").click().run()
    assert not app.exception and app.title[0].value == "A convolution by hand"
    link = {name: "".join(app.query_params[name]) for name in ("hide", "lesson")}
    assert link == {"hide": "answers", "lesson": "dense.memory,dense.staircase,kernel.hand"}
    assert app.button(key="step next").disabled


@pytest.mark.parametrize("query", [{"hide": "<b>"}, {"lesson": "dense.memory,../x"}])
def test_a_forged_lesson_is_named(open_page, query):
    app = open_page(DENSE, "en", **query)
    assert not app.exception
    assert any(value.split(",")[-1] in warning.value for value in query.values() for warning in app.warning)
