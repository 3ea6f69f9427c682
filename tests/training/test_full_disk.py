"""A disk without a byte left, under the store, the checkpoints and a copy: each says so, keeps what it had, goes on."""

import errno
import signal
import time
from types import SimpleNamespace

import psutil
import pytest
import torch

from cnnviz.classroom import tidy
from cnnviz.errors import CnnvizError
from cnnviz.events import Failed, Finished
from cnnviz.training import RunStore, TrainingConfig, checkpoints, persistence
from cnnviz.training.backup import back_up
from cnnviz.training.history import step_file
from tests.load.faults import small_disk
from tests.training.fakes import FakeWorker, until
from tests.training.test_store import STARTED, block

CONFIG = TrainingConfig(architecture="lenet")


class Disk:
    """A small disk that can be filled to the last byte; where none may be mounted, files that may not grow."""

    def __init__(self, folder, mounted):
        self.folder, self._mounted = folder, mounted
        self.errors = {errno.ENOSPC} if mounted else {errno.EFBIG}

    def fill(self):
        if not self._mounted:
            self._before = psutil.Process().rlimit(psutil.RLIMIT_FSIZE)
            self._handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            psutil.Process().rlimit(psutil.RLIMIT_FSIZE, (1, self._before[1]))
            return
        with (self.folder / "filler").open("wb", buffering=0) as file, pytest.raises(OSError) as full:
            while True:
                file.write(bytes(4096))
        assert full.value.errno == errno.ENOSPC

    def free(self):
        if self._mounted:
            (self.folder / "filler").unlink()
        else:
            psutil.Process().rlimit(psutil.RLIMIT_FSIZE, self._before)
            signal.signal(signal.SIGXFSZ, self._handler)


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", 6) as mounted:
        yield Disk(tmp_path / "disk", mounted)


@pytest.fixture
def store(disk):
    store = RunStore(disk.folder)
    yield store
    store.close()


def saved(step):
    position = checkpoints.Position(CONFIG.model_dump(mode="json"), step, 1.0, 0.1)
    return checkpoints.Saved(position, model={"weight": torch.zeros(100_000)})


def test_nothing_that_was_kept_is_lost_and_everything_goes_on(disk, store, tmp_path):
    run_id = store.create(CONFIG, owner="ana")
    store.append(run_id, [STARTED, block(1, 5000, 1.0)])
    last = store.run_folder(run_id) / "last.safetensors"
    checkpoints.write(last, saved(5000))
    back_up(store, disk.folder / "copy.zip")
    disk.fill()
    with pytest.raises(CnnvizError) as refused:
        store.append(run_id, [block(5001, 5000, 2.0)])
    assert refused.value.code == "store_unusable"
    with pytest.raises(OSError) as full:
        checkpoints.write(last, saved(10_000))
    assert full.value.errno in disk.errors
    with pytest.raises(CnnvizError):
        back_up(store, disk.folder / "copy.zip")
    tidy(store)
    assert len(store.steps(run_id)) == 5000 and checkpoints.read(last).position.step == 5000
    assert not [path for path in disk.folder.rglob("*") if "unfinished" in path.name]
    disk.free()
    store.append(run_id, [block(5001, 5000, 2.0)])
    checkpoints.write(last, saved(10_000))
    assert back_up(store, disk.folder / "copy.zip") > 0
    assert len(store.steps(run_id)) == 10_000 and checkpoints.read(last).position.step == 10_000


def test_a_store_is_opened_again_on_a_disk_that_is_full(disk):
    first = RunStore(disk.folder)
    run_id = first.create(CONFIG, owner="ana", state="running")
    first.append(run_id, [STARTED, block(1, 5000, 1.0)])
    first.close()
    disk.fill()
    began = time.monotonic()
    try:
        second = RunStore(disk.folder)
        assert len(second.steps(run_id)) == 5000
        second.close()
    except CnnvizError as error:  # or says why not, at once
        assert error.code == "store_unusable" and time.monotonic() - began < 10
    disk.free()
    third = RunStore(disk.folder)
    assert third.mark_interrupted() in ((run_id,), ()) and third.record(run_id).state == "interrupted"
    assert len(third.steps(run_id)) == 5000
    third.close()


def test_on_a_disk_smaller_than_what_may_be_used_the_oldest_checkpoints_make_room_and_who_waits_waits(
    make_fake, monkeypatch
):
    free, asked = [0], []

    def usage(_folder):
        asked.append(1)
        return SimpleNamespace(free=free[0])

    monkeypatch.setattr(persistence.shutil, "disk_usage", usage)
    monkeypatch.setattr(persistence, "_RETRY", 0.01)
    executor = make_fake()
    store = executor.store
    old, young = (store.create(CONFIG, owner="ana", state="running") for _ in range(2))
    for run_id in (old, young):
        store.append(run_id, [Finished()])
        store.run_folder(run_id).mkdir(parents=True)
        for step in (0, 10):
            (store.run_folder(run_id) / step_file(step)).write_bytes(b"x" * 1000)
    first, second, third = (executor.submit(CONFIG, owner=owner) for owner in ("ana", "ben", "cam"))
    until(lambda: store.record(first).choices)
    FakeWorker.made[0].event(Failed(code="loss_not_finite"))
    until(lambda: store.record(second).choices)
    assert not asked and store.record(old).evicted == ()
    FakeWorker.made[0].event(Failed(code="disk_full"))
    until(lambda: len(asked) > 5)
    assert store.record(second).state == "failed" and store.record(third).state == "queued"
    assert store.record(old).evicted == ("history",)
    assert store.record(young).evicted == () and list(store.run_folder(young).iterdir())
    free[0] = 10**9
    until(lambda: store.record(third).choices)


def test_a_stop_that_cannot_be_written_leaves_the_run_waiting(make_fake):
    executor = make_fake()
    executor.hold(True)
    run_id = executor.submit(CONFIG, owner="ana")
    executor.store.database._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(CnnvizError):
        executor.command(run_id, "stop")
    executor.store.database._writer.execute("PRAGMA query_only = OFF")
    assert executor.queue_position(run_id) == 1 and executor.store.record(run_id).state == "queued"
    assert executor.command(run_id, "stop") and executor.waiting == 0
    assert executor.store.record(run_id).state == "stopped"
