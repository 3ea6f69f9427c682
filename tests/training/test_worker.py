"""Worker processes: the protocol, and the deaths of workers and servers.

The protocol is that of the process itself, which is the same wherever it was started; what the server makes of its
workers holds for both executors.
"""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from cnnviz.specs.catalog import spec_of
from cnnviz.training import RunStore, TrainingConfig, train
from cnnviz.training.process import WorkerProcess
from tests.project.sources import ROOT
from tests.training.executors import EXECUTORS, make_executor

pytestmark = pytest.mark.timeout(240)
SLOW = TrainingConfig(architecture="vgg11", batch_size=128)  # a step takes many seconds
QUICK = TrainingConfig(architecture="lenet_bn", train_images=640, batch_size=64, test_images=100, evaluations=2)


def job(config, run="run", **more):
    return {"command": "train", "run": run, "config": config.model_dump(mode="json"), "folder": None, **more}


@pytest.fixture(scope="module")
def worker():
    worker = WorkerProcess()
    messages = worker.messages()
    assert next(messages) == {"kind": "ready"}
    yield worker, messages
    worker.end()
    worker.forget()


def events_of(messages):
    for message in messages:
        if message["kind"] == "event":
            yield message["event"]
            if message["event"]["kind"] in ("finished", "failed"):
                return


def test_a_worker_says_what_the_loop_says(worker):
    process, messages = worker
    process.send(job(QUICK.replace(threads=1)))
    said = list(events_of(messages))
    assert said[0]["threads"] == 1
    assert said[-1]["reason"] == "completed" and said[-1]["step"] == QUICK.total_steps


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (job(QUICK.replace(device="cuda")), "device_missing"),
        (job(QUICK) | {"config": {"architecture": "lenet_9"}}, "architecture_unknown"),
        (job(QUICK) | {"config": {"architecture": "lenet", "epochs": 0}}, "value_too_small"),
        (job(QUICK, resume="/nowhere/last.safetensors"), "checkpoint_damaged"),
        (job(QUICK, folder="/proc/nowhere"), "store_unusable"),
    ],
)
def test_what_cannot_run_fails_with_a_code_and_the_worker_lives(worker, message, code):
    import torch

    if code == "device_missing" and torch.cuda.is_available():
        pytest.fail("this machine has the device that the test takes for missing: choose another")
    process, messages = worker
    process.send(message)
    assert [event["code"] for event in events_of(messages) if event["kind"] == "failed"] == [code]
    process.send(job(QUICK))
    assert list(events_of(messages))[-1]["kind"] == "finished"


def test_a_command_in_the_middle_of_a_slow_step_is_acknowledged_and_the_end_of_input_is_the_end(tmp_path):
    process = WorkerProcess()
    messages = process.messages()
    assert next(messages) == {"kind": "ready"}
    folder = tmp_path / "passing"
    folder.mkdir()
    process.send(job(SLOW, passing=str(folder)))
    assert next(messages)["event"]["kind"] == "started"
    time.sleep(1.5)  # now it computes
    began = time.monotonic()
    process.send({"command": "pause", "run": "run"})
    assert next(messages) == {"kind": "acknowledged", "run": "run", "action": "pause"}
    assert time.monotonic() - began < 1
    began = time.monotonic()
    process._process.stdin.close()
    process._process.wait(10)
    assert time.monotonic() - began < 4, "two seconds, and some more on a busy machine"
    assert not folder.exists(), "it was to go with the process"
    process.forget()


