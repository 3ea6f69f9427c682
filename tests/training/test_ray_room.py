"""How many runs machines have room for, by arithmetic alone."""

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.training.ray_room import Share, asked_share, share_for, visible

PLAIN, SMALL, LARGE = {"CPU": 16.0}, {"CPU": 16.0, "GPU": 1.0}, {"CPU": 64.0, "GPU": 8.0}


@pytest.fixture(autouse=True)
def nothing_is_asked_for(monkeypatch):
    for name in ("CNNVIZ_RAY_CPUS", "CNNVIZ_RAY_GPUS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("machines", "asked", "gpus"),
    [((PLAIN,), None, 0), ((PLAIN, SMALL), None, 1), ((SMALL,), "0.25", 0.25), ((SMALL,), "0", 0), ((), None, 0)],
)
def test_a_run_has_a_gpu_of_its_own_where_there_are_any_unless_told_otherwise(monkeypatch, machines, asked, gpus):
    if asked is not None:
        monkeypatch.setenv("CNNVIZ_RAY_GPUS", asked)
    share = share_for(machines)
    assert share == Share(1, gpus)
    assert visible(share, 1).get("CUDA_VISIBLE_DEVICES") == (None if gpus else ""), "or all would meet on the first one"


@pytest.mark.parametrize(
    ("share", "machines", "seats"),
    [
        (Share(1, 0), (PLAIN,), 16), (Share(3, 0), (PLAIN,), 5), (Share(1, 1), (SMALL, LARGE), 9),
        (Share(1, 0.25), (SMALL,), 4), (Share(1, 1 / 3), (SMALL,), 3), (Share(8, 0.25), (SMALL,), 2),
        (Share(1, 2), (SMALL, LARGE), 4), (Share(1, 1), (PLAIN,), 0), (Share(10, 0), (PLAIN, PLAIN), 2),
        (Share(1, 0), (), 0), (Share(1, 0.25), ({"CPU": 16.0, "GPU": 0.2},), 0),
    ],
)  # fmt: skip
def test_each_run_has_its_share_on_one_machine(share, machines, seats):
    assert share.seats(machines) == seats


@pytest.mark.parametrize(
    ("share", "processes", "taken", "seats"),
    [
        (Share(1, 0), 1, (1, 0), 1), (Share(2, 0.25), 1, (2, 0.25), 1), (Share(2, 0), 3, (6, 0), 3),
        (Share(1, 1), 4, (4, 4), 4), (Share(1, 0.25), 2, (2, 2), 8), (Share(1, 2), 2, (2, 4), 2),
    ],
)  # fmt: skip
def test_processes_that_share_a_run_take_whole_gpus(share, processes, taken, seats):
    assert share.of_run(processes) == {"num_cpus": taken[0], "num_gpus": taken[1]}
    assert share.seats_of(processes) == seats
    assert visible(share, processes)["CNNVIZ_CORES"] == str(taken[0])


@pytest.mark.parametrize(
    ("share", "machines", "most"),
    [(Share(1, 0.25), (SMALL, PLAIN), 1), (Share(1, 1), (SMALL, LARGE), 8), (Share(16, 1), (LARGE,), 4),
     (Share(1, 0), (PLAIN, PLAIN), 16), (Share(1, 1), (PLAIN,), 1), (Share(1, 0), (), 1)],
)  # fmt: skip
def test_a_run_is_shared_between_as_many_as_one_machine_holds(share, machines, most):
    assert share.most_processes(machines) == most


@pytest.mark.parametrize(
    ("name", "value"),
    [("CNNVIZ_RAY_GPUS", value) for value in ("many", "nan", "-1", "65", "1.5")] + [("CNNVIZ_RAY_CPUS", "0")],
)
def test_what_cannot_be_is_refused_in_words(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(CnnvizError, match=name):
        asked_share()
