"""A run that several processes share is a run like all others: queued, stopped, continued, and lost without orphans."""

import signal
from pathlib import Path

import psutil
import pytest
import torch

from cnnviz.errors import CnnvizError
from cnnviz.training import RunStore, TrainingConfig, train
from tests.training.executors import EXECUTORS, make_executor
from tests.training.fakes import until

pytestmark = pytest.mark.timeout(240)
CONFIG = TrainingConfig(
    architecture="lenet_bn", train_images=3200, batch_size=64, epochs=2, test_images=200, evaluations=2, threads=1,
    processes=2,
)  # fmt: skip


@pytest.fixture(scope="module", params=EXECUTORS)
def engine(tmp_path_factory, request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_PROCESSES", "2")
        executor = make_executor(request.param, RunStore(tmp_path_factory.mktemp("home")), slots=2)
        yield executor
        executor.close()
        executor.store.close()


def ended(engine, run_id):
    until(lambda: engine.store.record(run_id).ended, 120)
    return engine.store.record(run_id)


def under_way(engine, run_id, start=1):
    """The process that has the run and the one that shares it, once its start has something to lose."""

    def starts():
        return sum(event.kind == "started" for _, event in engine.store.events(run_id))

    until(lambda: starts() == start and engine.store.record(run_id).step > 15, 120)
    worker = next(worker for worker in engine._workers if worker.run_id == run_id)
    first = psutil.Process(worker.process.pid)
    (other,) = first.children()
    return first, other


def test_it_obeys_goes_on_after_a_stop_and_a_lost_process_fails_it_in_words(engine):
    run_id = engine.submit(CONFIG.replace(epochs=100), owner="ana")
    first, other = under_way(engine, run_id)
    for action in ("pause", "step", "resume"):
        engine.command(run_id, action)
    engine.command(run_id, "learning_rate", learning_rate=0.02)
    until(lambda: engine.store.steps(run_id).learning_rate[-1] == 0.02)
    engine.command(run_id, "stop")
    record = ended(engine, run_id)
    assert (record.state, record.failure) == ("stopped", None)
    assert [event.action for _, event in engine.store.events(run_id) if event.kind == "controlled"] == [
        "pause", "step", "resume", "learning_rate", "stop"
    ]  # fmt: skip
    until(lambda: not other.is_running())
    engine.continue_run(run_id)
    again, other = under_way(engine, run_id, start=2)
    assert again == first, "the same worker, and another helper"
    until(lambda: engine.store.record(run_id).step > record.step)
    other.send_signal(signal.SIGKILL)
    failed = ended(engine, run_id)
    assert (failed.state, failed.failure.code) == ("failed", "process_lost")
    assert str(failed.failure.error) == (
        "One of the 2 processes that shared this run ended unexpectedly (signal 9), and the run with it."
    )
    assert len(engine.store.steps(run_id)) == failed.step
    assert first.is_running() and not first.children(), "the worker lives for the next run and has no orphans"


@pytest.mark.soak
def test_it_goes_on_with_the_curve_of_one_process(engine):
    run_id = engine.submit(CONFIG, owner="ana")
    under_way(engine, run_id)
    engine.command(run_id, "stop")
    record = ended(engine, run_id)
    assert (record.state, record.failure) == ("stopped", None) and 15 < record.step < CONFIG.total_steps
    engine.continue_run(run_id)
    assert ended(engine, run_id).state == "finished"
    started = [event for _, event in engine.store.events(run_id) if event.kind == "started"]
    assert [event.resumed for event in started] == [False, True] and started[1].step > 15
    assert engine.store.record(run_id).choices["device_name"].startswith("2 × ")
    whole = engine.store.steps(run_id)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = [event for event in train(CONFIG.replace(processes=1)) if event.kind == "steps"]
    finally:
        torch.set_num_threads(threads)
    assert whole.step.tolist() == list(range(1, CONFIG.total_steps + 1))
    assert whole.loss.tolist() == pytest.approx([loss for event in alone for loss in event.losses], rel=1e-3)


@pytest.mark.soak
def test_without_its_worker_the_others_end_and_leave_nothing(engine):
    run_id = engine.submit(CONFIG.replace(epochs=100), owner="ana")
    first, other = under_way(engine, run_id)
    meeting = Path(other.cmdline()[-1])
    assert meeting.exists()
    first.send_signal(signal.SIGKILL)
    assert ended(engine, run_id).failure.code == "worker_lost"
    until(lambda: not other.is_running())
    assert not meeting.parent.exists()


def test_more_processes_than_this_server_has_are_refused(engine):
    for attempt in (
        lambda: engine.submit(CONFIG.replace(processes=3), owner="ana"),
        lambda: engine.submit_all([CONFIG, CONFIG.replace(processes=3)], owner="ana"),
        lambda: engine.continue_run(engine.store.records()[0].id, CONFIG.replace(processes=3)),
    ):
        with pytest.raises(CnnvizError) as caught:
            attempt()
        assert (caught.value.code, caught.value.field, caught.value.parameters["limit"]) == (
            "value_too_large", "processes", 2
        )  # fmt: skip
