"""The pages that read trainings: runs over one another, races, results. On a fresh server, in both languages."""

import time

import pytest

from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.presets import preset_named
from cnnviz.training import OwnedRuns
from cnnviz.training.classics import classics
from cnnviz.training.records import RECORDED
from cnnviz.ui.engine import engine, races
from cnnviz.ui.places import RACE, RESULTS, RUNS, TRAINING

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def recorded(key):
    """The recorded run of a network."""
    return next(one for one in engine().store.records(owner=RECORDED) if one.config.architecture.key == key)


def said(app):
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.info))


@EVERY_LANGUAGE
def test_a_fresh_server_shows_recorded_runs_over_one_another_at_once(open_page, language):
    app = open_page(RUNS, language)
    assert not app.exception and not app.error and not app.warning
    assert app.multiselect(key="runs.runs").value == [recorded("lenet").id, recorded("lenet_bn").id]
    _ = Language(language)
    best = _.percent(recorded("lenet_bn").test_accuracy, 1)
    assert best in said(app), "the sentence above names who is ahead"
    assert app.query_params["runs"]


@EVERY_LANGUAGE
def test_axes_and_scales_stand_in_the_link(open_page, language):
    ids = ",".join(recorded(key).id for key in ("resnet18", "densenet", "nin"))
    app = open_page(RUNS, language, runs=ids, x="macs", log="1", published="0")
    assert not app.exception and not app.warning
    assert app.selectbox(key="runs.x").value == "macs"
    assert app.toggle(key="runs.log").value and not app.toggle(key="runs.published").value
    assert len(app.multiselect(key="runs.runs").value) == 3


def test_a_run_that_is_not_there_is_named_and_the_others_are_shown(open_page):
    app = open_page(RUNS, "en", runs=f"{recorded('nin').id},../../etc/passwd")
    assert not app.exception
    assert any("passwd" in warning.value for warning in app.warning)
    assert app.multiselect(key="runs.runs").value == [recorded("nin").id]


def test_two_more_seeds_make_a_band(open_page, monkeypatch):
    small = {"epochs": 1, "train_images": 128, "test_images": 50, "evaluations": 1, "seed": 41}
    run_id = engine().submit(preset_named("lenet", "class").config.replace(**small), owner="somebody")
    app = open_page(RUNS, "en", runs=run_id)
    wait(lambda: engine().store.record(run_id).ended)  # it stays chosen although it trained when the page was drawn
    app.button(key="more_seeds").click().run()
    assert not app.exception
    chosen = app.multiselect(key="runs.runs").value
    assert len(chosen) == 3 and {engine().store.record(one).config.seed for one in chosen} == {41, 42, 43}
    wait(lambda: all(engine().store.record(one).ended for one in chosen))
    app.run()
    assert not app.exception and "more_seeds" not in {button.key for button in app.button}


@EVERY_LANGUAGE
@pytest.mark.parametrize("view", ["confusion", "mistakes", "replay", "norms"])
def test_results_of_a_recorded_run(open_page, language, view):
    run = recorded("lenet_bn")
    app = open_page(RESULTS, language, run=run.id, view=view)
    assert not app.exception and not app.error and not app.warning
    shown = {metric.value for metric in app.metric}
    _ = Language(language)
    assert any(_.percent(run.test_accuracy + error, 2) in shown for error in (-1e-4, 0, 1e-4)), "float16: ± a picture"
    exact = _.percent(run.test_accuracy, 2) in shown
    said = [one for one in app.caption if _.percent(run.test_accuracy, 2) in one.value]
    assert exact or said, "the run's own figure is there too, with the reason"


def test_without_a_run_of_ones_own_the_one_that_can_be_replayed_is_shown(open_page):
    app = open_page(RESULTS, "en")
    assert not app.exception and app.selectbox(key="results.run").value == recorded("lenet_bn").id
    assert len(app.select_slider[0].options) >= 8


def test_the_past_of_a_run_is_reached_by_a_link(open_page):
    run = recorded("lenet_bn")
    first = open_page(RESULTS, "en", run=run.id, step="0")
    assert not first.exception
    accuracy = float(first.metric[0].value.replace("\u202f%", ""))
    assert accuracy < 30, "before the first step it knows nothing"


@EVERY_LANGUAGE
def test_every_classic_race_is_there_with_what_one_should_know_before_predicting(open_page, language):
    _ = Language(language)
    for classic in classics():
        app = open_page(RACE, language, kind=classic.key)
        assert not app.exception and not app.error and not app.warning
        assert _(classic.question) in said(app)
        assert app.radio(key="race guess").options == [_(name) for name in classic.names]


def test_a_race_is_predicted_started_stopped_and_found_by_its_link(open_page):
    app = open_page(RACE, "en", kind="own", networks="lenet,lenet_bn")
    assert not app.exception and not app.error
    app.radio(key="race guess").set_value(1).run()
    app.button(key="start_race").click().run()
    assert not app.exception
    race_id = app.query_params["race"]
    race_id = race_id if isinstance(race_id, str) else race_id[0]
    race = races().record(race_id)
    assert race.prediction == (1, pytest.approx(0.8)) and race.spec.budget == "seconds"
    wait(lambda: races().record(race_id).runs[0])
    races().stop(race_id, OwnedRuns(engine(), race.owner))
    wait(lambda: not races().going(race_id))
    assert all(lane.out for lane in races().lanes(races().record(race_id)))
    again = open_page(RACE, "en", race=race_id)
    assert not again.exception and not again.warning


def test_a_budget_that_is_too_small_is_a_sentence(open_page):
    app = open_page(RACE, "en", kind="macs")
    app.number_input(key="race.macs.amount macs").set_value(1.0).run()
    app.button(key="start_race").click().run()
    assert not app.exception
    assert any("Give more" in error.value for error in app.error)


def test_an_unknown_race_in_a_link_is_named(open_page):
    app = open_page(RACE, "en", race="../../x")
    assert not app.exception and any("no race" in warning.value for warning in app.warning)


@EVERY_LANGUAGE
def test_a_healthy_run_is_called_so_on_the_training_page(open_page, language):
    app = open_page(TRAINING, language, run=recorded("lenet_bn").id)
    assert not app.exception
    _ = Language(language)
    assert any(":material/check_circle:" in element.value for element in app.markdown)
    assert _(recorded("lenet_bn").notes) in said(app), "where it was made"


def wait(done, seconds=60):
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.05)
