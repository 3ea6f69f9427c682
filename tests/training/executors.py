"""Both executors under one name, so that a test holds for either.

What an executor promises is asked of both: `make test` asks the one of this machine, `make ray` asks Ray's as well.
"""

import os
from contextlib import contextmanager

import pytest

from cnnviz.training import LocalExecutor
from cnnviz.training.dispatch import WAITING_PER_OWNER
from tests.training.fakes import fake_executors

LOCAL_BOUNDS = {"waiting_per_owner": WAITING_PER_OWNER}
EXECUTORS = ["local", pytest.param("ray", marks=pytest.mark.ray)]


def make_executor(kind, store, **options):
    """The executor of this machine, or a cluster's whose machines do not see the store's folder."""
    if kind == "local":
        return LocalExecutor(store, **options)
    from cnnviz.training.ray_executor import RayExecutor

    return RayExecutor(store, apart=True, **options)


def far_fakes(monkeypatch, folder):
    """`fake_executors` for Ray: the fakes live in actors, reached as all actors are; bounds as on one machine."""
    from cnnviz.training.ray_executor import RayExecutor
    from tests.training.far_fakes import FakeRelay, FarFake

    monkeypatch.setenv("CNNVIZ_SLOTS", "1")
    monkeypatch.setattr("cnnviz.training.ray_worker.Relay", FakeRelay)
    monkeypatch.setattr("cnnviz.training.ray_executor.RayWorker", FarFake)
    return fake_executors(monkeypatch, folder, lambda store, **options: RayExecutor(store, **LOCAL_BOUNDS | options))


@contextmanager
def played_cluster(machines=2, cpus=1, gpus=0):
    """A cluster on this machine's loopback: a head that trains nothing, and machines with a core each unless told."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    import cnnviz.training.ray_executor  # noqa: F401  # before a cluster is there: it says how Ray connects

    here = {"node_ip_address": "127.0.0.1", "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **here})
    has = {"num_cpus": cpus, "num_gpus": gpus, "node_ip_address": "127.0.0.1"}
    try:
        yield cluster, [cluster.add_node(**has) for _ in range(machines)]
    finally:
        ray.shutdown()
        cluster.shutdown()
