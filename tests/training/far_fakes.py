"""The worker that trains nothing, in an actor of a cluster: everything else between it and the store is Ray's."""

import os

import ray

import cnnviz.training.ray_worker
from cnnviz.training.ray_worker import RayWorker, Relay
from tests.training.fakes import FakeWorker


class FakeRelay(Relay):
    """A relay with a fake in place of the process; a test asks it and makes it do things."""

    def __init__(self, mark, apart=False):
        cnnviz.training.ray_worker.WorkerProcess = FakeWorker  # in the actor's own process, which ends with it
        super().__init__(mark, apart)

    def ask(self, name):
        return getattr(self._process, name)

    def where(self):
        """(the machine that it is on, the GPUs that it sees)."""
        return ray.get_runtime_context().get_node_id(), os.environ.get("CUDA_VISIBLE_DEVICES")

    def make(self, name, *arguments, **named):
        getattr(self._process, name)(*arguments, **named)


class FarFake(RayWorker):
    """A fake as the server and a test see it. What a test asks comes behind what the server has sent."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        FakeWorker.made.append(self)

    def _call(self, method, *arguments, **named):
        return ray.get(method.options(concurrency_group="orders").remote(*arguments, **named))

    def __getattr__(self, name):
        if name in ("run", "config", "jobs", "commands"):
            return self._call(self._actor.ask, name)
        if name == "where":
            return self._call(self._actor.where)
        if name in ("say", "event", "train", "finish", "die"):
            return lambda *arguments, **named: self._call(self._actor.make, name, *arguments, **named)
        raise AttributeError(name)
