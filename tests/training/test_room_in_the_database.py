"""A database that is full: whose curves go, that the record says so, and what is left of such a run."""

import numpy
import pytest

from cnnviz.errors import CnnvizError
from cnnviz.events import Checkpoint, Finished
from cnnviz.training import RunStore, TrainingConfig
from tests.training.test_store import STARTED, block, measured

CONFIG = TrainingConfig(architecture="lenet", augmentation=None, seed=7)
STEPS = 20_000  # 480 kB of figures


@pytest.fixture
def store(tmp_path):
    store = RunStore(tmp_path)
    yield store
    store.close()


def drawn(store, end="completed", owner="ana", **pin):
    run_id = store.create(CONFIG, owner=owner)
    events = [STARTED, block(1, STEPS, 9.0), measured(STEPS, 0.8), Finished(step=STEPS, reason=end)]
    store.append(run_id, events)
    if pin:
        store.update(run_id, **pin)
    return run_id


def curves(store, *runs):
    return [len(store.steps(run_id)) > 0 for run_id in runs]


def test_the_oldest_curves_go_first_those_that_could_go_on_later_and_pinned_ones_last(store, noted):
    empty = store.database.size
    broken, pinned, kept, oldest, newest = (
        drawn(store, "stopped"), drawn(store, pinned=True, pins=5), drawn(store, pinned=True), drawn(store),
        drawn(store),
    )  # fmt: skip
    going = store.create(CONFIG, owner="ben", state="running")
    store.append(going, [STARTED, block(1, STEPS, 9.0)])
    every = (oldest, newest, broken, pinned, kept, going)
    one = (store.database.size - empty) // len(every)
    assert one > 400_000 and store.make_room(database_limit=store.database.size) == ()
    noted.clear()
    assert store.make_room(database_limit=store.database.size - 1) == (oldest,)
    assert [(line.getMessage(), line.fields) for line in noted] == [("curve made room", {"run": oldest})]
    assert store.record(oldest).evicted == ("curve",) and curves(store, *every) == [False, True, True, True, True, True]
    assert store.make_room(database_limit=store.database.size - one - 1) == (newest, broken)
    assert curves(store, *every) == [False, False, False, True, True, True]
    record = store.record(oldest)
    assert (record.step, record.best_test_accuracy, record.state) == (STEPS, 0.8, "finished"), "its figures stay"
    assert [event.kind for _, event in store.events(oldest)] == ["started", "evaluated", "finished"]
    assert store.make_room(database_limit=1) == (oldest, newest, broken, pinned)
    with pytest.raises(CnnvizError, match="made room for newer ones"):
        store.record(oldest)
    assert store.record(pinned).evicted == ("curve",) and curves(store, pinned, kept, going) == [False, True, True]


def test_what_went_is_used_again_so_the_file_does_not_grow(store):
    limit = 1_000_000
    for _ in range(12):
        drawn(store)
        store.make_room(database_limit=limit)
    assert store.database.size <= limit
    assert store.database.path.stat().st_size < limit + 1_200_000, "one more curve is written before one goes"
    assert 1 <= sum(len(store.steps(record.id)) > 0 for record in store.records()) <= 2


def test_a_run_without_its_curve_is_not_offered_instead_of_a_new_one(store):
    run_id = drawn(store)
    assert store.find_same(CONFIG).id == run_id
    store.make_room(database_limit=store.database.size - 1)
    assert store.find_same(CONFIG) is None


def test_one_that_goes_on_has_the_rest_of_its_curve_and_still_says_what_it_lost(store):
    run_id = drawn(store, "stopped")
    store.make_room(database_limit=store.database.size - 1)
    store.requeue(run_id)
    store.append(run_id, [STARTED, block(STEPS + 1, 50, 1.0), Checkpoint(file="last.safetensors", bytes=9), Finished()])
    assert store.steps(run_id).step.tolist() == list(numpy.arange(STEPS + 1, STEPS + 51))
    assert store.record(run_id).evicted == ("curve",)
    assert store.make_room(database_limit=store.database.size - 1) == (run_id,), "and what it has now may go as well"


def test_the_bound_comes_from_the_environment_and_recordings_stay(store, monkeypatch):
    shipped = drawn(store, owner="recorded", pinned=True, pins=9)
    mine = drawn(store)
    monkeypatch.setenv("CNNVIZ_DATABASE_MB", "1")
    drawn(store)
    assert store.make_room()[0] == mine and curves(store, shipped, mine) == [True, False]
    monkeypatch.setenv("CNNVIZ_DATABASE_MB", "0")
    with pytest.raises(CnnvizError, match="CNNVIZ_DATABASE_MB"):
        store.make_room()
