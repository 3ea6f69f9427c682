"""A class on a store of its own, with workers that do nothing by themselves."""

import pytest

from cnnviz.classroom import Classroom
from cnnviz.training import LocalExecutor, RunStore
from tests.training.fakes import FakeWorker


@pytest.fixture
def store(tmp_path):
    store = RunStore(tmp_path)
    yield store
    store.close()


@pytest.fixture
def desk(store):
    return Classroom(store)


@pytest.fixture
def executor(store, monkeypatch):
    monkeypatch.setattr("cnnviz.training.local.WorkerProcess", FakeWorker)
    monkeypatch.setattr(FakeWorker, "made", [])
    executor = LocalExecutor(store)
    yield executor
    executor.close()
