"""The environment says which executor a server has."""

import importlib.util

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.training import LocalExecutor, RunStore
from cnnviz.training.choose_executor import chosen_executor


@pytest.mark.parametrize("name", [None, "", "local", " LOCAL "])
def test_unless_told_otherwise_it_is_this_machines(tmp_path, monkeypatch, name):
    if name is None:
        monkeypatch.delenv("CNNVIZ_EXECUTOR", raising=False)
    else:
        monkeypatch.setenv("CNNVIZ_EXECUTOR", name)
    executor = chosen_executor(RunStore(tmp_path))
    assert isinstance(executor, LocalExecutor)
    executor.close()


def test_another_name_is_refused_and_a_missing_package_named(tmp_path, monkeypatch):
    store = RunStore(tmp_path)
    monkeypatch.setenv("CNNVIZ_EXECUTOR", "slurm")
    with pytest.raises(CnnvizError, match="local, ray"):
        chosen_executor(store)
    monkeypatch.setenv("CNNVIZ_EXECUTOR", "ray")
    find = importlib.util.find_spec
    monkeypatch.setattr("cnnviz.training.choose_executor.find_spec", lambda name: None if name == "ray" else find(name))
    with pytest.raises(CnnvizError, match=r"requirements-ray\.txt"):
        chosen_executor(store)
    store.close()
