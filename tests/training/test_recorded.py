"""The runs that ship with the app: whole, small, from the class presets, and in a store like any other."""

import json

import pytest

from cnnviz.events import Evaluated, Finished, Started, Steps
from cnnviz.specs.presets import preset_named
from cnnviz.training import OwnedRuns, RunStore
from cnnviz.training.checkpoints import read
from cnnviz.training.recorded import FOLDER, install, recordings, write_recording
from cnnviz.training.records import RECORDED

ALL = recordings()
EACH = pytest.mark.parametrize("recording", ALL, ids=lambda one: one.config.architecture.key)


@pytest.fixture
def store(tmp_path):
    with_runs = RunStore(tmp_path)
    yield with_runs
    with_runs.close()


@EACH
def test_a_recording_is_a_whole_run_of_the_class_preset_and_says_where_it_was_made(recording):
    events = list(recording.events())
    assert recording.config == preset_named(recording.config.architecture.key, "class").config
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)
    assert events[-1].step == recording.config.total_steps
    assert sum(len(event.losses) for event in events if isinstance(event, Steps)) == recording.config.total_steps
    assert len([event for event in events if isinstance(event, Evaluated)]) == len(recording.config.evaluation_steps)
    assert events[-1].test_accuracy > 0.6, "it has left chance far behind"
    assert "core" in recording.machine and len(recording.date) == 10
    assert events[0].device == "cpu"


def test_all_of_them_are_small():
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert size < 8_000_000


def test_a_store_gets_each_of_them_once(store):
    assert len(install(store)) == len(ALL) == 10
    assert install(store) == ()
    records = store.records(owner=RECORDED)
    assert {record.state for record in records} == {"finished"}
    for recording in ALL:
        record = store.record(recording.id)
        assert record.step == recording.config.total_steps and len(store.steps(record.id)) == record.step
        assert record.created == recording.created and recording.machine in record.notes


def test_they_are_not_offered_in_place_of_a_training_of_ones_own(store):
    install(store)
    assert store.find_same(preset_named("lenet_bn", "class").config) is None


def test_nobody_can_change_them(store):
    install(store)

    class Idle:
        pass

    Idle.store = store
    run_id = ALL[0].id
    with pytest.raises(ValueError, match="somebody else"):
        OwnedRuns(Idle, "a student").delete(run_id)


def test_weights_ship_with_the_small_ones_and_can_be_read(store):
    install(store)
    having = [recording for recording in ALL if recording.weights]
    assert {"lenet", "lenet_bn"} <= {recording.config.architecture.key for recording in having}
    for recording in having:
        kept = store.checkpoints_of(recording.id)
        assert kept[-1][0] == recording.config.total_steps
        assert read(kept[-1][1]).model
    along = store.checkpoints_of(next(one.id for one in ALL if one.config.architecture.key == "lenet_bn"))
    assert len(along) >= 8, "enough to replay a training"


def test_a_damaged_recording_is_left_out_and_the_others_come_in(store, tmp_path):
    folder = tmp_path / "runs of another"
    first = ALL[0]
    write_recording(folder / "good.jsonl.gz", first.id, first.config, first.events(), machine="m", date="2020-01-01",
                    created=1.0)  # fmt: skip
    (folder / "bad.jsonl.gz").write_bytes(b"not gzip")
    assert install(store, folder) == (first.id,)


def test_writing_and_reading_agree(tmp_path):
    first = ALL[0]
    path = tmp_path / "again.jsonl.gz"
    write_recording(path, first.id, first.config, first.events(), machine="m", date="2020-01-01", created=1.0)
    (again,) = recordings(tmp_path)
    assert list(again.events()) == list(first.events()) and again.config == first.config
    assert json.dumps(again.config.model_dump(mode="json")) == json.dumps(first.config.model_dump(mode="json"))