SERVER = """
import sys, time
from cnnviz.training import RunStore, TrainingConfig
from tests.training.executors import make_executor
executor = make_executor(sys.argv[3], RunStore(sys.argv[1]), slots=1)
executor.warm(60)
config = TrainingConfig.model_validate_json(sys.argv[2])
run, waiting = (executor.submit(config, owner="ana") for _ in range(2))
while True:
    checkpoints = [event.step for _, event in executor.store.events(run) if event.kind == "checkpoint"]
    if checkpoints and checkpoints[-1] > 0:
        break
    time.sleep(0.01)
print(run, waiting, *(worker.process.pid for worker in executor._workers), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("kind", EXECUTORS)
def test_a_killed_server_leaves_no_orphan_and_its_run_goes_on_with_the_same_curve(tmp_path, kind):
    network = spec_of("lenet_bn", dropout=0.2)
    config = TrainingConfig(
        architecture=network, train_images=6400, batch_size=64, epochs=4, test_images=100, evaluations=20, threads=1
    )
    arguments = [sys.executable, "-c", SERVER, tmp_path, config.model_dump_json(), kind]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        run_id, waiting, *pids = server.stdout.readline().split()
        assert all(psutil.pid_exists(int(pid)) for pid in pids) and pids
        others = psutil.Process(server.pid).children(recursive=True)  # a cluster of its own among them
        others = [other for other in others if "Agent" not in "".join(other.cmdline())]  # Ray's: a minute later
        os.kill(server.pid, signal.SIGKILL)
    end = time.monotonic() + 5
    while any(psutil.pid_exists(int(pid)) for pid in pids) or any(other.is_running() for other in others):
        assert time.monotonic() < end, "an orphan"
        time.sleep(0.05)
    store = RunStore(tmp_path)
    executor = make_executor(kind, store, slots=1)
    record = store.record(run_id)
    assert record.state == store.record(waiting).state == "interrupted"
    assert record.failure.code == "server_lost"
    assert 0 < record.step < config.total_steps
    executor.continue_run(run_id)
    wait(store, run_id, "finished")
    started = [event for _, event in store.events(run_id) if event.kind == "started"]
    assert [event.resumed for event in started] == [False, True] and started[1].step > 0
    whole = store.steps(run_id)
    assert whole.step.tolist() == list(range(1, config.total_steps + 1))
    other = executor.submit(config, owner="ana")
    wait(store, other, "finished")
    assert whole.loss.tolist() == store.steps(other).loss.tolist()
    assert store.record(run_id).test_loss == store.record(other).test_loss
    executor.close()
    store.close()


def wait(store, run_id, state, seconds=120):
    end = time.monotonic() + seconds
    while (record := store.record(run_id)).state != state:
        assert time.monotonic() < end and record.state in ("queued", "running", "stopping"), record
        time.sleep(0.05)


def test_a_worker_that_cannot_start_fails_its_run_with_what_it_said(real, tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ImportError('no torch on this machine')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    store = real.store
    first, second = (real.submit(QUICK, owner="ana") for _ in range(2))
    for run_id in (first, second):
        wait(store, run_id, "failed")
        assert store.record(run_id).failure.code == "training_failed"
        assert "no torch on this machine" in store.record(run_id).failure.detail


def test_closing_ends_workers_and_says_so_of_runs(real):
    executor, store = real, real.store
    running, waiting = (executor.submit(QUICK.replace(epochs=200), owner="ana") for _ in range(2))
    wait(store, running, "running")
    assert executor.queue_position(waiting) == 1 and executor.queue_position(running) is None
    pids = [worker.process.pid for worker in executor._workers]
    executor.close()
    end = time.monotonic() + 5  # another machine's process ends a moment later
    while any(psutil.pid_exists(pid) and psutil.Process(pid).is_running() for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert store.record(running).state == store.record(waiting).state == "interrupted"


def test_a_waiting_run_is_stopped_at_once_and_commands_to_ended_runs_do_nothing(real):
    executor, store = real, real.store
    running, waiting = (executor.submit(QUICK.replace(epochs=200), owner="ana") for _ in range(2))
    assert executor.command(waiting, "stop")
    assert store.record(waiting).state == "stopped" and executor.queue_position(waiting) is None
    for action in ("pause", "resume", "step", "stop"):
        assert not executor.command(waiting, action)
    assert store.record(waiting).state == "stopped"
    assert executor.command(running, "stop") and executor.command(running, "stop")
    wait(store, running, "stopped")


def test_a_store_that_refuses_for_a_while_loses_nothing(real, tmp_path):
    import sqlite3

    executor, store = real, real.store
    store._database._writer.execute("PRAGMA busy_timeout = 50")
    run_id = executor.submit(QUICK.replace(epochs=30), owner="ana")
    while store.record(run_id).step < 1:
        time.sleep(0.01)
    other = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    time.sleep(1.5)
    other.execute("COMMIT")
    other.close()
    wait(store, run_id, "finished")
    assert len(store.steps(run_id)) == QUICK.replace(epochs=30).total_steps


def test_a_run_from_the_executor_has_the_numbers_of_the_loop(real):
    import torch

    executor, store = real, real.store
    config = QUICK.replace(threads=torch.get_num_threads())
    run_id = executor.submit(config, owner="ana", name="mine", group="race")
    wait(store, run_id, "finished")
    expected = [loss for event in train(config) if event.kind == "steps" for loss in event.losses]
    assert store.steps(run_id).loss.tolist() == pytest.approx(expected, rel=1e-6)
    record = store.record(run_id)
    assert (record.group, record.name, record.choices["threads"]) == ("race", "mine", config.threads)
    assert (store.run_folder(run_id) / "last.safetensors").exists()
