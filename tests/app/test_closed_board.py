"""With a closed board a person is shown their own runs, the recorded ones, and what the teacher shows all the same."""

import hashlib

import pytest

from cnnviz.events import Finished
from cnnviz.specs.presets import preset_named
from cnnviz.training.records import RECORDED
from cnnviz.ui.engine import classroom, engine, teachers
from cnnviz.ui.places import INSIDE, RESULTS, RUNS, TRAINING
from tests.app.test_training_page import ended

NAME = "a name that somebody else chose"


@pytest.fixture(scope="module")
def hers():
    """A run of somebody else that has left weights behind."""
    small = {"epochs": 1, "train_images": 256, "test_images": 100, "evaluations": 1, "seed": 4711}
    config = preset_named("lenet", "class").config.replace(**small)
    record = ended(engine().submit(config, owner="somebody else", name=NAME))
    assert engine().store.checkpoints_of(record.id)
    yield record
    engine().store.delete(record.id)


@pytest.fixture
def lesson(monkeypatch):
    """A class whose board is closed."""
    monkeypatch.setenv("CNNVIZ_CLASS", "1")
    classroom().change(board_open=False)
    yield classroom()
    with engine().store.database.writing() as connection:
        connection.execute("DELETE FROM classroom")


def me(app):
    return hashlib.sha256(app.session_state["owner_key"].encode()).hexdigest()[:20]


def everything(app):
    """All that a page says and offers."""
    fields = [*app.multiselect, *app.selectbox]
    options = [option for field in fields for option in field.options]
    parts = (*app.markdown, *app.caption, *app.info, *app.warning, *app.error)
    tables = [table.value.to_string() for table in app.table]
    return " ".join([*map(str, options), *(part.value for part in parts), *tables])


def shows(app):
    """Whether a page shows her run: its name, or on the page that shows its name in the chart alone, its seed."""
    assert not app.exception
    return NAME in everything(app) or "seed 4711" in everything(app)


PAGES = pytest.mark.parametrize(
    ("place", "query"), [(RUNS, "runs"), (RESULTS, "run"), (TRAINING, "run"), (INSIDE, "network")],
    ids=["runs", "results", "training", "inside"],
)  # fmt: skip


def linked(place, query, record):
    return {query: f"run:{record.id}" if place is INSIDE else record.id}


@PAGES
def test_the_run_of_somebody_else_is_neither_listed_nor_opened(open_page, hers, lesson, place, query):
    app = open_page(place, "en", **linked(place, query, hers))
    assert not shows(app)
    if place is not INSIDE:
        assert "has closed the board" in everything(app)
    assert hers.id not in str(app.query_params.get(query, ""))
    app = open_page(place, "en")
    assert not shows(app)


@PAGES
def test_it_can_be_looked_at_again_once_the_board_is_open(open_page, hers, lesson, place, query):
    lesson.change(board_open=True)
    app = open_page(place, "en", **linked(place, query, hers))
    assert shows(app)


@PAGES
def test_what_the_teacher_shows_to_every_screen_can_be_opened(open_page, hers, lesson, place, query):
    lesson.show(place.url_path, linked(place, query, hers))
    app = open_page(place, "en", **linked(place, query, hers))
    assert shows(app)


def test_the_teacher_sees_everybodys_runs(open_page, hers, lesson, monkeypatch):
    monkeypatch.setenv("CNNVIZ_TEACHER", "tea")
    app = open_page(RUNS, "en")
    teachers().unlock(me(app), "tea")
    assert shows(app.run())
    teachers().lock(me(app))
    assert not shows(app.run())


def test_a_view_that_is_open_when_the_board_closes_is_left(open_page, hers, lesson):
    lesson.change(board_open=True)
    apps = [open_page(RUNS, "en", runs=hers.id), open_page(TRAINING, "en", run=hers.id)]
    assert all(map(shows, apps))
    lesson.change(board_open=False)
    for app in apps:
        app.run()
        assert not shows(app)


def test_ones_own_and_the_recorded_runs_stay(open_page, hers, lesson):
    app = open_page(RUNS, "en")
    own = engine().store.create(hers.config, owner=me(app), name="a name of my own")
    engine().store.append(own, [Finished()])
    recorded = engine().store.records(owner=RECORDED)
    app.run()
    (field,) = (field for field in app.multiselect if field.label == "Runs")
    assert len(field.options) == 1 + len(recorded) > 1
    assert "a name of my own" in everything(app)
    engine().store.delete(own)


def test_another_seed_is_not_taken_from_somebody_else(open_page, hers, lesson):
    app = open_page(RUNS, "en")
    own = engine().store.create(hers.config.replace(seed=hers.config.seed - 1), owner=me(app))
    engine().store.append(own, [Finished()])
    classroom().join(me(app), "Ana")
    app.query_params["runs"] = own
    app.run()
    app.button(key="more_seeds").click().run()
    assert not app.exception
    records = engine().store.records(owner=me(app))
    assert hers.config.seed in {record.config.seed for record in records}, "trained, not borrowed"
    assert hers.id not in str(app.query_params["runs"])
    classroom().leave(me(app))
    for record in records:
        engine().command(record.id, "stop")
        ended(record.id)
        engine().store.delete(record.id)
