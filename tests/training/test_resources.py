"""Memory and load of a run: plausible beside the system's own figures, looked at rarely, kept with its steps."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from cnnviz.events import Steps, parse_event
from cnnviz.training import RunStore, TrainingConfig
from cnnviz.training.resources import Resources

CPU = torch.device("cpu")


ALONE = """
import resource
import numpy as np
from cnnviz.training.resources import process_memory
before = process_memory()
taken = np.ones(64 * 2**20, np.uint8)
print(before, process_memory(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def test_the_memory_is_this_processs_and_grows_with_what_it_takes():
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    before, after, most = map(int, done.stdout.split())
    assert 20e6 < before < after <= 1.01 * most
    assert after - before > 0.9 * 64 * 2**20


def test_the_load_is_computing_time_over_all_cores_and_looked_at_once_a_second():
    now = [0.0, 0.0]
    found = Resources(CPU, clock=lambda: now[0], work=lambda: now[1])
    found.look()
    assert found.memory_bytes and found.load is None, "nothing has passed yet"
    now[:] = 0.9, 0.9
    found.look()
    assert found.load is None
    now[:] = 2.0, 1.0
    found.look()
    assert found.load == pytest.approx(0.5 / os.cpu_count())
    now[:] = 2.5, 1.5
    found.look()
    assert found.load == pytest.approx(0.5 / os.cpu_count()), "half a second is too soon"
    now[:] = 3.0, 1000.0
    found.look()
    assert found.load == 1.0


def block(first, last, **more):
    count = last - first + 1
    return Steps(step=last, seconds=float(last), first_step=first, losses=(1.0,) * count, accuracies=(0.5,) * count,
                 train_loss=1.0, train_accuracy=0.5, learning_rate=0.1, images_per_second=1.0, **more)  # fmt: skip


def test_each_step_has_the_figures_of_its_block_and_an_older_block_has_none(tmp_path):
    store = RunStore(tmp_path)
    run_id = store.create(TrainingConfig(architecture="lenet"), owner="me")
    store.append(run_id, [block(1, 2), block(3, 5, memory_bytes=2**30, load=0.25), block(6, 6, memory_bytes=2**31)])
    steps = store.steps(run_id, 1)
    assert steps.step.tolist() == [2, 3, 4, 5, 6]
    np.testing.assert_array_equal(steps.memory, np.float32([np.nan, 2**30, 2**30, 2**30, 2**31]))
    np.testing.assert_array_equal(steps.load, np.float32([np.nan, 0.25, 0.25, 0.25, np.nan]))
    store.close()
    old = block(1, 2).model_dump(mode="json")
    del old["memory_bytes"], old["load"]
    assert parse_event(old).memory_bytes is None
