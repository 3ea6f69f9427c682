"""Both executors under one name, so that a test holds for either."""

import os
from contextlib import contextmanager

import pytest

from cnnviz.training import LocalExecutor

EXECUTORS = ["local", pytest.param("ray", marks=pytest.mark.ray)]


def make_executor(kind, store, **options):
    """The executor of this machine, or a cluster's whose machines do not see the store's folder."""
    if kind == "local":
        return LocalExecutor(store, **options)
    from cnnviz.training.ray_executor import RayExecutor

    return RayExecutor(store, apart=True, **options)


@contextmanager
def played_cluster(machines=2):
    """A cluster on this machine's loopback: a head that trains nothing, and machines with one core each."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    import cnnviz.training.ray_executor  # noqa: F401  # before a cluster is there: it says how Ray connects

    here = {"node_ip_address": "127.0.0.1", "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **here})
    try:
        yield cluster, [cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1") for _ in range(machines)]
    finally:
        ray.shutdown()
        cluster.shutdown()
