"""A race with the engine itself: real steps, real turns, real seconds; also when one is stopped or loses its worker."""

import os
import signal
import time

import pytest

from cnnviz.specs.presets import preset_named
from cnnviz.training import OwnedRuns, RunStore
from cnnviz.training.race import RaceSpec
from cnnviz.training.race_runner import Races
from tests.training.executors import EXECUTORS, make_executor

SECONDS = 12.0
# Multiplications of one image, layer by layer: the second has no padding, so its maps are smaller.
LENET = 28 * 28 * 6 * 25 + 10 * 10 * 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10
LENET_BN = 24 * 24 * 6 * 25 + 8 * 8 * 16 * 6 * 25 + 256 * 120 + 120 * 84 + 84 * 10
MACS = (LENET, LENET_BN)
BATCH = 128


@pytest.fixture(scope="module", params=EXECUTORS)
def executor(tmp_path_factory, request):
    """One slot, as a race needs no more; the worker of the first race is warm for the next."""
    engine = make_executor(request.param, RunStore(tmp_path_factory.mktemp("home")), slots=1)
    yield engine
    engine.close()
    engine.store.close()


def race(executor, budget, amount, *, hurt=None, at=0.3):
    """A whole race; `hurt` is done once to the second contestant when it has used a share of its budget."""
    contestants = tuple(
        preset_named(key, "class").config.replace(test_images=200, batch_size=BATCH) for key in ("lenet", "lenet_bn")
    )
    races = Races(executor)
    spec = RaceSpec(contestants=contestants, names=("a", "b"), budget=budget, amount=amount)
    race_id = races.start(spec, OwnedRuns(executor, "me"), macs=MACS)
    limit, done = time.monotonic() + 240, False
    while races.going(race_id):
        assert time.monotonic() < limit
        record = races.record(race_id)
        if hurt and not done and record.runs[1] and races.lanes(record)[1].share > at:
            done = hurt(executor, races, record)
        time.sleep(0.02)
    assert done or not hurt, "it was hurt while it ran"
    return races, races.record(race_id)


def take_out(executor, races, record):
    races.take_out(record.id, 1, OwnedRuns(executor, "me"))
    return True


def kill_its_worker(executor, _races, record):
    """Whether it was its turn, so that there was a worker to kill."""
    pid = next((worker.process.pid for worker in executor._workers if worker.run_id == record.runs[1]), None)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    return pid is not None


HURTS = pytest.mark.parametrize(
    "hurt", [None, take_out, kill_its_worker], ids=["to the end", "one is stopped", "a worker is killed"]
)


def used(executor, run_id, budget, macs):
    """What a run has used, by its steps one by one: every batch but the last of a pass is full."""
    store = executor.store
    config, done = store.record(run_id).config, store.steps(run_id).step.tolist()
    assert done == list(range(1, len(done) + 1)), "each step once"
    rest = config.train_images % BATCH
    images = sum(rest if rest > 1 and step % config.steps_per_epoch == 0 else BATCH for step in done)
    return images if budget == "images" else 3 * macs * images


@pytest.mark.parametrize(
    ("budget", "amount", "hurt"),
    [
        ("images", 4_500, take_out),
        pytest.param("images", 4_500, kill_its_worker, marks=pytest.mark.soak),
        ("macs", 4e9, None),
        pytest.param("images", 4_500, None, marks=pytest.mark.soak),
        pytest.param("macs", 4e9, take_out, marks=pytest.mark.soak),
        pytest.param("macs", 4e9, kill_its_worker, marks=pytest.mark.soak),
    ],
)
def test_each_gets_its_images_or_macs_within_two_percent(executor, budget, amount, hurt):
    races, record = race(executor, budget, amount, hurt=hurt, at=0.01)
    first, second = races.lanes(record)
    assert used(executor, record.runs[0], budget, MACS[0]) == pytest.approx(amount, rel=0.02)
    assert not first.out and not first.waits
    if hurt:
        assert second.out and used(executor, record.runs[1], budget, MACS[1]) < amount
    else:
        assert used(executor, record.runs[1], budget, MACS[1]) == pytest.approx(amount, rel=0.02)
    states = [executor.store.record(run).state for run in record.runs]
    assert states == ["finished", {None: "finished", take_out: "stopped", kill_its_worker: "failed"}[hurt]]


@pytest.mark.soak
@HURTS
def test_each_gets_its_seconds_within_two_percent(executor, hurt):
    races, record = race(executor, "seconds", SECONDS, hurt=hurt)
    first, second = races.lanes(record)
    assert first.seconds == pytest.approx(SECONDS, rel=0.02)
    assert second.out if hurt else second.seconds == pytest.approx(SECONDS, rel=0.02)
    print([lane.seconds for lane in (first, second)])
