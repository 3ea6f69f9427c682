"""What tests of executors stand on."""

import pytest

from cnnviz.training import RunStore
from tests.training.executors import EXECUTORS, far_fakes, make_executor
from tests.training.fakes import fake_executors


@pytest.fixture(scope="module")
def cluster_here():
    """A cluster of this machine alone, for all tests of a file."""
    import ray

    from cnnviz.training.ray_executor import connect

    started = connect()  # an executor of the same file may have done it
    yield
    if started:
        ray.shutdown()


@pytest.fixture(params=EXECUTORS)
def make_fake(request, tmp_path, monkeypatch):
    """`make_fake(**options)` → an executor, of either kind, whose workers do nothing by themselves."""
    if request.param == "ray":
        request.getfixturevalue("cluster_here")
    fakes = {"local": fake_executors, "ray": far_fakes}[request.param]
    with fakes(monkeypatch, tmp_path) as make:
        yield make


@pytest.fixture(params=EXECUTORS)
def real(request, tmp_path):
    """An executor, of either kind, with real workers and one slot."""
    if request.param == "ray":
        request.getfixturevalue("cluster_here")
    executor = make_executor(request.param, RunStore(tmp_path), slots=1)
    yield executor
    executor.close()
    executor.store.close()
