"""What goes wrong, who notices, what a person sees; nothing that was shown is lost, no run is left in the middle.

fault                     who notices                        what a person sees                           test_…
worker killed             its thread: end of output          failed, worker_lost; goes on, same curve     executor, here
server killed             worker: end of input; next server  interrupted, goes on with the same curve      worker
worker talks nonsense     its thread                         failed, worker_lost; the next run begins     here
worker cannot start       its thread                         failed, training_failed, with its words      worker
worker lost at its start  its thread                         nothing: another one takes the run, once     here
worker hangs in a step    Stop's patience, 1.2 s             stopped                                      executor
out of memory             the loop                           failed, out_of_memory; the worker lives      here
loss is no number         the loop, before it writes         failed, loss_not_finite; good weights kept   checkpoints
disk full: checkpoint     the loop                           failed, disk_full; the one before kept       checkpoints
disk full: run store      the worker's thread tries again    the curve waits, then goes on complete       store, here
store locked by a writer  the same, after 5 s                the same                                     store, worker
store held by a reader    nobody: it blocks no writer        nothing                                      store
tabs press Stop at once   nobody: once is enough             stopped, once                                here
clock goes backwards      nobody: order is of arrival        nothing; durations are monotonic             here
damaged checkpoint        its checksum                       failed, checkpoint_damaged                   checkpoints
"""

import functools
import os
import signal
import threading
import time

import psutil
import pytest
import torch

from cnnviz.errors import CnnvizError
from cnnviz.events import Failed, Finished
from cnnviz.training import RunStore, TrainingConfig, checkpoints, train
from cnnviz.training.machine import Machine
from cnnviz.training.records import UNFINISHED
from tests.training.executors import EXECUTORS, make_executor
from tests.training.fakes import FakeWorker, fake_executors
from tests.training.fakes import until as wait_until

pytestmark = pytest.mark.timeout(180)
until = functools.partial(wait_until, seconds=60)  # real workers start here
CONFIG = TrainingConfig(
    architecture="lenet_bn", train_images=1280, batch_size=64, epochs=4, test_images=100, evaluations=4, threads=1
)
MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory"),
    MemoryError(),
]


@pytest.fixture(scope="module", params=EXECUTORS)
def engine(tmp_path_factory, request):
    """Real workers, shared by the tests that need them."""
    executor = make_executor(request.param, RunStore(tmp_path_factory.mktemp("home")))
    assert executor.warm(120)
    yield executor
    executor.close()
    executor.store.close()


@pytest.fixture
def fake(make_fake):
    """An executor whose workers do nothing by themselves."""
    return make_fake()


def ended(executor, run_id):
    until(lambda: executor.store.record(run_id).ended)
    return executor.store.record(run_id)


# workers


def test_a_killed_worker_loses_nothing_and_its_run_goes_on_with_the_same_curve(engine):
    config = CONFIG.replace(epochs=10, evaluations=10)
    run_id = engine.submit(config, owner="ana")

    def checkpointed():
        return any(event.kind == "checkpoint" and event.step > 0 for _, event in engine.store.events(run_id))

    until(checkpointed)
    shown = engine.store.steps(run_id)
    os.kill(next(worker.process.pid for worker in engine._workers if worker.run_id == run_id), signal.SIGKILL)
    record = ended(engine, run_id)
    assert (record.state, record.failure.code) == ("failed", "worker_lost")
    after = engine.store.steps(run_id)
    assert after.loss[: len(shown)].tolist() == shown.loss.tolist()
    engine.continue_run(run_id)
    assert ended(engine, run_id).state == "finished"
    whole = engine.store.steps(run_id)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        expected = [loss for event in train(config) if event.kind == "steps" for loss in event.losses]
    finally:
        torch.set_num_threads(threads)
    assert whole.step.tolist() == list(range(1, config.total_steps + 1))
    assert whole.loss.tolist() == pytest.approx(expected, rel=1e-6)


@pytest.fixture
def silent(monkeypatch, tmp_path):
    """An executor of this machine whose workers do not even say that a run begins."""
    with fake_executors(monkeypatch, tmp_path) as make:
        yield make()


def test_a_worker_that_is_lost_before_it_has_begun_hands_its_run_on_once(silent, monkeypatch):
    say = FakeWorker.event
    monkeypatch.setattr(FakeWorker, "event", lambda *_nothing: None)
    for number, then in enumerate((lambda *_nothing: None, say)):
        run_id = silent.submit(CONFIG, owner="ana")
        until(lambda: FakeWorker.made and FakeWorker.made[-1].run == run_id and silent.warm(0))  # noqa: B023
        monkeypatch.setattr(FakeWorker, "event", then)
        lost = FakeWorker.made[-1]
        lost.die()
        until(lambda: FakeWorker.made[-1] is not lost and FakeWorker.made[-1].run == run_id)  # noqa: B023
        if number:
            until(lambda: silent.store.record(run_id).choices)  # noqa: B023
            assert silent.store.record(run_id).state == "running"
            FakeWorker.made[-1].finish()
            assert ended(silent, run_id).state == "finished"
        else:
            until(lambda: silent.warm(0))
            FakeWorker.made[-1].die()
            record = ended(silent, run_id)
            assert (record.state, record.failure.code) == ("failed", "worker_lost"), "the run may be what ends workers"
    assert [len(worker.jobs) for worker in FakeWorker.made] == [1, 1, 1, 1]


