"""A cluster of two machines, played by one: runs fan out, a machine is lost, its run goes on elsewhere."""

import time

import psutil
import pytest

from cnnviz.errors import CnnvizError
from cnnviz.specs.sweep import SweepSpec
from cnnviz.training import OwnedRuns, RunStore, TrainingConfig, train
from cnnviz.training.choose_executor import chosen_executor
from cnnviz.training.race import RaceSpec
from cnnviz.training.race_runner import Races
from tests.training.executors import played_cluster

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


def _actors():
    from ray._private.state import actors

    return [{"ActorID": key, "NodeID": value["Address"]["NodeID"]} for key, value in actors().items()]


def test_a_sweep_fans_out_over_the_machines_and_leaves_room_for_others(cluster, tmp_path):
    from cnnviz.training.ray_executor import RayExecutor

    played, _nodes = cluster
    for _ in range(2):
        played.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    played.wait_for_nodes()
    store = RunStore(tmp_path)
    executor = RayExecutor(store)
    until(lambda: executor.seats == 4)
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
    executor.close()
    store.close()


def test_the_contestants_of_a_race_for_images_train_side_by_side(cluster, tmp_path):
    from cnnviz.training.ray_executor import RayExecutor

    played, _nodes = cluster
    for _ in range(2):
        played.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    played.wait_for_nodes()
    store = RunStore(tmp_path)
    executor = RayExecutor(store)
    until(lambda: executor.seats_per_owner == 2)
    races = Races(executor)
    spec = RaceSpec(contestants=(CONFIG, CONFIG.replace(seed=2)), budget="images", amount=38_400)
    race_id = races.start(spec, OwnedRuns(executor, "ana"), macs=(1, 1))
    most = 0
    while races.going(race_id):
        most = max(most, len(store.records(states=("running",))))
        time.sleep(0.02)
    assert most == 2 and [lane.share for lane in races.lanes(races.record(race_id))] == [1, 1]
    executor.close()
    store.close()


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
    assert executor.warm(240)
    me = psutil.Process()
    listening = [
        connection.laddr.ip
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening and {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
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
