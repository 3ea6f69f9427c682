"""Twenty runs of 100,000 stored steps each: open in a second, and no spike of any loss is missing."""

import time

import numpy as np
import pytest

from cnnviz.events import Steps
from cnnviz.figures.curves import RunCurves
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import RunStore
from cnnviz.training.consequences import insert_block
from cnnviz.ui.components.curve_wire import message
from tests.ui.components.test_curve_wire import decode

RUNS, STEPS, BLOCK = 20, 100_000, 500
CONFIG = TrainingConfig.parse({"architecture": "lenet", "batch_size": 60, "epochs": 100})


def fill(store, run_id, random):
    """A run's steps with one bad batch among them; returns its step."""
    loss = (0.3 + 2 * np.exp(-np.arange(STEPS) / 9000) + 0.05 * random.normal(size=STEPS)).astype("<f4")
    spike = int(random.integers(100, STEPS - 100))
    loss[spike - 1] = 9.5
    with store._database.writing() as connection:
        for first in range(0, STEPS, BLOCK):
            part = slice(first, first + BLOCK)
            block = Steps.model_construct(
                step=first + BLOCK, seconds=float(first + BLOCK) / 100, first_step=first + 1, losses=loss[part],
                accuracies=np.exp(-loss[part]), learning_rate=0.1, images_per_second=1.0, learning_rates=(),
            )  # fmt: skip
            insert_block(connection, run_id, block, since=first / 100)
    return spike


@pytest.fixture(scope="module")
def full_store(tmp_path_factory):
    """(store, ids, per run the step of its one bad batch)."""
    store = RunStore(tmp_path_factory.mktemp("runs"))
    random = np.random.default_rng(0)
    ids, spikes = [], []
    for _run in range(RUNS):
        run_id = store.create(CONFIG, owner="me", state="running")
        spikes.append(fill(store, run_id, random))
        ids.append(run_id)
    yield store, ids, spikes
    store.close()


def read_all(store, ids):
    series = []
    for run_id in ids:
        steps = store.steps(run_id)
        series.append(RunCurves(run_id, run_id, "#1e65ab", train_steps=steps.step, train_loss=steps.loss,
                                train_accuracy=steps.accuracy))  # fmt: skip
    return message({"height": 480}, "", series, {})


def test_twenty_long_runs_open_in_a_second_with_every_spike(full_store):
    store, ids, spikes = full_store
    times = []
    for _attempt in range(3):  # seconds of this thread: the machine may be busy with others
        begin = time.thread_time()
        data = read_all(store, ids)
        times.append(time.thread_time() - begin)
    assert min(times) < 1.0, f"{min(times):.2f} s"
    assert len(data) < 20 * 15_000
    for run, spike in zip(decode(data)["runs"], spikes, strict=True):
        points = run["train"]["points"]
        assert points[spike][0] == pytest.approx(9.5)
        assert min(points) == 1 and max(points) == STEPS
