"""A cluster of two machines, played by one: runs fan out, a machine is lost, its run goes on elsewhere."""

import tempfile
import time
from pathlib import Path

import psutil
import pytest

from cnnviz.errors import CnnvizError
from cnnviz.specs.sweep import SweepSpec
from cnnviz.training import OwnedRuns, RunStore, TrainingConfig, train
from cnnviz.training.choose_executor import chosen_executor
from cnnviz.training.race import RaceSpec
from cnnviz.training.race_runner import Races
from tests.training.executors import far_fakes, played_cluster
from tests.training.fakes import FakeWorker

pytestmark = [pytest.mark.ray, pytest.mark.timeout(600)]
CONFIG = TrainingConfig(
    architecture="lenet_bn", train_images=6400, batch_size=64, epochs=6, test_images=100, evaluations=6, threads=1
)


def until(condition, seconds=240):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def expected(config):
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [loss for event in train(config) if event.kind == "steps" for loss in event.losses]
    finally:
        torch.set_num_threads(threads)


@pytest.fixture
def cluster(monkeypatch):
    """A head that trains nothing and two machines with one core each."""
    with played_cluster() as (cluster, nodes):
        monkeypatch.setenv("CNNVIZ_RAY_ADDRESS", cluster.address)
        yield cluster, nodes


def test_a_lost_machine_fails_its_run_truthfully_and_the_other_one_goes_on_with_the_same_curve(cluster, tmp_path):
    import ray

    from cnnviz.training.ray_executor import RayExecutor

    played, nodes = cluster
    left_before = folders_of_runs()
    store = RunStore(tmp_path)
    executor = RayExecutor(store, apart=True)
    assert executor.seats == 2 and executor.seats_per_owner == 1
    run_id = executor.submit(CONFIG, owner="ana")
    until(lambda: any(event.kind == "checkpoint" and event.step > 0 for _, event in store.events(run_id)))
    worker = next(worker for worker in executor._workers if worker.run_id == run_id)
    actor = worker.process._actor._actor_id.hex()
    home = next(each["NodeID"] for each in _actors() if each["ActorID"] == actor)
    played.remove_node(next(node for node in nodes if node.node_id == home), allow_graceful=False)
    until(lambda: store.record(run_id).ended)
    record = store.record(run_id)
    assert (record.state, record.failure.code) == ("failed", "worker_lost")
    shown = store.steps(run_id)
    until(lambda: sum(node["Alive"] for node in ray.nodes()) == 2)
    assert executor.seats == 1, "the cluster has shrunk"
    executor.continue_run(run_id)
    until(lambda: store.record(run_id).ended)
    assert store.record(run_id).state == "finished"
    whole, losses = store.steps(run_id), expected(CONFIG)
    assert whole.step.tolist() == list(range(1, CONFIG.total_steps + 1))
    assert whole.loss.tolist() == pytest.approx(losses, rel=1e-6)
    assert whole.loss[: len(shown)].tolist() == pytest.approx(shown.loss.tolist(), rel=1e-6)
    started = [event for _, event in store.events(run_id) if event.kind == "started"]
    assert [event.resumed for event in started] == [False, True] and started[1].step > 0
    executor.close()
    store.close()
    until(lambda: folders_of_runs() <= left_before)


def folders_of_runs():
    """Where machines that do not see the store keep a run's checkpoints."""
    return set(Path(tempfile.gettempdir()).glob("cnnviz-run-*"))


def free_machines():
    from cnnviz.training.ray_executor import machines

    return machines(free=True)


def _actors():
    from ray._private.state import actors

    return [{"ActorID": key, "NodeID": value["Address"]["NodeID"]} for key, value in actors().items()]


@pytest.fixture
def four_seats(cluster, tmp_path):
    """(store, executor) of a cluster of four machines with a seat each."""
    from cnnviz.training.ray_executor import RayExecutor

    played, _nodes = cluster
    for _ in range(2):
        played.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    played.wait_for_nodes()
    store = RunStore(tmp_path)
    executor = RayExecutor(store)
    until(lambda: executor.seats == 4)
    yield store, executor
    executor.close()
    store.close()


def test_a_sweep_fans_out_over_the_machines_and_leaves_room_for_others(four_seats):
    store, executor = four_seats
    tiny = CONFIG.replace(epochs=2)
    spec = SweepSpec(base=tiny, learning_rates=(0.05, 0.1), batch_sizes=(64, 128))
    sweep = OwnedRuns(executor, "ana").submit_all(spec.configs(), group="sweep")
    most, ben = 0, None
    while not all(store.record(run).ended for run in sweep):
        going = [record for record in store.records(states=("running",)) if record.owner == "ana"]
        most = max(most, len(going))
        if most == 2 and ben is None:
            ben = executor.submit(tiny, owner="ben")
            assert executor.queue_position(ben) is None, "there is room at once"
        time.sleep(0.02)
    assert most == 2, "two of four seats"
    assert {store.record(run).state for run in sweep} == {"finished"}
    until(lambda: store.record(ben).ended)