def test_a_stopped_run_whose_worker_is_lost_can_be_continued_at_once(silent, monkeypatch):
    monkeypatch.setattr(FakeWorker, "event", lambda *_nothing: None)
    run_id = silent.submit(CONFIG, owner="ana")
    until(lambda: FakeWorker.made and silent.warm(0))
    silent.command(run_id, "stop")
    FakeWorker.made[0].die()
    assert ended(silent, run_id).state == "stopped"
    until(lambda: not any(worker.lost for worker in silent._workers))
    silent.continue_run(run_id)
    time.sleep(1.5)  # longer than anybody's patience with the worker that is gone
    assert not silent.store.record(run_id).ended, "it was continued since"
    assert [len(worker.jobs) for worker in FakeWorker.made] == [1, 1]


@pytest.mark.parametrize("nonsense", [{"kind": "event"}, {"kind": "event", "run": "mine", "event": {"kind": "?"}}])
def test_a_worker_that_talks_nonsense_ends_its_run_and_the_next_one_begins(fake, nonsense):
    run_id = fake.submit(CONFIG, owner="ana")
    until(lambda: fake.store.record(run_id).choices)
    waiting = fake.submit(CONFIG, owner="ana")
    FakeWorker.made[0].say({name: run_id if value == "mine" else value for name, value in nonsense.items()})
    record = ended(fake, run_id)
    assert (record.state, record.failure.code) == ("failed", "worker_lost") and record.failure.detail
    until(lambda: fake.store.record(waiting).choices)
    assert len(FakeWorker.made) == 2


@pytest.mark.parametrize("error", MEMORY, ids=lambda error: type(error).__name__)
def test_out_of_memory_in_mid_run_is_said_and_the_last_checkpoint_kept(monkeypatch, tmp_path, error):
    steps = []

    def train_step(self, *arguments):
        steps.append(1)
        if len(steps) > 25:
            raise error
        return real(self, *arguments)

    real = Machine.train_step
    monkeypatch.setattr(Machine, "train_step", train_step)
    *_, failed = train(CONFIG, folder=tmp_path)
    assert (failed.kind, failed.code, failed.step) == ("failed", "out_of_memory", 25)
    assert failed.parameters["batch_size"] == 64 and "smaller" in str(CnnvizError(failed.code, **failed.parameters))
    monkeypatch.undo()
    assert checkpoints.read(tmp_path / "last.safetensors").position.step <= 25
    assert list(train(CONFIG, resume=tmp_path / "last.safetensors"))[-1].reason == "completed"


def test_a_worker_that_really_runs_out_of_memory_lives(engine):
    """With a ceiling on its address space the system refuses, as it does when memory is gone."""
    if not hasattr(psutil, "RLIMIT_AS"):
        pytest.skip("this system has no such ceiling")
    assert engine.warm(120)
    process = psutil.Process(engine._workers[0].process.pid)
    before = process.rlimit(psutil.RLIMIT_AS)
    process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms + 300 * 2**20, before[1]))
    record = ended(engine, engine.submit(TrainingConfig(architecture="vgg11", batch_size=512), owner="ana"))
    assert (record.state, record.failure.code) == ("failed", "out_of_memory")
    process.rlimit(psutil.RLIMIT_AS, before)
    assert ended(engine, engine.submit(CONFIG, owner="ana")).state == "finished"
    assert engine._workers[0].process.pid == process.pid


# the disk


def test_a_checkpoint_too_many_for_the_disk_fails_the_run_and_keeps_the_one_before(engine):
    """With a ceiling on the size of a file, the system refuses as it does on a full disk."""
    assert engine.warm(120)
    process = psutil.Process(engine._workers[0].process.pid)
    if not hasattr(psutil, "RLIMIT_FSIZE"):
        pytest.skip("this system has no such ceiling")
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    run_id = engine.submit(CONFIG.replace(epochs=200), owner="ana")
    until(lambda: engine.store.record(run_id).step > 20)
    process.rlimit(psutil.RLIMIT_FSIZE, (20_000, before[1]))
    record = ended(engine, run_id)
    assert (record.state, record.failure.code) == ("failed", "disk_full")
    assert len(engine.store.steps(run_id)) == record.step
    process.rlimit(psutil.RLIMIT_FSIZE, before)
    kept = checkpoints.read(engine.store.run_folder(run_id) / "last.safetensors")
    assert 0 <= kept.position.step <= record.step
    assert not list(engine.store.run_folder(run_id).glob("*.unfinished"))


