"""A worker that trains nothing: it says what a test lets it say, at once, so that queues are tested without torch."""

import json
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from cnnviz.events import Controlled, Finished, Started, Steps
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import LocalExecutor, RunStore


class FakeWorker:
    """Stands in for `WorkerProcess`; every one that was made is in `FakeWorker.made`.

    A run begins by itself. `finish()` ends it; `die()` ends the process; `say()` says anything at all.
    """

    made: ClassVar[list["FakeWorker"]] = []
    placed = True

    def __init__(self):
        self.pid = len(self.made)
        self.jobs, self.commands = [], []
        self.run, self.config = None, None
        self.was_killed = False
        self._said = queue.SimpleQueue()
        self.say({"kind": "ready"})
        self.made.append(self)

    def send(self, message):
        if message["command"] == "train":
            self.run, self.config = message["run"], TrainingConfig.parse(message["config"])
            self.jobs.append(message)
            self.event(Started(
                total_steps=self.config.total_steps, steps_per_epoch=self.config.steps_per_epoch, parameters=1,
                train_images=1, test_images=1, device="cpu", device_name="none", precision="float32", threads=1,
            ))  # fmt: skip
        else:
            self.commands.append((message["run"], message["command"]))
        return True

    def say(self, message):
        self._said.put(message)

    def event(self, event):
        self.say({"kind": "event", "run": self.run, "event": json.loads(event.model_dump_json())})

    def train(self, steps, seconds):
        self.event(Steps(
            step=steps, seconds=seconds, first_step=1, losses=(1.0,) * steps, accuracies=(0.5,) * steps, train_loss=1.0,
            train_accuracy=0.5, learning_rate=0.1, images_per_second=1.0,
        ))  # fmt: skip

    def finish(self, reason="completed", **place):
        if reason == "stopped":
            self.event(Controlled(action="stop"))
        self.event(Finished(reason=reason, **place))

    def die(self):
        self.was_killed = True
        self.say(None)

    kill = die

    def end(self, timeout=2.0):
        self.say(None)

    def messages(self):
        yield from iter(self._said.get, None)

    def last_words(self):
        return "last words"

    def forget(self):
        pass


@contextmanager
def fake_executors(monkeypatch, folder, kind=LocalExecutor) -> Iterator[Callable]:
    """`make(**options)` → an executor whose workers do nothing by themselves; all are closed at the end."""
    monkeypatch.setattr("cnnviz.training.local.WorkerProcess", FakeWorker)
    monkeypatch.setattr(FakeWorker, "made", [])
    executors = []

    def make(**options):
        executors.append(kind(RunStore(folder), **options))
        return executors[-1]

    try:
        yield make
    finally:
        for executor in executors:
            executor.close()
            executor.store.close()


def until(condition, seconds=10, pause=0.002):
    """Wait for something that another thread or process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(pause)
