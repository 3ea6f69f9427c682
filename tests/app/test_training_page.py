"""One short run on the page: started, offered again instead of repeated, written about, trained longer, deleted."""

import hashlib
import time

import pytest

from cnnviz.events import Finished
from cnnviz.language import LANGUAGES
from cnnviz.specs.training import MOST_EPOCHS, TrainingConfig
from cnnviz.training import eviction
from cnnviz.training.history import BEST, LAST, step_file
from cnnviz.ui.engine import engine
from cnnviz.ui.places import RESULTS, RUNS, TRAINING
from tests.training.test_store import STARTED, block, measured

TINY = {"net": "lenet", "epochs": "1", "train_images": "256", "test_images": "100", "evaluations": "1"}


def ended(run_id, seconds=60):
    """The record of a run once it has ended."""
    limit = time.monotonic() + seconds
    while not (record := engine().store.record(run_id)).ended:
        assert time.monotonic() < limit, "the run ends"
        time.sleep(0.05)
    return record


@pytest.fixture(scope="module")
def finished():
    """A run of somebody else with the settings of the page."""
    from cnnviz.specs.presets import preset_named

    small = {"epochs": 1, "train_images": 256, "test_images": 100, "evaluations": 1}
    run_id = engine().submit(preset_named("lenet", "class").config.replace(**small), owner="somebody else")
    return ended(run_id)


def test_a_finished_run_with_the_same_settings_is_offered_instead_of_repeated(open_page, finished):
    app = open_page(TRAINING, "en", **TINY)
    app.button(key="start").click().run()
    assert not app.exception and not app.error
    assert app.query_params["run"] in (finished.id, [finished.id])
    assert any("have been run before" in element.value for element in app.markdown)
    app.button(key="other_seed").click().run()
    assert not app.exception
    other = app.query_params["run"]
    other = other if isinstance(other, str) else other[0]
    assert other != finished.id
    record = ended(other)
    assert record.config == finished.config.replace(seed=finished.config.seed + 1)


def test_somebody_elses_run_can_be_looked_at_and_not_touched(open_page, finished):
    app = open_page(TRAINING, "en", run=finished.id)
    assert not app.exception
    keys = {button.key for button in app.button}
    assert not keys & {"stop", "pause", "extend", "continue", "delete"}


def test_whoever_waits_is_told_what_for(open_page, finished, monkeypatch):
    executor = engine()
    executor.hold(True)
    run_id = executor.submit(finished.config.replace(seed=99), owner="somebody else")
    try:
        app = open_page(TRAINING, "en", run=run_id)
        assert app.info[0].value.startswith("This run starts next. The teacher is holding the queue.")
        monkeypatch.setattr(executor, "queue_position", lambda _run_id: None)  # it has left the queue
        app.run()
        assert app.info[0].value.startswith("This run begins as soon as its process is ready.")
    finally:
        executor.command(run_id, "stop")
        executor.hold(False)


def test_a_run_of_ones_own_is_trained_longer(open_page):
    app = open_page(TRAINING, "en", **{**TINY, "seed": "77"})
    app.button(key="start").click().run()
    run_id = app.query_params["run"]
    run_id = run_id if isinstance(run_id, str) else run_id[0]
    first = ended(run_id)
    app.run()
    app.button(key="extend").click().run()
    assert not app.exception
    longer = ended(run_id)
    assert longer.config.epochs == first.config.epochs + 3
    assert longer.step == 4 * first.step and longer.state == "finished"
    kinds = [(event.kind, getattr(event, "action", "")) for _number, event in engine().store.events(run_id)]
    assert ("controlled", "continue") in kinds
    app.run()
    assert not app.exception, "an extended run is drawn with its mark"


