"""Executors with real workers: what happens is kept, whatever dies."""

import os
import signal
import time

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.training import RunStore, TrainingConfig
from tests.training.executors import EXECUTORS, make_executor

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module", params=EXECUTORS)
def engine(tmp_path_factory, request):
    executor = make_executor(request.param, RunStore(tmp_path_factory.mktemp("home")))
    executor.warm(120)
    yield executor
    executor.close()


def wait(engine, run_id, states, seconds=90):
    end = time.monotonic() + seconds
    while (record := engine.store.record(run_id)).state not in states:
        assert time.monotonic() < end, f"still {record.state}"
        time.sleep(0.05)
    return record


def started(engine, **options):
    run_id = engine.submit(TrainingConfig(**{"architecture": "lenet", "epochs": 50, **options}), owner="me")
    wait(engine, run_id, ("running",))
    while engine.store.record(run_id).step < 20:
        time.sleep(0.05)
    return run_id


def test_a_run_is_recorded_to_its_end(engine):
    config = TrainingConfig(architecture="lenet", train_images=1280, test_images=500)
    record = wait(engine, engine.submit(config, owner="me"), ("finished",))
    assert len(engine.store.steps(record.id)) == config.total_steps == record.step
    assert (record.owner, record.config) == ("me", config)
    assert record.choices["device"] and record.schema_version > 0


def test_stop_in_the_middle_of_a_slow_step_takes_two_seconds(engine):
    run_id = engine.submit(TrainingConfig(architecture="vgg11", batch_size=256), owner="me")
    wait(engine, run_id, ("running",))
    time.sleep(2)
    begin = time.monotonic()
    engine.command(run_id, "stop")
    assert time.monotonic() - begin < 1, "acknowledged at once"
    wait(engine, run_id, ("stopped",))
    assert time.monotonic() - begin < 5, "two seconds, and some more on a busy machine"


def test_a_killed_worker_is_noticed_and_nothing_is_lost(engine):
    run_id = started(engine)
    steps = len(engine.store.steps(run_id))
    for pid in workers():
        os.kill(pid, signal.SIGKILL)
    record = wait(engine, run_id, ("failed",))
    assert record.failure.code == "worker_lost"
    assert len(engine.store.steps(run_id)) >= steps
    next_one = TrainingConfig(architecture="lenet", train_images=1280, test_images=500)
    wait(engine, engine.submit(next_one, owner="me"), ("finished",))


def test_pause_and_resume(engine):
    run_id = started(engine)
    engine.command(run_id, "pause")
    wait(engine, run_id, ("paused",))
    time.sleep(1)
    step = engine.store.record(run_id).step
    time.sleep(1)
    assert engine.store.record(run_id).step == step
    engine.command(run_id, "resume")
    wait(engine, run_id, ("running",))
    engine.command(run_id, "stop")
    engine.command(run_id, "stop")
    wait(engine, run_id, ("stopped",))


@pytest.mark.parametrize("run_id", ["", "nothing", "../../etc/passwd", "a" * 1000, "'; drop table runs"])
def test_an_unknown_run_is_named(engine, run_id):
    with pytest.raises(CnnvizError) as caught:
        engine.store.record(run_id)
    assert caught.value.code == "run_unknown"


def workers():
    """The worker processes of this test's own executor."""
    import psutil

    children = psutil.Process().children(recursive=True)
    return [child.pid for child in children if any("cnnviz.training.worker" in part for part in child.cmdline())]