def test_the_contestants_of_a_race_for_images_train_side_by_side(four_seats):
    store, executor = four_seats
    until(lambda: executor.seats_per_owner == 2)
    races = Races(executor)
    spec = RaceSpec(contestants=(CONFIG, CONFIG.replace(seed=2)), budget="images", amount=38_400)
    race_id = races.start(spec, OwnedRuns(executor, "ana"), macs=(1, 1))
    most = 0
    while races.going(race_id):
        most = max(most, len(store.records(states=("running",))))
        time.sleep(0.02)
    assert most == 2 and [lane.share for lane in races.lanes(races.record(race_id))] == [1, 1]


# where runs are, with workers that do nothing by themselves


@pytest.fixture
def played(monkeypatch, tmp_path, request):
    """(cluster, its machines, an executor with as many seats as there are), by the arguments of `played_cluster`."""
    with played_cluster(**request.param) as (cluster, nodes):
        monkeypatch.setenv("CNNVIZ_RAY_ADDRESS", cluster.address)
        with far_fakes(monkeypatch, tmp_path) as make:
            monkeypatch.delenv("CNNVIZ_SLOTS")
            yield cluster, nodes, make


def on(executor, *states):
    return [record.id for record in executor.store.records(states=states)]


def submit(executor, count, **changes):
    """Runs of so many people."""
    return [executor.submit(CONFIG.replace(**changes), owner=f"person {number}") for number in range(count)]


@pytest.mark.parametrize("played", [{"machines": 1, "cpus": 8, "gpus": 1}], indirect=True)
def test_four_runs_share_a_gpu_and_a_fifth_waits(played, monkeypatch):
    monkeypatch.setenv("CNNVIZ_RAY_GPUS", "0.25")
    _cluster, _nodes, make = played
    executor = make()
    assert executor.seats == 4
    *first, last = submit(executor, 5)
    until(lambda: len(on(executor, "running")) == 4)
    assert on(executor, "queued") == [last] and executor.queue_position(last) == 1
    assert [worker.where[1] for worker in FakeWorker.made] == ["0"] * 4, "all of them on the same one"
    FakeWorker.made[0].finish()
    until(lambda: executor.store.record(last).state == "running")
    assert executor.store.record(first[0]).state == "finished" and len(FakeWorker.made) == 4


@pytest.mark.parametrize("played", [{"machines": 2, "cpus": 4, "gpus": 1}], indirect=True)
@pytest.mark.parametrize(("gpus", "on_each", "seen"), [("0.5", 2, "0"), (None, 1, "0"), ("0", 4, "")])
def test_runs_are_placed_over_two_machines_as_their_gpus_allow(played, monkeypatch, gpus, on_each, seen):
    """A run takes a whole GPU unless told otherwise, and sees none where it is told so."""
    if gpus is None:
        monkeypatch.delenv("CNNVIZ_RAY_GPUS", raising=False)
    else:
        monkeypatch.setenv("CNNVIZ_RAY_GPUS", gpus)
    _cluster, nodes, make = played
    executor = make()
    assert executor.seats == 2 * on_each
    submit(executor, 2 * on_each + 1)
    until(lambda: len(on(executor, "running")) == 2 * on_each)
    places = [worker.where for worker in FakeWorker.made]
    assert sorted(place for place, _gpus in places) == sorted(node.node_id for node in nodes for _ in range(on_each))
    assert {gpus for _place, gpus in places} == {seen} and len(on(executor, "queued")) == 1


@pytest.mark.parametrize("played", [{"machines": 1, "cpus": 2}], indirect=True)
def test_what_others_use_is_no_seat_and_a_run_without_a_machine_is_not_said_to_train(played):
    import ray

    _cluster, _nodes, make = played
    executor = make()
    others = [ray.remote(num_cpus=1)(Somebody).remote() for _ in range(2)]
    ray.get([other.here.remote() for other in others])
    until(lambda: executor.seats == 1)
    first, second = submit(executor, 2)
    time.sleep(1.5)
    assert set(on(executor, "queued")) == {first, second}, "Ray looks for a place for one of them"
    assert executor.queue_position(first) is None and executor.queue_position(second) == 1
    executor.command(first, "stop")
    until(lambda: executor.store.record(first).state == "stopped")
    for other in others:
        ray.kill(other)
    until(lambda: executor.store.record(second).state == "running")
    assert executor.seats == 2


class Somebody:
    """Another user of the cluster."""

    def here(self):
        return True