@pytest.mark.parametrize(("epochs", "more"), [(195, 3), (198, 2), (199, 1), (200, None)])
def test_a_run_near_the_most_epochs_is_trained_longer_by_what_is_left(open_page, epochs, more):
    app = open_page(TRAINING, "en")
    config = TrainingConfig(architecture="lenet", epochs=epochs, train_images=128, test_images=100)
    owner = hashlib.sha256(app.session_state["owner_key"].encode()).hexdigest()[:20]
    run_id = engine().store.create(config, owner=owner)
    engine().store.append(run_id, [Finished(step=config.total_steps, epoch=epochs)])
    app.query_params["run"] = run_id
    app.run()
    assert not app.exception
    fields = [(field.value, field.max) for field in app.number_input if field.label == "More epochs"]
    assert fields == ([] if more is None else [(more, MOST_EPOCHS - epochs)])
    assert ("extend" in {button.key for button in app.button}) is (more is not None)
    engine().store.delete(run_id)


def test_a_range_test_suggests_a_rate_and_the_page_takes_it_over(open_page):
    app = open_page(TRAINING, "en", net="lenet_bn", seed="5")
    app.button(key="range_test").click().run()
    run_id = app.query_params["run"]
    run_id = run_id if isinstance(run_id, str) else run_id[0]
    record = ended(run_id, 90)
    assert isinstance(record.config, TrainingConfig) and record.config.schedule == "range_test"
    app.run()
    assert not app.exception
    app.button(key="use_suggested").click().run()
    assert not app.exception
    assert 0.0001 <= app.number_input(key="training.learning_rate").value <= 10


def fields(app):
    """The settings that can be touched."""
    kinds = ("number_input", "selectbox", "slider", "text_input", "toggle")
    return {str(widget.key).partition(".")[2] for kind in kinds for widget in app.get(kind)}


def test_a_link_that_asks_for_processes_that_this_server_has_not_is_refused_in_words(open_page):
    app = open_page(TRAINING, "en", **TINY, processes="2")
    app.session_state["more"] = True
    app.run()
    assert app.number_input(key="training.processes").value == 2, "nothing is in force that nobody sees"
    app.button(key="start").click().run()
    assert not app.exception and "run" not in app.query_params
    assert [element.value for element in app.error] == ["Processes: 2 is too large, the largest allowed is 1."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_can_be_chosen(open_page, language, monkeypatch):
    """Between how many processes a run is shared, where the server allows several."""
    app = open_page(TRAINING, language)
    app.session_state["more"] = True
    app.run()
    assert not app.exception and not app.error
    assert fields(app) >= set(TrainingConfig.model_fields) - {"architecture", "augmentation", "processes"}
    assert "processes" not in fields(app)
    monkeypatch.setenv("CNNVIZ_PROCESSES", "2")
    app.run()
    assert "processes" in fields(app)
    app.number_input(key="training.time_budget").set_value(90.0).run()
    assert not app.exception and app.query_params["time_budget"] in ("90", ["90"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_whose_curve_and_checkpoints_made_room_says_so_on_its_card(open_page, language):
    store = engine().store
    run_id = store.create(TrainingConfig(architecture="lenet"), owner="somebody else")
    store.append(run_id, [STARTED, block(1, 400, 9.0), measured(400, 0.8), Finished(step=400)])
    store.run_folder(run_id).mkdir(parents=True)
    for name in (LAST, BEST, step_file(400)):
        (store.run_folder(run_id) / name).write_bytes(b"weights")
    for part in ("history", "best", "last"):  # of this run alone: others are looked at by other tests
        assert eviction._drop(store.database, store.folder / "runs", run_id, part, 0)
    assert eviction._drop_curve(store.database, store.run_folder(run_id), 0)
    for other in (RUNS, RESULTS):
        assert not open_page(other, language, run=run_id, runs=run_id).exception
    app = open_page(TRAINING, language, run=run_id)
    app.session_state["about"] = True  # the drawer, as a click opens it
    app.run()
    assert not app.exception
    said = " ".join(element.value for element in app.caption)
    words = "made room for newer runs" if language == "en" else "lugar a corridas más nuevas"
    assert said.count(words) == len(store.record(run_id).evicted) == 4
