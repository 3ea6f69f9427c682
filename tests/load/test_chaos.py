"""Everything goes wrong, in any order, under a class: each run ends in a true state and what was shown was kept.

`CNNVIZ_SOAK_SECONDS` says for how long (300), `CNNVIZ_SOAK_SEED` in which order (5); the order is printed.
"""

import json
import os
import random
import time
from contextlib import ExitStack, suppress

import psutil
import pytest

from cnnviz.events import Evaluated
from cnnviz.training import ENDED, RunStore
from cnnviz.training.kept_races import kept_races
from tests.browser.server import ROOT, Server
from tests.load.faults import FAULTS, in_some_order, small_disk
from tests.load.people import Follower, Racer, Wanderer
from tests.load.visitor import Visitor
from tests.training.executors import EXECUTORS, played_cluster

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
SECONDS = int(os.environ.get("CNNVIZ_SOAK_SECONDS", "300"))
SEED = int(os.environ.get("CNNVIZ_SOAK_SEED", "5"))
DISK = 160  # megabytes in all
ENV = {"CNNVIZ_CLASS": "1", "CNNVIZ_TEACHER": "tea", "CNNVIZ_LOG": "json", "CNNVIZ_DISK_MB": "40"}
SHORT = {"train_images": "6400", "test_images": "1000"}


def a_class(url):
    """Ten who train, long runs and short ones, one who lets networks race, and nineteen who walk about."""
    followers = [Follower(url, number, True, **(SHORT if number % 3 else {})) for number in range(10)]
    return [*followers, Racer(url, True), *(Wanderer(url, number, followers, True) for number in range(19))]


class Machines:
    """The machines of a played cluster.

    Args:
        cluster: Ray's own.
        nodes: those that train.
        chance: which goes.
    """

    def __init__(self, cluster, nodes, chance):
        self._cluster, self._nodes, self._chance = cluster, list(nodes), chance

    def lose_a_machine(self, _server):
        """One is gone at once, with what ran on it; another one comes a little later."""
        node = self._nodes.pop(self._chance.randrange(len(self._nodes)))
        self._cluster.remove_node(node, allow_graceful=False)
        time.sleep(2)
        self._nodes.append(self._cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1"))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_chaos_in_a_class(tmp_path, executor):
    chance = random.Random(SEED)
    with ExitStack() as around:
        env, faults = dict(ENV), list(FAULTS)
        if executor == "ray":
            cluster, nodes = around.enter_context(played_cluster(2))
            env |= {"CNNVIZ_EXECUTOR": "ray", "CNNVIZ_RAY_ADDRESS": cluster.address}
            faults.append(Machines(cluster, nodes, chance).lose_a_machine)
        full = around.enter_context(small_disk(tmp_path / "home", DISK))
        server = Server(ROOT / "app.py", tmp_path, env=env).start(120)
        around.callback(server.stop)
        people = a_class(server.url)
        for person in people:
            person.start()
        done = let_it_go_wrong(server, faults, chance)
        for person in people:
            person.leave.set()
        for person in people:
            person.join(60)
        assert set(faults) <= done, "each of them at least once"
        assert_it_works(server, "somebody new")
        server.stop()
        report(server, people)
        assert_nothing_was_lost(server.home, people)
        assert_true_words(server, full)


def let_it_go_wrong(server, faults, chance):
    """One fault after another for as long as it is asked for; returns those that there were."""
    end, done = time.monotonic() + SECONDS, set()
    for fault in in_some_order(chance, faults):
        time.sleep(chance.uniform(3, 10))
        if time.monotonic() > end:
            return done
        print(f"{time.monotonic() - end + SECONDS:.0f} s: {fault.__name__}", flush=True)
        with suppress(psutil.NoSuchProcess):
            fault(server)
        done.add(fault)


def assert_it_works(server, name=""):
    """It recovered without hands: somebody new starts a run, and it finishes."""
    with Visitor(server.url, timeout=120) as visitor:
        if name:
            visitor.join_class(name)
        visitor.open("training", net="lenet", epochs="1", train_images="640", test_images="100", seed="77")
        visitor.press("Start")
        run_id = next(part[4:] for part in visitor.query.split("&") if part.startswith("run="))
        store = RunStore(server.home)
        end = time.monotonic() + 1000  # those of the others come first, at whatever speed this machine has now
        while (record := store.record(run_id)).state != "finished":
            assert not record.ended and time.monotonic() < end, f"{record.state} at step {record.step}"
            time.sleep(0.2)
        store.close()
        visitor.open("training", run=run_id)
        assert not visitor.exceptions and "Finished" in visitor.said


def assert_nothing_was_lost(home, people, at_least=6):
    """Every run is over or said to have been interrupted, and has each step and accuracy that somebody was shown."""
    store = RunStore(home)
    store.mark_interrupted()
    assert store.records(states=("running", "paused", "stopping", "queued")) == ()
    shown = {run for person in people for run in person.shown}
    assert len(shown) >= at_least
    for run in shown:
        record, steps = store.record(run), store.steps(run).step
        assert record.state in ENDED
        assert len(steps) >= max(person.shown.get(run, 0) for person in people), run
        assert steps.tolist() == list(range(1, len(steps) + 1))
        assert record.reason != "completed" or len(steps) == record.total_steps
        kept = [100 * event.test_accuracy for _, event in store.events(run) if isinstance(event, Evaluated)]
        for accuracy in set().union(*(person.accuracies.get(run, ()) for person in people)):
            assert any(abs(accuracy - measured) < 0.051 for measured in kept), f"{run}: {accuracy} % was shown"
    races = {race.path.stem: race for race in kept_races(home)}
    for race in (race for person in people for race in getattr(person, "races", ())):
        assert race in races and races[race].owner, "its file is whole"
        assert all(store.record(run).ended for run in races[race].runs if run)
    store.close()


def assert_true_words(server, full):
    """The log says what went wrong, a disk that was full among it, and no thread and no page broke off over it."""
    said = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    events = {line["event"] for line in said}
    assert {"run begins", "run ends", "worker lost", "store cannot be written", "store can be written again"} <= events
    assert not {"uncaught", "Uncaught app execution"} & events
    if full:
        assert any("full" in line.get("reason", "") for line in said), "of the store, or of a run's checkpoint"


def report(server, people):
    """What happened, for whoever reads the output."""
    store = RunStore(server.home)
    print(store.counts())
    reasons = [record.failure.code for record in store.records(limit=1000) if record.failure]
    print({code: reasons.count(code) for code in sorted(set(reasons))})
    store.close()
    print(f"{sum(person.visits for person in people)} pages seen, {sum(person.broken for person in people)} broke off")
    print("shown as tracebacks:", sorted({text[:200] for person in people for text in person.tracebacks}))
    said = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    events = [line["event"] if "logger" not in line else f"{line['logger']}: {line['event'][:80]}" for line in said]
    print({event: events.count(event) for event in sorted(set(events))})
    for trace in sorted({line["traceback"] for line in said if "traceback" in line})[:12]:
        print(trace[-1500:])
