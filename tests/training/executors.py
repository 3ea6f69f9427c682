"""Both executors under one name, so that a test holds for either."""

import pytest

from cnnviz.training import LocalExecutor

EXECUTORS = ["local", pytest.param("ray", marks=pytest.mark.ray)]


def make_executor(kind, store, **options):
    """The executor of this machine, or a cluster's whose machines do not see the store's folder."""
    if kind == "local":
        return LocalExecutor(store, **options)
    from cnnviz.training.ray_executor import RayExecutor

    return RayExecutor(store, apart=True, **options)
