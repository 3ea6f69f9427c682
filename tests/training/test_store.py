"""The run store: what is written stays, whoever locks it, fills the disk, kills the server or makes up an id."""

import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import numpy
import pytest

from cnnviz.errors import CnnvizError
from cnnviz.events import Checkpoint, Controlled, Evaluated, Failed, Finished, Started, Steps
from cnnviz.training import RunStore, TrainingConfig, time_left
from cnnviz.training.schema import MIGRATIONS, migrate

CONFIG = TrainingConfig(architecture="lenet", augmentation=None, seed=7)
STARTED = Started(
    total_steps=469, steps_per_epoch=469, parameters=61_706, train_images=60_000, test_images=10_000, device="cpu",
    device_name="one", precision="float32", threads=2,
)  # fmt: skip


def block(first, count, seconds, loss=1.0, rate=0.1):
    return Steps(
        step=first + count - 1, seconds=seconds, epoch=(first + count - 1) / 469, first_step=first,
        losses=(loss,) * count, accuracies=(0.5,) * count, train_loss=loss, train_accuracy=0.5, learning_rate=rate,
        images_per_second=1000.0,
    )  # fmt: skip


def measured(step, accuracy, **more):
    return Evaluated(
        step=step, test_loss=1.5, test_accuracy=accuracy, train_loss=1.4, train_accuracy=0.55, learning_rate=0.1,
        images_per_second=900.0, test_images=10_000, **more,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    store = RunStore(tmp_path)
    yield store
    store.close()


def test_a_record_follows_the_events(store):
    run_id = store.create(CONFIG, owner="ana", name="  first\nrun ", group="race")
    record = store.record(run_id)
    assert (record.state, record.name, record.owner, record.group) == ("queued", "first run", "ana", "race")
    assert record.config == CONFIG and record.total_steps == 469 and record.schema_version == len(MIGRATIONS)
    store.append(run_id, [STARTED, block(1, 1, 0.1), Checkpoint(file="last.safetensors", bytes=9)])
    record = store.record(run_id)
    assert (record.state, record.step, record.train_loss, record.choices["threads"]) == ("running", 0, 1.0, 2)
    store.append(run_id, [block(2, 9, 1.0, loss=0.5), measured(10, 0.7), measured(10, 0.6)])
    record = store.record(run_id)
    assert (record.step, record.test_accuracy, record.best_test_accuracy) == (10, 0.6, 0.7)
    store.append(run_id, [Controlled(step=10, action="learning_rate", learning_rate=0.01)])
    assert store.record(run_id).learning_rate == 0.01
    for action, state in (("pause", "paused"), ("resume", "running"), ("step", "paused"), ("stop", "stopping")):
        store.append(run_id, [Controlled(step=10, action=action)])
        assert store.record(run_id).state == state
    store.append(run_id, [Finished(step=10, seconds=2.0, reason="stopped", train_loss=0.55)])
    record = store.record(run_id)
    assert (record.state, record.train_loss, record.best_test_accuracy) == ("stopped", 0.55, 0.7)
    assert record.ended and record.finished is not None
    kinds = [event.kind for _, event in store.events(run_id)]
    assert kinds[:2] == ["started", "checkpoint"] and kinds[-1] == "finished" and "steps" not in kinds
    after = store.events(run_id)[-2][0]
    assert [event.kind for _, event in store.events(run_id, after)] == ["finished"]


def test_an_ended_run_stays_ended(store):
    run_id = store.create(CONFIG, owner="ana")
    store.append(run_id, [STARTED, Failed(code="worker_lost", parameters={"step": 3}, detail="why")])
    store.append(run_id, [Controlled(action="resume"), Finished(), block(1, 1, 0.1)])
    record = store.record(run_id)
    assert record.state == "failed" and record.failure.detail == "why"
    assert "step 3" in str(record.failure.error)
    assert not store.set_state(run_id, "running")


def test_steps_come_back_as_arrays(store):
    run_id = store.create(CONFIG, owner="ana")
    assert len(store.steps(run_id)) == 0
    store.append(run_id, [STARTED, block(1, 1, 0.5, loss=3), block(2, 4, 2.5, loss=2, rate=0.2)])
    steps = store.steps(run_id)
    assert steps.step.tolist() == [1, 2, 3, 4, 5] and steps.step.dtype == numpy.int32
    assert steps.loss.tolist() == [3, 2, 2, 2, 2] and steps.loss.dtype == numpy.float32
    assert steps.seconds.tolist() == [0.5, 1, 1.5, 2, 2.5]
    assert steps.learning_rate[-1] == numpy.float32(0.2) and steps.images_per_second[0] == 1000
    assert store.steps(run_id, after_step=3).step.tolist() == [4, 5]
    assert len(store.steps(run_id, after_step=5)) == 0


def test_a_continued_run_replaces_what_it_repeats(store):
    run_id = store.create(CONFIG, owner="ana")
    again = STARTED.model_copy(update={"step": 3, "seconds": 1.5, "resumed": True})
    store.append(run_id, [STARTED, block(1, 3, 1.5, loss=3), block(4, 3, 3.0, loss=3), again])
    assert store.record(run_id).step == 3
    assert len(store.steps(run_id)) == 6, "nothing that was shown is lost before it comes again"
    store.append(run_id, [block(4, 1, 2.0, loss=1), block(5, 4, 4.0, loss=1)])
    steps = store.steps(run_id)
    assert steps.step.tolist() == list(range(1, 9))
    assert steps.loss.tolist() == [3] * 3 + [1] * 5
    assert (numpy.diff(steps.seconds) > 0).all()
    assert store.steps(run_id, after_step=4).step.tolist() == [5, 6, 7, 8]


def test_a_batch_of_events_is_kept_whole_or_not_at_all(store):
    run_id = store.create(CONFIG, owner="ana")
    store.append(run_id, [STARTED])
    with pytest.raises(AttributeError):
        store.append(run_id, [block(1, 1, 0.1), "no event"])
    assert len(store.steps(run_id)) == 0 and store.record(run_id).step == 0


def test_losses_without_end_survive(store):
    run_id = store.create(CONFIG, owner="ana")
    event = measured(1, 0.1).model_copy(update={"test_loss": math.inf})
    store.append(run_id, [STARTED, event])
    assert store.events(run_id)[-1][1] == event


def test_records_are_chosen_and_ordered(store):
    ids = [store.create(CONFIG, owner=owner, group=group) for owner, group in (("a", "x"), ("b", "x"), ("a", None))]
    assert [record.id for record in store.records()] == ids[::-1]
    assert [record.id for record in store.records(owner="a")] == [ids[2], ids[0]]
    assert [record.id for record in store.records(group="x", limit=1)] == [ids[1]]
    store.append(ids[1], [Finished()])
    assert [record.id for record in store.records(states=("finished", "failed"))] == [ids[1]]
    assert store.records(states=("failed",)) == ()


def test_rename_and_delete(store):
    run_id = store.create(CONFIG, owner="ana")
    folder = store.run_folder(run_id)
    folder.mkdir(parents=True)
    (folder / "last.safetensors").write_text("x")
    store.update(run_id, name="<script>" + "y" * 200)
    assert store.record(run_id).name == ("<script>" + "y" * 200)[:80]
    with pytest.raises(CnnvizError, match="still going"):
        store.delete(run_id)
    store.append(run_id, [STARTED, block(1, 1, 0.1), Finished()])
    store.delete(run_id)
    assert not folder.exists()
    for ask in (store.record, store.steps, store.events, store.delete, lambda run: store.append(run, [STARTED])):
        with pytest.raises(CnnvizError) as caught:
            ask(run_id)
        assert caught.value.code == "run_unknown"


@pytest.mark.parametrize("run_id", ["", "..", "../../etc", "a/b", "abcdefghij\n", "ABCDEFGHIJ", "' OR '1'='1", None, 7])
def test_an_id_from_a_link_can_be_anything(store, run_id):
    for ask in (store.record, store.run_folder, store.steps):
        with pytest.raises(CnnvizError) as caught:
            ask(run_id)
        assert caught.value.code == "run_unknown"


def test_a_reader_in_the_middle_of_its_work_stops_nobody(store, tmp_path):
    run_id = store.create(CONFIG, owner="ana")
    reader = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM blocks").fetchone()
    began = time.monotonic()
    store.append(run_id, [STARTED, block(1, 1, 0.1)])
    assert time.monotonic() - began < 1
    assert len(store.steps(run_id)) == 1
    assert reader.execute("SELECT count(*) FROM blocks").fetchone() == (0,), "a reader sees one moment"
    reader.close()


def test_a_short_lock_of_another_process_is_waited_for(store, tmp_path):
    run_id = store.create(CONFIG, owner="ana")
    other = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.5, other.execute, ("COMMIT",))
    timer.start()
    store.append(run_id, [STARTED, block(1, 1, 0.1)])
    timer.join()
    other.close()
    assert len(store.steps(run_id)) == 1


