"""One machine that pretends to be many people: the queue stays everybody's."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.training import TrainingConfig
from cnnviz.training.dispatch import WAITING_IN_ALL, WAITING_PER_OWNER
from cnnviz.training.pace import PersonLimit
from cnnviz.training.waiting import FairQueue

CONFIG = TrainingConfig(architecture="lenet", train_images=1000, batch_size=100, epochs=10)
MALLORY = "192.0.2.66"


@pytest.fixture
def executor(make_fake):
    return make_fake()


def flood(executor, count=WAITING_IN_ALL):
    """Invented people at one machine fill the queue behind a run that trains; returns what waits."""
    executor.submit(CONFIG, owner="first", address="192.0.2.1")
    runs = [executor.submit(CONFIG, owner=f"invented {n // WAITING_PER_OWNER}", address=MALLORY) for n in range(count)]
    assert executor.waiting == count
    return runs


def refused(code, attempt):
    with pytest.raises(CnnvizError) as caught:
        attempt()
    assert caught.value.code == code
    return caught.value


def test_sixty_people_find_room_in_a_queue_that_one_machine_has_filled(executor):
    invented = flood(executor)
    firsts = [executor.submit(CONFIG, owner=f"person {n}", address=f"198.51.100.{n}") for n in range(60)]
    assert executor.waiting == WAITING_IN_ALL
    for number in range(60):
        executor.submit(CONFIG, owner=f"person {number}", address=f"198.51.100.{number}")
    gone = [run for run in invented if executor.store.record(run).ended]
    assert len(gone) == 120, "of the machine that had most"
    left = Counter(executor.store.record(run).owner for run in set(invented) - set(gone))
    assert set(left.values()) == {1, 2}, "whoever had three waiting gave first"
    record = executor.store.record(gone[0])
    assert (record.state, record.failure.error.code) == ("failed", "queue_displaced")
    order = [executor.queue_position(run) for run in firsts]
    assert order == list(range(2, 62)), "one of the machine's hundred comes before them, as anybody's would"
    for number in range(50):
        executor.submit(CONFIG, owner=f"another {number}", address=MALLORY)
    waiting = Counter(executor.store.record(run).owner.split()[0] for run in executor.unfinished())
    assert waiting["person"] == 120, "more people at the full machine push out one another"


def test_a_run_that_had_to_give_its_place_up_can_go_on_later(executor):
    old = flood(executor)[-1]
    newer = executor.submit(CONFIG, owner="ana", address="198.51.100.1")
    assert executor.store.record(old).state == "failed" and executor.store.record(newer).state == "queued"
    executor.clear()
    executor.continue_run(old, address=MALLORY)
    assert executor.store.record(old).state == "queued"


def test_behind_one_address_people_are_compared_and_not_machines(executor):
    mine = flood(executor)
    run_id = executor.submit(CONFIG, owner="ana", address=MALLORY)
    assert executor.store.record(run_id).state == "queued"
    assert executor.store.record(mine[-1]).state == "failed", "the newest of somebody who had three"
    refused("queue_full", lambda: [executor.submit(CONFIG, owner="ana", address=MALLORY) for _ in range(2)])
    assert executor.store.record(run_id).state == "queued"


def test_nobody_loses_a_place_to_somebody_who_has_as_many():
    queue = FairQueue()
    for number in range(10):
        queue.put(f"person {number}", f"run {number}", f"address {number}")
    assert queue.surplus("newcomer", "elsewhere") is None
    queue.put("person 3", "second", "address 3")
    assert queue.surplus("newcomer", "elsewhere") == "second"
    assert queue.surplus("person 4", "address 4") is None, "then both would have two, or the other way round"
    assert queue.surplus("person 3", "address 3") is None
    assert FairQueue().surplus("anybody") is None


ARRIVALS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=40)


@given(ARRIVALS, st.integers(0, 10), st.integers(0, 4))
def test_room_is_made_by_whoever_has_more_than_the_newcomer_will_have(arrivals, owner, address):
    queue, runs = FairQueue(), {}
    for number, (who, where) in enumerate(arrivals):
        runs[str(number)] = (f"owner {who}", f"address {where}")
        queue.put(f"owner {who}", str(number), f"address {where}")
    mine = f"owner {owner}", f"address {address}"
    gone = queue.surplus(*mine)
    places = [where for _who, where in runs.values()]
    if gone is None:
        most = max(places.count(where) for where in set(places))
        assert places.count(mine[1]) + 1 >= most
        return
    who, where = runs[gone]
    theirs = [run for run, of in runs.items() if of == (who, where)]
    assert gone == theirs[-1], "the newest"
    owners = [who for who, _where in runs.values()]
    assert places.count(where) > places.count(mine[1]) + 1 or owners.count(who) > owners.count(mine[0]) + 1


@given(
    st.permutations([(who, number) for who in range(6) for number in range(3)]),
    st.lists(st.integers(0, 2), min_size=6, max_size=6),
)
def test_turns_between_machines_cost_nobody_their_own_turn(arrivals, machines):
    queue = FairQueue()
    for who, number in arrivals:
        queue.put(str(who), f"{who}.{number}", f"machine {machines[who]}")
    order = [int(run.split(".")[0]) for run in iter(queue.pop, None)]
    assert all(len(set(order[first : first + 6])) == 6 for first in (0, 6, 12)), "everybody once, before anybody again"
    firsts = [machines[who] for who in order[:6]]
    for machine in set(firsts):  # between two turns of one machine no other has had two
        turns = [place for place, other in enumerate(firsts) if other == machine]
        for begin, end in itertools.pairwise(turns):
            between = firsts[begin + 1 : end]
            assert len(between) == len(set(between))


def test_a_limit_for_an_address_leaves_room_for_a_class_and_stops_a_program():
    now = [0.0]
    limit = PersonLimit(10, 300, 60, clock=lambda: now[0])
    for number in range(60):
        for _start in range(5):
            limit.use(f"person {number}", "a proxy")
    assert refused("too_fast", lambda: limit.use("one more", "a proxy")).parameters["seconds"] == 1
    limit.use("one more", "another address")
    for _start in range(8):
        limit.use("one more", "another address")
    refused("too_fast", lambda: limit.use("one more", "another address"))
    now[0] = 60.0
    limit.use("one more", "a proxy")
