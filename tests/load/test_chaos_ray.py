"""Machines of a cluster die under load: each run ends in a true state, what was shown was kept, and goes on elsewhere.

`CNNVIZ_CHAOS_MACHINES` says how many are lost (4), `CNNVIZ_SOAK_SEED` in which order and how soon (5).
"""

import os
import random
import time

import psutil
import pytest

from cnnviz.training import RunStore
from tests.browser.server import ROOT, Server
from tests.load.people import Follower
from tests.load.test_chaos import assert_it_works, assert_nothing_was_lost
from tests.load.visitor import Visitor
from tests.training.executors import played_cluster

pytestmark = [pytest.mark.ray, pytest.mark.soak, pytest.mark.timeout(1800)]
LOST = int(os.environ.get("CNNVIZ_CHAOS_MACHINES", "4"))
SEED = int(os.environ.get("CNNVIZ_SOAK_SEED", "5"))


def cut_power(cluster, node, again):
    """A machine is gone at once: what ran on it ends without a word. Sometimes it comes back."""
    cluster.remove_node(node, allow_graceful=False)
    if again:
        return [cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1")]
    return []


def test_machines_die_under_load(tmp_path):
    chance = random.Random(SEED)
    with played_cluster(3) as (cluster, machines):
        nodes = list(machines)
        env = {"CNNVIZ_EXECUTOR": "ray", "CNNVIZ_RAY_ADDRESS": cluster.address}
        server = Server(ROOT / "app.py", tmp_path, env=env).start()
        followers = [Follower(server.url, number, train_images="12800", epochs="20") for number in range(3)]
        try:
            for follower in followers:
                follower.start()
            wait_for_a_checkpoint(server)
            for number in range(LOST):
                node = chance.choice(nodes)
                nodes.remove(node)
                print(f"machine {number + 1} of {LOST} is lost", flush=True)
                nodes += cut_power(cluster, node, again=number % 2 == 0 or len(nodes) < 2)
                time.sleep(chance.uniform(3, 8))
            for follower in followers:
                follower.leave.set()
            for follower in followers:
                follower.join(60)
            stop_what_trains(server)
            broken = one_that_lost_its_machine(server.home)
            went_on_from = go_on(server, broken)
            assert_it_works(server)
            assert psutil.Process(server.process.pid).is_running(), "the same server all the time"
        finally:
            server.stop()
            print(server.tail(200))
    assert_nothing_was_lost(tmp_path / "home", followers, at_least=3)
    store = RunStore(tmp_path / "home")
    started = [event for _, event in store.events(broken.id) if event.kind == "started"]
    assert [event.resumed for event in started][:2] == [False, True] and started[1].step == went_on_from > 0
    store.close()


def wait_for_a_checkpoint(server):
    """Until a run could go on if its machine were lost now."""
    store = RunStore(server.home)
    end = time.monotonic() + 300
    while not any(checkpoint_of(store, record.id) for record in store.records(states=("running",))):
        assert time.monotonic() < end, server.tail()
        time.sleep(0.2)
    store.close()


def checkpoint_of(store, run_id):
    """The step of the latest checkpoint, 0 without one."""
    return max((event.step for _, event in store.events(run_id) if event.kind == "checkpoint"), default=0)


def stop_what_trains(server):
    """The followers have gone; the machines shall be free for what is looked at now."""
    store = RunStore(server.home)
    for record in store.records(states=("running", "queued", "paused")):
        with Visitor(server.url, cookie=cookie_of(store, record), timeout=60) as visitor:
            visitor.open("training", run=record.id)
            if "Stop" in visitor.labels:
                visitor.press("Stop")
    store.close()


def cookie_of(store, record):
    """The cookie of the follower whose run it is: each has runs of its own seeds."""
    return f"follower {record.config.seed // 1000}"


def one_that_lost_its_machine(home):
    """A run that ended with its machine and has a checkpoint."""
    store = RunStore(home)
    try:
        lost = [record for record in store.records() if record.failure and record.failure.code == "worker_lost"]
        assert lost and all(record.state == "failed" for record in lost)
        return next(record for record in lost if checkpoint_of(store, record.id))
    finally:
        store.close()


def go_on(server, record):
    """Continue a run as its owner would, until it trains; returns the step of the checkpoint that it had."""
    store = RunStore(server.home)
    step, before = checkpoint_of(store, record.id), len(store.steps(record.id))
    with Visitor(server.url, cookie=cookie_of(store, record), timeout=60) as visitor:
        visitor.open("training", run=record.id)
        visitor.press("Go on from the last checkpoint")
        end = time.monotonic() + 300
        while len(store.steps(record.id)) <= before:
            assert time.monotonic() < end, f"{store.record(record.id).state}: {server.tail()}"
            time.sleep(0.2)
    store.close()
    return step