def test_a_full_disk_is_said_and_loses_nothing_that_was_kept(store):
    run_id = store.create(CONFIG, owner="ana")
    store.append(run_id, [STARTED, block(1, 100, 1.0)])
    writer = store._database._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(CnnvizError, match="full") as caught:
        store.append(run_id, [block(101, 20_000, 2.0)])
    assert caught.value.code == "store_unusable"
    assert len(store.steps(run_id)) == 100 and store.record(run_id).step == 100
    writer.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    store.append(run_id, [block(101, 20_000, 2.0)])
    assert len(store.steps(run_id)) == 20_100


def test_many_threads_read_while_one_writes(store):
    run_id = store.create(CONFIG, owner="ana")
    store.append(run_id, [STARTED])
    wrong, done = [], threading.Event()

    def read():
        seen = 0
        while not done.is_set():
            steps = store.steps(run_id)
            if len(steps) < seen or (len(steps) and steps.step[-1] != len(steps)):
                wrong.append(len(steps))
            seen = len(steps)

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for first in range(1, 1001, 10):
        store.append(run_id, [block(first, 10, first / 10)])
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong and len(store.steps(run_id)) == 1000


def test_a_hundred_thousand_steps_open_at_once(store):
    run_id = store.create(CONFIG, owner="ana")
    store.append(run_id, [STARTED, *(block(first, 10, first / 10) for first in range(1, 100_001, 10))])
    began = time.monotonic()
    assert len(store.steps(run_id)) == 100_000
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_an_older_store_becomes_the_newest(tmp_path, version):
    connection = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
    migrate(connection, MIGRATIONS[:version])
    connection.close()
    store = RunStore(tmp_path)
    run_id = store.create(CONFIG, owner="ana")
    assert store.record(run_id).schema_version == len(MIGRATIONS)
    store.close()
    again = RunStore(tmp_path)
    assert again.record(run_id).config == CONFIG
    again.close()


