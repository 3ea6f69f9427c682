"""Two workers on the same cores share them: neither spins while it waits for the other.

This is the process's own: an actor of a cluster starts the same one, with the same quiet threads, so it is asked once.
"""

import threading
import time

import pytest

from cnnviz.training import TrainingConfig
from cnnviz.training.process import WorkerProcess

pytestmark = pytest.mark.timeout(180)
CONFIG = TrainingConfig(architecture="lenet_bn", epochs=200, batch_size=256, test_images=100, evaluations=1)


class Trainer:
    """A worker with a run that does not end by itself; a thread follows how many steps it has done."""

    def __init__(self):
        self.step, self.obeyed = 0, ""
        self.process = WorkerProcess()
        job = {"command": "train", "run": "run", "config": CONFIG.model_dump(mode="json"), "folder": None}
        self.process.send(job)
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        for message in self.process.messages():
            if message["kind"] == "event":
                self.step = message["event"]["step"]
                self.obeyed = message["event"].get("action", self.obeyed)

    def command(self, action):
        self.process.send({"command": action, "run": "run"})
        until(lambda: self.obeyed == action)

    def rate(self, seconds=0.8):
        """Steps a second from now on."""
        began, first = time.monotonic(), self.step
        time.sleep(seconds)
        return (self.step - first) / (time.monotonic() - began)


def until(condition):
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_worker_beside_a_busy_one_keeps_its_share_of_the_cores():
    """Half is fair; spinning threads leave a twentieth."""
    one, other = Trainer(), Trainer()
    try:
        until(lambda: one.step > 5 and other.step > 5)
        alone, beside = [], []
        for _turn in range(3):
            other.command("pause")
            alone.append(one.rate())
            other.command("resume")
            beside.append(one.rate())
        share = sorted(beside)[1] / sorted(alone)[1]
        assert share > 1 / 4, (alone, beside)
    finally:
        for trainer in (one, other):
            trainer.process.end()