@pytest.mark.parametrize("played", [{"machines": 1, "cpus": 2}], indirect=True)
def test_who_has_nothing_to_do_gives_the_room_back(played, monkeypatch):
    monkeypatch.setattr("cnnviz.training.ray_executor.IDLE_SECONDS", 0.5)
    _cluster, _nodes, make = played
    executor = make()
    assert executor.warm() and not FakeWorker.made, "nobody's room is taken before there is a run"
    first, second = submit(executor, 2)
    until(lambda: set(on(executor, "running")) == {first, second})
    FakeWorker.made[0].finish()
    until(lambda: sum(machine.get("CPU", 0) for machine in free_machines()) == 1)
    assert [worker.run_id for worker in executor._alive] == [second], "whoever trains keeps its own"
    third = executor.submit(CONFIG, owner="somebody else")
    until(lambda: executor.store.record(third).state == "running")


@pytest.mark.parametrize("played", [{"machines": 2, "cpus": 2}], indirect=True)
def test_processes_that_share_a_run_have_room_on_one_machine(played, monkeypatch):
    monkeypatch.setenv("CNNVIZ_PROCESSES", "8")
    _cluster, nodes, make = played
    executor = make()
    assert executor.most_processes == 2, "no machine has room for more"
    small = submit(executor, 4)
    until(lambda: len(on(executor, "running")) == 4)
    shared = executor.submit(CONFIG.replace(processes=2), owner="somebody else")
    for worker in FakeWorker.made[:4]:
        worker.finish()
    until(lambda: executor.store.record(shared).state == "running")
    assert {executor.store.record(run).state for run in small} == {"finished"}
    assert FakeWorker.made[-1].where[0] in [node.node_id for node in nodes]
    (taken,) = [worker for worker in executor._alive if worker.run_id == shared]
    assert (taken.shape, taken.size) == (2, 2)
    until(lambda: sorted(machine.get("CPU", 0) for machine in free_machines())[:2] != [2, 2])
    with pytest.raises(CnnvizError, match="the largest allowed is 2"):
        executor.submit(CONFIG.replace(processes=3), owner="ana")


@pytest.mark.parametrize("played", [{"machines": 1}], indirect=True)
def test_an_actor_that_cannot_begin_fails_its_run_with_its_words(played, monkeypatch):
    monkeypatch.setattr("cnnviz.training.ray_worker.Relay", Broken)
    _cluster, _nodes, make = played
    executor = make()
    run_id = executor.submit(CONFIG, owner="ana")
    until(lambda: executor.store.record(run_id).ended)
    record = executor.store.record(run_id)
    assert (record.state, record.failure.code) == ("failed", "training_failed")
    assert "no room in the inn" in record.failure.detail


class Broken:
    """A relay that cannot be made."""

    def __init__(self, mark, apart):
        raise RuntimeError("no room in the inn")

    def shares(self):
        return True


def test_a_cluster_that_is_gone_fails_a_run_in_words_and_none_is_started_in_its_place(cluster, tmp_path):
    import ray

    from cnnviz.training.ray_executor import RayExecutor

    store = RunStore(tmp_path)
    executor = RayExecutor(store)
    ray.shutdown()
    run_id = executor.submit(CONFIG, owner="ana")
    until(lambda: store.record(run_id).ended)
    assert not ray.is_initialized()
    assert (store.record(run_id).state, store.record(run_id).failure.code) == ("failed", "training_failed")
    executor.close()
    store.close()


def test_a_cluster_of_its_own_is_reached_by_this_machine_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("CNNVIZ_RAY_ADDRESS", raising=False)
    monkeypatch.setenv("CNNVIZ_EXECUTOR", "ray")
    store = RunStore(tmp_path)
    executor = chosen_executor(store)
    monkeypatch.setattr("cnnviz.training.ray_executor.IDLE_SECONDS", 0.0)
    assert executor.warm(240)
    me = psutil.Process()
    listening = [
        connection.laddr.ip
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening and {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
    time.sleep(3)
    assert executor.warm(), "where nobody else needs the room a worker waits for a click"
    executor.close()
    store.close()


@pytest.mark.parametrize(("name", "value"), [("CNNVIZ_RAY_GPUS", "many"), ("CNNVIZ_RAY_CPUS", "0"),
                                             ("CNNVIZ_RAY_ADDRESS", "127.0.0.1:1")])  # fmt: skip
def test_what_cannot_be_is_refused_in_words(tmp_path, monkeypatch, name, value):
    monkeypatch.setenv("CNNVIZ_EXECUTOR", "ray")
    monkeypatch.setenv(name, value)
    store = RunStore(tmp_path)
    with pytest.raises(CnnvizError) as caught:
        chosen_executor(store)
    assert name in str(caught.value) or caught.value.code == "cluster_missing"
    store.close()
