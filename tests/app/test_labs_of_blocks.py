"""The labs of Inception, ResNeXt and Dense: every view in both languages, its question, and links that cannot work."""

import pytest

from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.labs import dense, inception, resnext
from cnnviz.ui.places import DENSE, INCEPTION, RESNEXT

LABS = {INCEPTION: inception.VIEWS, RESNEXT: resnext.VIEWS, DENSE: dense.VIEWS}
EVERY_VIEW = pytest.mark.parametrize(
    ("place", "view"),
    [(place, view) for place, views in LABS.items() for view in views],
    ids=lambda value: getattr(value, "url_path", value),
)


def said(app):
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.success, *app.warning))


@EVERY_VIEW
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_view_says_what_it_is_and_answers_its_question(open_page, answer, place, view, language):
    app, _ = open_page(place, language, view=view), Language(language)
    assert not app.exception and not app.error and not app.warning
    shown = LABS[place][view]
    assert _(shown.text) in said(app)
    question = app.radio(key=f"{place.url_path}.{view} answer")
    assert list(question.options) == [_(choice) for choice in shown.question.choices]
    answer(app, f"{place.url_path}.{view}", shown.question.right)
    assert not app.exception
    assert len(app.success) == 1 and "{" not in app.success[0].value
    start = _(shown.question.answer).partition("{")[0]
    assert start in app.success[0].value


def test_the_knobs_turn_to_where_the_answer_is_seen(open_page, answer):
    app = open_page(DENSE, "en", view="staircase", compression="0.3")
    answer(app, "dense.staircase", 0)
    assert len(app.warning) == 1, "a wrong answer is told too"
    app.button(key="dense.staircase show").click().run()
    assert not app.exception
    assert "64 channels become 576" in said(app)


def test_groups_that_do_not_divide_are_a_sentence_at_their_knob(open_page):
    app = open_page(RESNEXT, "en", groups="32", channels="16")
    assert not app.exception
    assert any("32 groups do not divide 16 channels" in error.value for error in app.error)


@pytest.mark.parametrize(
    ("place", "query"),
    [(RESNEXT, {"groups": "7"}), (DENSE, {"terms": "99"}), (INCEPTION, {"red": "nan"}), (DENSE, {"view": "<b>"})],
)
def test_a_forged_link_is_named(open_page, place, query):
    app = open_page(place, "en", **query)
    assert not app.exception
    assert any(value in warning.value for value in query.values() for warning in app.warning)