def test_a_full_run_store_holds_the_curve_back_and_loses_none_of_it(fake):
    run_id = fake.submit(CONFIG, owner="ana")
    until(lambda: fake.store.record(run_id).choices)
    writer = fake.store._database._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    worker = FakeWorker.made[0]
    worker.train(steps=20_000, seconds=2.0)
    worker.finish(step=20_000)
    with pytest.raises(CnnvizError, match="full") as caught:
        for _ in range(100):
            fake.store.create(CONFIG, owner="ben")
    assert caught.value.code == "store_unusable"
    time.sleep(0.7)
    assert len(fake.store.steps(run_id)) == 0 and fake.store.record(run_id).state == "running"
    writer.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    assert ended(fake, run_id).state == "finished"
    assert len(fake.store.steps(run_id)) == 20_000


# people


def test_any_number_of_tabs_press_stop_at_once(engine):
    run_id = engine.submit(CONFIG.replace(epochs=200), owner="ana")
    until(lambda: engine.store.record(run_id).step > 5)
    barrier, answers = threading.Barrier(8), []

    def press():
        barrier.wait()
        answers.append(engine.command(run_id, "stop"))

    tabs = [threading.Thread(target=press) for _ in range(8)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    record = ended(engine, run_id)
    assert (record.state, record.failure) == ("stopped", None) and len(answers) == 8 and answers.count(True) >= 1
    events = [event for _, event in engine.store.events(run_id)]
    assert [event.kind for event in events].count("finished") == 1
    assert [getattr(event, "action", "") for event in events].count("stop") == 1
    assert not engine.command(run_id, "stop"), "and a late one"
    assert len(engine.store.steps(run_id)) == record.step


def test_stop_at_the_very_end_and_at_the_death_of_a_worker(fake):
    for end, state in ((lambda worker: worker.finish(), "finished"), (lambda worker: worker.die(), "stopped")):
        run_id = fake.submit(CONFIG, owner="ana")
        until(lambda run_id=run_id: fake.store.record(run_id).choices)
        assert fake.command(run_id, "stop")
        end(FakeWorker.made[-1])
        assert ended(fake, run_id).state == state
        until(lambda: fake.warm(5))


# clocks


def test_a_clock_that_goes_backwards_harms_nothing(fake, monkeypatch):
    now = [2e9]

    def backwards():
        now[0] -= 3600
        return now[0]

    monkeypatch.setattr(time, "time", backwards)
    first, second = (fake.submit(CONFIG, owner=owner) for owner in ("ana", "ben"))
    until(lambda: fake.store.record(first).choices)
    FakeWorker.made[0].train(steps=20, seconds=2.0)
    until(lambda: fake.store.record(first).step == 20)
    assert fake.expected_start(second) == pytest.approx(6.0)
    assert [record.id for record in fake.store.records()] == [second, first]
    FakeWorker.made[0].finish(step=80, seconds=8.0)
    record = ended(fake, first)
    assert (record.state, record.seconds) == ("finished", 8.0) and record.finished < record.created
    assert fake.store.find_same(CONFIG).id == first
    until(lambda: fake.store.record(second).choices)
    events = list(train(CONFIG.replace(epochs=1)))
    seconds = [event.seconds for event in events]
    assert seconds == sorted(seconds) and seconds[0] >= 0
    assert all(event.images_per_second > 0 for event in events if event.kind == "steps")


# and always


def test_no_run_is_left_in_the_middle(engine):
    """Whatever the tests above did to it, this server's every run is over, and each ends in one event."""
    records = engine.store.records()
    assert records and not [record for record in records if record.state in UNFINISHED]
    for record in records:
        last = engine.store.events(record.id)[-1][1]
        assert isinstance(last, Finished | Failed), record


def test_a_store_whose_file_is_away_for_a_moment_makes_no_other_one_and_loses_nothing(tmp_path):
    """More readers at once than there are connections: a new one must not stand in with an empty file."""
    store = RunStore(tmp_path)
    run = store.create(TrainingConfig(architecture="lenet"), owner="ana")
    assert store.record(run).owner == "ana"  # from now on there is one connection for readers
    (tmp_path / "runs.sqlite3").rename(tmp_path / "elsewhere")
    try:
        with store.database.reading() as _one, pytest.raises(CnnvizError) as refused, store.database.reading():
            pass
        assert refused.value.code == "store_unusable"
        assert not (tmp_path / "runs.sqlite3").exists()
    finally:
        (tmp_path / "elsewhere").rename(tmp_path / "runs.sqlite3")
    assert store.record(run).state == "queued"
    store.close()
    again = RunStore(tmp_path)
    assert again.record(run).owner == "ana"
    again.close()
