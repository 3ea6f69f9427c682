"""A paused run does not keep its seat for ever: it gives it to whoever waits, and goes on where it was."""

import time

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.training import RunStore, TrainingConfig, train
from tests.training.executors import EXECUTORS, make_executor
from tests.training.fakes import FakeWorker, until

pytestmark = pytest.mark.timeout(180)
CONFIG = TrainingConfig(architecture="lenet", train_images=1000, batch_size=100, epochs=10)  # 100 steps
PATIENCE = 0.15


@pytest.fixture
def make(make_fake):
    return lambda **options: make_fake(**{"patience": PATIENCE, **options})


def state(executor, run_id):
    return executor.store.record(run_id).state


def begun(executor, owner="ana"):
    """A run that has done 25 of its steps."""
    run_id = executor.submit(CONFIG, owner=owner)
    worker = FakeWorker.made[0]
    until(lambda: worker.run == run_id)
    worker.train(steps=25, seconds=5.0)
    until(lambda: executor.store.record(run_id).step == 25)
    return run_id, worker


def parked(executor):
    """A run of Ana's that was paused and gave its seat to Ben's."""
    run_id, worker = begun(executor)
    executor.command(run_id, "pause")
    other = executor.submit(CONFIG, owner="ben")
    until(lambda: worker.commands[-1] == (run_id, "stop"))
    worker.finish("stopped", step=25)
    until(lambda: worker.run == other)
    return run_id, other, worker


def test_a_paused_run_keeps_its_seat_while_nobody_waits(make):
    executor = make()
    run_id, worker = begun(executor)
    executor.command(run_id, "pause")
    time.sleep(3 * PATIENCE)
    assert worker.commands == [(run_id, "pause")] and not executor.is_parked(run_id)
    executor.command(run_id, "resume")
    assert state(executor, run_id) == "running"


def test_it_gives_the_seat_to_whoever_waits_once_it_has_been_paused_for_long_enough(make):
    executor = make()
    began = time.monotonic()
    run_id, other, _worker = parked(executor)
    assert time.monotonic() - began >= PATIENCE
    assert executor.is_parked(run_id) and state(executor, run_id) == "paused"
    assert state(executor, other) == "running"
    assert len(FakeWorker.made) == 1, "the worker stays warm"
    kinds = [getattr(event, "action", event.kind) for _, event in executor.store.events(run_id)]
    assert "stop" not in kinds and "finished" not in kinds, "nobody has stopped it"
    assert executor.store.record(run_id).step == 25


def test_a_newcomer_takes_the_seat_of_a_run_that_has_been_paused_for_long(make):
    executor = make()
    run_id, worker = begun(executor)
    executor.command(run_id, "pause")
    time.sleep(2 * PATIENCE)
    executor.submit(CONFIG, owner="ben")
    assert worker.commands[-1] == (run_id, "stop"), "at once"


def test_a_run_that_goes_on_in_time_keeps_its_seat(make):
    executor = make()
    run_id, worker = begun(executor)
    executor.command(run_id, "pause")
    executor.submit(CONFIG, owner="ben")
    executor.command(run_id, "resume")
    time.sleep(3 * PATIENCE)
    assert worker.commands == [(run_id, "pause"), (run_id, "resume")]


def test_it_goes_on_from_its_checkpoint_behind_those_who_wait(make):
    executor = make()
    run_id, other, worker = parked(executor)
    third = executor.submit(CONFIG, owner="cam")
    checkpoint = executor.store.run_folder(run_id) / "last.safetensors"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    assert executor.command(run_id, "resume")
    assert state(executor, run_id) == "queued" and executor.queue_position(run_id) == 2
    for done in (other, third):
        until(lambda run_id=done: worker.run == run_id)
        worker.finish()
    until(lambda: worker.run == run_id)
    assert worker.jobs[-1]["resume"] == str(checkpoint)
    until(lambda: state(executor, run_id) == "running")
    assert not executor.is_parked(run_id)
    worker.finish(step=100)
    until(lambda: state(executor, run_id) == "finished")


def test_a_step_and_a_learning_rate_are_remembered_until_it_has_a_seat_again(make):
    executor = make()
    run_id, _other, worker = parked(executor)
    executor.command(run_id, "learning_rate", learning_rate=0.03)
    assert executor.is_parked(run_id), "another rate alone needs no seat"
    executor.command(run_id, "step")
    assert state(executor, run_id) == "queued"
    worker.finish()
    until(lambda: worker.run == run_id)
    assert worker.commands[-2:] == [(run_id, "learning_rate"), (run_id, "step")]


