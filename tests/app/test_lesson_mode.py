"""A lesson through a link: what it hides is not there, its steps come in order, and forgeries are named."""

import pytest

from cnnviz.language import LANGUAGES
from cnnviz.ui.places import (
    ARCHITECTURE,
    AUGMENTATION,
    BLOCKS,
    COMPARE,
    DENSE,
    HOME,
    KERNEL,
    LABS,
    PLACES,
    RACE,
    RESULTS,
    SWEEP,
    TRAINING,
    place_at,
)
from cnnviz.ui.steps import LAB_STEPS, LAB_VIEWS, STEPS

MIXED = "kernel.hand,architecture.lenet,architecture.resnet18,results,dense.terms"


def link(app) -> dict[str, str]:
    """The query string, a text for each name."""
    return {name: "".join(app.query_params[name]) for name in app.query_params if name != "lang"}


def press(app, which: str):
    """Press "Previous" or "Next" and be on the page that it leads to."""
    app.button(key=f"step {which}").click().run()
    assert not app.exception and not app.warning
    return app.switch_page(place_at(app.session_state["page_current"]).script)


def where(app) -> str:
    """Which step the page says it is, such as "2 of 5"."""
    return next((caption.value for caption in app.caption if " of " in caption.value[:6]), "")


def test_every_view_of_every_lab_is_a_step():
    labs = {place for place in PLACES if place.section == LABS and place.url_path != "exercises"}
    assert set(LAB_VIEWS) == labs
    assert len(LAB_STEPS) == sum(len(views) for views in LAB_VIEWS.values()) >= 2 * len(labs)


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
    assert link(app) == {"hide": "answers", "lesson": "dense.memory,dense.staircase,kernel.hand"}
    assert app.button(key="step leave") and not [one for one in app.button if one.key == "step next"]


@pytest.mark.parametrize("query", [{"hide": "<b>"}, {"lesson": "dense.memory,../x"}])
def test_a_forged_lesson_is_named(open_page, query):
    app = open_page(DENSE, "en", **query)
    assert not app.exception
    assert any(value.split(",")[-1] in warning.value for value in query.values() for warning in app.warning)


def test_a_lesson_leads_through_labs_and_other_pages_and_back(open_page):
    app = open_page(KERNEL, "en", lesson=MIXED, hide="answers")
    stations = (
        ("2 of 5", "Take a network apart", "lenet"),
        ("3 of 5", "Take a network apart", "resnet18"),
        ("4 of 5", "Right and wrong", None),
        ("5 of 5", "Put behind, not added", None),
    )
    for number, title, network in stations:
        press(app, "next")
        assert (where(app), app.title[0].value) == (number, title)
        assert link(app)["lesson"] == MIXED and link(app)["hide"] == "answers"
        if network:
            assert app.selectbox(key="architecture.net").value == network
    assert app.button(key="step leave") and app.segmented_control(key="dense.view").value == "terms"
    for number, title, network in reversed(stations[:-1]):
        press(app, "back")
        assert (where(app), app.title[0].value) == (number, title)
        if network:
            assert app.selectbox(key="architecture.net").value == network
    press(app, "back")
    assert app.title[0].value == "A convolution by hand" and app.button(key="step back").disabled
    assert "answers" in link(app)["hide"], "what is hidden stays so over the pages that have no answers"


def test_the_link_of_a_step_says_which_one_it_is_where_the_page_leaves_out_what_is_usual(open_page):
    app = open_page(ARCHITECTURE, "en", lesson=MIXED, lesson_at="3")
    assert where(app) == "3 of 5" and app.selectbox(key="architecture.net").value == "resnet18"
    assert link(app) == {"lesson": MIXED, "lesson_at": "3"}
    app = open_page(ARCHITECTURE, "en", lesson=MIXED, net="lenet")
    assert where(app) == "2 of 5", "and a link without it opens the step that fits"


def test_whoever_strays_from_a_lesson_finds_back_or_leaves_it(open_page):
    app = open_page(ARCHITECTURE, "en", lesson=MIXED, net="lenet")
    app = app.switch_page(COMPARE.script).run()
    assert where(app) == "2 of 5" and link(app)["lesson"] == MIXED
    press(app, "back")
    assert app.title[0].value == "Take a network apart" and where(app) == "2 of 5"
    app = app.switch_page(RESULTS.script).run()
    assert where(app) == "4 of 5", "a step that one came to by the menu is one all the same"
    app = app.switch_page(HOME.script).run()
    assert where(app) == "4 of 5"
    app.button(key="step leave").click().run()
    assert not where(app) and not {"lesson", "lesson_at", "hide"} & set(link(app))
    assert not [button for button in app.button if button.key and button.key.startswith("step ")]


def test_a_teacher_gets_the_link_to_where_the_lesson_begins(open_page):
    app = open_page(KERNEL, "en", hide="answers")
    app.multiselect(key="lesson").set_value(["training.lenet_bn", "kernel.hand"]).run()
    address = app.code[-1].value
    query = "net=lenet_bn&lesson=training.lenet_bn%2Ckernel.hand&hide=answers&lesson_at=1"
    assert address == f"http://localhost/training?lang=en&{query}" and where(app) == "2 of 2"


@pytest.mark.parametrize("place", [ARCHITECTURE, AUGMENTATION, TRAINING, COMPARE, BLOCKS, RACE, SWEEP, RESULTS])
def test_a_forged_step_is_named_on_every_page_and_the_others_hold(open_page, place):
    own = next(name for name, step in STEPS.items() if step.place == place)
    app = open_page(place, "en", lesson=f"kernel.hand,<b>.x,{own}", lesson_at="77")
    assert not app.exception and any("<b>.x" in warning.value for warning in app.warning)
    assert where(app) == "2 of 2"


def test_every_step_of_the_other_pages_opens_what_it_says(open_page):
    names = [name for name in STEPS if name not in LAB_STEPS]
    app = open_page(
        place_at(STEPS[names[0]].place.url_path), "en", lesson=",".join(names), **STEPS[names[0]].parameters
    )
    for number, name in enumerate(names, start=1):
        assert not app.exception and not app.warning and where(app) == f"{number} of {len(names)}"
        place = STEPS[name].place
        for field, value in STEPS[name].parameters.items():
            assert app.session_state[f"{place.url_path}.{field}"] == value
        if number < len(names):
            press(app, "next")