def test_a_migration_happens_whole_or_not_at_all(tmp_path):
    connection = sqlite3.connect(tmp_path / "x.sqlite3", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*MIGRATIONS, ("CREATE TABLE extra (x)", "no SQL")))
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
    connection.close()


def test_what_is_no_store_is_refused_in_words(tmp_path):
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "runs.sqlite3").write_bytes(b"not a database" * 500)
    (tmp_path / "file").write_text("a file")
    newer = tmp_path / "newer"
    newer.mkdir()
    connection = sqlite3.connect(newer / "runs.sqlite3")
    connection.execute("PRAGMA user_version = 1000")
    connection.close()
    for folder in (tmp_path / "damaged", tmp_path / "file", newer):
        with pytest.raises(CnnvizError) as caught:
            RunStore(folder)
        assert caught.value.code == "store_unusable" and str(folder) in str(caught.value)


def test_the_folder_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_HOME", str(tmp_path / "elsewhere"))
    store = RunStore()
    assert (tmp_path / "elsewhere" / "runs.sqlite3").exists()
    store.close()


SERVER = """
import sys, time
from cnnviz.training import RunStore, TrainingConfig
store = RunStore(sys.argv[1])
for state in ("queued", "running", "paused", "stopping", "finished"):
    print(store.create(TrainingConfig(architecture="lenet"), owner="ana", state=state), flush=True)
time.sleep(60)
"""


def test_the_runs_of_a_killed_server_are_interrupted_and_those_of_a_living_one_are_not(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SERVER, tmp_path], stdout=subprocess.PIPE, text=True) as server:
        ids = [server.stdout.readline().strip() for _ in range(5)]
        store = RunStore(tmp_path)
        mine = store.create(CONFIG, owner="ana", state="running")
        assert store.mark_interrupted() == ()
        os.kill(server.pid, signal.SIGKILL)
    assert set(store.mark_interrupted()) == set(ids[:4])
    states = [store.record(run_id).state for run_id in ids]
    assert states == ["interrupted"] * 4 + ["finished"]
    assert store.record(ids[0]).failure.code == "server_lost"
    assert store.record(mine).state == "running"
    assert store.mark_interrupted() == ()
    assert store.mark_interrupted(own=True) == (mine,)
    store.close()


def test_an_ended_run_can_wait_again(store):
    run_id = store.create(CONFIG, owner="ana", state="running")
    with pytest.raises(CnnvizError, match="still going"):
        store.requeue(run_id)
    store.append(run_id, [STARTED, block(1, 1, 0.1), Failed(code="worker_lost", parameters={"step": 1})])
    store.requeue(run_id, CONFIG.replace(epochs=2))
    record = store.record(run_id)
    assert (record.state, record.failure, record.config.epochs) == ("queued", None, 2)
    assert len(store.steps(run_id)) == 1


def test_the_time_left_is_in_proportion(store):
    run_id = store.create(CONFIG, owner="ana")
    assert time_left(store.record(run_id)) is None
    store.append(run_id, [STARTED, block(1, 1, 0.05)])
    assert time_left(store.record(run_id)) is None, "one quick step says nothing"
    store.append(run_id, [block(2, 68, 7.0)])
    assert time_left(store.record(run_id)) == pytest.approx(40.58, abs=0.01)
    store.append(run_id, [Finished(step=469, seconds=50)])
    assert time_left(store.record(run_id)) == 0