def test_a_parked_run_can_be_stopped_and_counts_as_waiting(make):
    executor = make(waiting_per_owner=1)
    run_id, _other, _worker = parked(executor)
    with pytest.raises(CnnvizError) as caught:
        executor.submit(CONFIG, owner="ana")
    assert caught.value.code == "queue_full_for_owner"
    executor.command(run_id, "stop")
    record = executor.store.record(run_id)
    assert (record.state, record.step) == ("stopped", 25) and not executor.is_parked(run_id)
    executor.submit(CONFIG, owner="ana")


@pytest.mark.parametrize(("action", "after"), [("resume", "queued"), ("stop", "stopped")])
def test_what_is_said_while_the_seat_changes_hands_is_not_lost(make, action, after):
    executor = make()
    run_id, worker = begun(executor)
    executor.command(run_id, "pause")
    other = executor.submit(CONFIG, owner="ben")
    until(lambda: worker.commands[-1] == (run_id, "stop"))
    assert executor.command(run_id, action)
    worker.finish("stopped", step=25)
    until(lambda: worker.run == other)
    until(lambda: state(executor, run_id) == after)


def test_a_worker_that_dies_while_the_seat_changes_hands_leaves_the_run_paused(make):
    executor = make()
    run_id, worker = begun(executor)
    executor.command(run_id, "pause")
    other = executor.submit(CONFIG, owner="ben")
    until(lambda: worker.commands[-1] == (run_id, "stop"))
    worker.die()
    until(lambda: executor.is_parked(run_id))
    until(lambda: state(executor, other) == "running")
    assert state(executor, run_id) == "paused"


def test_the_start_behind_a_paused_run_is_foretold(make):
    executor = make(patience=30)
    run_id, _worker = begun(executor)
    other = executor.submit(CONFIG, owner="ben")
    executor.command(run_id, "pause")
    assert executor.expected_start(other) == pytest.approx(30, abs=2)


def test_a_parked_run_of_a_server_that_ends_was_interrupted(make):
    executor = make()
    run_id, _other, _worker = parked(executor)
    executor.close()
    assert state(executor, run_id) == "interrupted"


# the teacher's hand on the queue


def test_while_the_queue_is_held_nothing_begins_and_what_trains_goes_on(make):
    executor = make()
    run_id, worker = begun(executor)
    executor.hold(True)
    waiting = executor.submit(CONFIG, owner="ben")
    assert executor.held and executor.waiting == 1 and executor.expected_start(waiting) is None
    worker.finish(step=100)
    until(lambda: state(executor, run_id) == "finished")
    time.sleep(0.05)
    assert state(executor, waiting) == "queued"
    executor.hold(False)
    until(lambda: worker.run == waiting)


def test_clearing_stops_all_that_wait_and_nothing_else(make):
    executor = make()
    run_id, _worker = begun(executor)
    waiting = [executor.submit(CONFIG, owner=owner) for owner in ("ana", "ben", "cam")]
    assert executor.clear() == 3
    assert [state(executor, run) for run in waiting] == ["stopped"] * 3
    assert state(executor, run_id) == "running" and executor.waiting == 0


def test_the_queue_has_an_end_however_many_owners_are_made_up(make, monkeypatch):
    monkeypatch.setattr("cnnviz.training.dispatch.WAITING_IN_ALL", 5)
    executor = make()
    begun(executor)
    for number in range(5):
        executor.submit(CONFIG, owner=f"made up {number}")
    with pytest.raises(CnnvizError) as caught:
        executor.submit(CONFIG, owner="made up 5")
    assert caught.value.code == "queue_full"


# with real workers


@pytest.mark.parametrize("kind", EXECUTORS)
def test_a_parked_run_has_the_curve_of_one_that_was_never_paused(tmp_path, kind):
    config = TrainingConfig(
        architecture="lenet_bn", train_images=6400, batch_size=64, epochs=3, test_images=100, evaluations=3, threads=1
    )
    store = RunStore(tmp_path)
    executor = make_executor(kind, store, patience=0.05, slots=1)
    run_id = executor.submit(config, owner="ana")
    until(lambda: store.record(run_id).step > 10, 90)
    executor.command(run_id, "pause")
    other = executor.submit(config.replace(epochs=1, train_images=640), owner="ben")
    until(lambda: store.record(other).state == "finished", 90)
    assert state(executor, run_id) == "paused" and executor.is_parked(run_id)
    executor.command(run_id, "resume")
    until(lambda: store.record(run_id).state == "finished", 90)
    steps = store.steps(run_id)
    executor.close()
    store.close()
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        expected = [loss for event in train(config) if event.kind == "steps" for loss in event.losses]
    finally:
        torch.set_num_threads(threads)
    assert steps.step.tolist() == list(range(1, config.total_steps + 1))
    assert steps.loss.tolist() == pytest.approx(expected, rel=1e-6)
