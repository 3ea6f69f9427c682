"""The lab of features by hand: both views with OpenCV and without, measured once for everybody."""

import time

import pytest

from cnnviz.insight import by_hand
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.labs.by_hand import VIEWS
from cnnviz.ui import lab_by_hand as page
from cnnviz.ui.engine import engine
from cnnviz.ui.places import BY_HAND

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def said(app):
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.success, *app.info))


@EVERY_LANGUAGE
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("installed", [True, False])
def test_every_view_draws_and_answers(open_page, answer, monkeypatch, view, language, installed):
    monkeypatch.setattr(by_hand, "available", lambda: installed)
    app, _ = open_page(BY_HAND, language, view=view), Language(language)
    assert not app.exception and not app.error and not app.warning
    assert _(VIEWS[view].text) in said(app)
    assert (by_hand.COMMAND in [code.value for code in app.code]) is not installed
    answer(app, f"by-hand.{view}", VIEWS[view].question.right)
    assert not app.exception and "{" not in app.success[0].value


def test_the_command_installs_what_the_lab_needs():
    from pathlib import Path

    file = Path(__file__).resolve().parents[2] / by_hand.COMMAND.split()[-1]
    assert "opencv" in file.read_text()


def test_the_sentence_says_what_was_matched(open_page):
    app = open_page(BY_HAND, "en", angle="90", points="50")
    found, _sheet = page.turned_cat(90, 50)
    assert f"recognises **{len(found.pairs)}** at their place in the picture turned by 90°" in said(app)
    assert len(found.pairs) > 30


def test_one_begins_with_a_turn_that_shows_something_and_leaves_the_question_open():
    begun, asked = (page.turned_cat(angle, 200)[0] for angle in (page.ByHandSpec().angle, 30))
    found, pixels = len(begun.pairs), begun.by_pixels
    assert 100 < found < len(begun.points) and 50 < pixels < found, "both recognise, SIFT more"
    assert len(asked.pairs) > len(asked.points) / 2 and asked.by_pixels < 0.05 * len(asked.points)


@pytest.mark.soak
def test_a_bag_of_words_is_measured_once_and_its_network_gets_as_many_seconds(open_page, monkeypatch):
    app = open_page(BY_HAND, "en", view="bag", words="16", images="1000", network="lenet")
    assert [button.key for button in app.button if button.key in ("measure", "race")] == ["measure"]
    app.button(key="measure").click().run()
    assert not app.exception and "half a minute" in said(app)
    limit = time.monotonic() + 120
    while page.bags().going(("16", "1000")):
        assert time.monotonic() < limit
        time.sleep(0.1)
    app = open_page(BY_HAND, "es", view="bag", words="16", images="1000", network="lenet")
    assert not app.exception and not app.error, "somebody else finds it measured"
    found = page.bags().result(("16", "1000"))
    assert 0.4 < found["accuracy"] < 0.75
    _ = Language("es")
    assert app.metric[0].value == _.percent(found["accuracy"], 1)
    assert app.metric[1].value == "–"
    app.button(key="race").click().run()
    assert not app.exception and not app.error
    config = page.lenet(page.ByHandSpec(words=16, images=1000, network="lenet"), found["seconds"]).config
    assert engine().store.find_same(config) is not None
    assert abs(config.time_budget - found["seconds"]) <= 0.5 or config.time_budget == 2


def test_a_failed_measurement_is_said_and_can_be_repeated(open_page, monkeypatch):
    from cnnviz.ui.background import Background

    broken = Background("cnnviz.no_such_module")
    monkeypatch.setattr(page, "bags", lambda: broken)
    broken.start(("64", "3000"))
    while broken.going(("64", "3000")):
        time.sleep(0.05)
    app = open_page(BY_HAND, "en", view="bag")
    assert not app.exception
    assert [error.value for error in app.error] == ["The measurement failed. Try it again."]
    assert app.button(key="measure").label == "Measure the bag of words"
