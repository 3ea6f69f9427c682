"""Who trains and who waits: fair between owners, bounded for each, with a start that can be foretold."""

import itertools
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.training import OwnedRuns, TrainingConfig
from cnnviz.training.expected import start_of
from cnnviz.training.waiting import FairQueue
from tests.training.fakes import FakeWorker, until

CONFIG = TrainingConfig(architecture="lenet", train_images=1000, batch_size=100, epochs=10)  # 100 steps


def running(executor):
    return [record.id for record in executor.store.records(states=("running",))]


# fairness

ARRIVALS = st.permutations([owner for owner in range(10) for _ in range(3)])


@given(ARRIVALS, st.integers(0, 29))
def test_nobody_waits_for_anothers_second_run_before_their_own_first(arrivals, head_start):
    """Ten people, three runs each, in any order of arrival, whatever was served before everybody had come."""
    queue, served, numbers = FairQueue(), [], {}
    for i, owner in enumerate(arrivals):
        queue.put(str(owner), f"{owner}:{numbers.setdefault(owner, 0)}")
        numbers[owner] += 1
        if i < head_start and i % 2:
            served.append(queue.pop())
    waiting = {owner for owner, _ in queue.in_order()}
    expected = [run for _, run in queue.in_order()]
    assert [queue.position(run) for run in expected] == list(range(1, len(expected) + 1))
    rest = []
    while (run := queue.pop()) is not None:
        rest.append(run)
    assert rest == expected, "what was foretold is what came"
    assert sorted(served + rest) == sorted(f"{owner}:{number}" for owner in range(10) for number in range(3))
    order = [run.split(":")[0] for run in rest]
    for owner in waiting:  # between two turns of one person nobody has had two
        turns = [0, *(i + 1 for i, other in enumerate(order) if other == owner)]
        for begin, end in itertools.pairwise(turns):
            between = order[begin : end - 1]
            assert len(between) == len(set(between))
    for owner in map(str, range(10)):
        own = [run for run in served + rest if run.startswith(f"{owner}:")]
        assert own == sorted(own), "one's own runs keep their order"


def test_ten_people_queue_three_runs_each_on_one_slot(make_fake):
    executor = make_fake()
    order = []
    for _round in range(3):
        for owner in range(10):
            executor.submit(CONFIG, owner=str(owner))
    for done in range(30):
        until(lambda: len(running(executor)) == 1)
        (run_id,) = running(executor)
        order.append(executor.store.record(run_id).owner)
        FakeWorker.made[-1].finish()
        until(lambda run_id=run_id: executor.store.record(run_id).ended)
        assert len(executor.store.records(states=("finished",))) == done + 1
    assert len(FakeWorker.made) == 1, "one slot, one process"
    for turn in range(3):
        assert sorted(order[10 * turn : 10 * turn + 10]) == sorted(map(str, range(10)))


# bounds


def refused(attempt):
    with pytest.raises(CnnvizError) as caught:
        attempt()
    assert caught.value.code == "queue_full_for_owner"
    assert caught.value.parameters == {"waiting": 3, "limit": 3}


def test_one_trains_three_wait_and_a_fifth_is_refused_with_the_numbers(make_fake):
    executor = make_fake()
    runs = [executor.submit(CONFIG, owner="ana") for _ in range(4)]
    until(lambda: running(executor) == runs[:1])
    assert [executor.queue_position(run) for run in runs] == [None, 1, 2, 3]
    refused(lambda: executor.submit(CONFIG, owner="ana"))
    assert len(executor.store.records()) == 4, "a refused run leaves no row"
    executor.command(runs[3], "stop")
    executor.submit(CONFIG, owner="ana")
    refused(lambda: executor.continue_run(runs[3]))
    assert executor.store.record(runs[3]).state == "stopped"
    assert executor.submit(CONFIG, owner="ben"), "somebody else's queue is their own"


def test_a_flood_from_many_threads_is_bounded(make_fake):
    executor, refused = make_fake(), []

    def flood():
        for _ in range(5):
            try:
                executor.submit(CONFIG, owner="ana")
            except CnnvizError as error:
                refused.append(error.code)

    threads = [threading.Thread(target=flood) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["queue_full_for_owner"] * (40 - len(executor.store.records()))
    assert 1 <= len(executor.store.records()) <= 4
    assert not executor._arriving


def test_slots_are_settable_and_one_owner_takes_one(make_fake, monkeypatch):
    monkeypatch.setenv("CNNVIZ_SLOTS", "2")
    executor = make_fake()
    first, second = (executor.submit(CONFIG, owner="ana") for _ in range(2))
    until(lambda: running(executor) == [first])
    other = executor.submit(CONFIG, owner="ben")
    third = executor.submit(CONFIG, owner="cam")
    until(lambda: set(running(executor)) == {first, other})
    assert executor.store.record(second).state == executor.store.record(third).state == "queued"
    FakeWorker.made[0].finish()
    until(lambda: set(running(executor)) == {third, other})
    for bad in ("0", "65", "many"):
        monkeypatch.setenv("CNNVIZ_SLOTS", bad)
        with pytest.raises(CnnvizError, match="CNNVIZ_SLOTS"):
            type(executor)(executor.store)


# the expected start


def test_the_start_is_foretold_from_what_runs_have_taken_here(make_fake):
    executor = make_fake()
    first, second = (executor.submit(CONFIG, owner=owner) for owner in ("ana", "ben"))
    until(lambda: running(executor) == [first])
    assert executor.expected_start(first) is None, "it does not wait"
    assert executor.expected_start(second) is None, "nothing like it has run here yet"
    FakeWorker.made[0].train(steps=25, seconds=5.0)
    until(lambda: executor.store.record(first).step == 25)
    assert executor.expected_start(second) == pytest.approx(15.0), "75 steps at 0.2 s"
    third = executor.submit(CONFIG.replace(epochs=1), owner="cam")
    assert executor.expected_start(third) == pytest.approx(15.0 + 20.0), "a whole run like the first lies between"
    unlike = executor.submit(TrainingConfig(architecture="vgg11"), owner="dan")
    last = executor.submit(CONFIG, owner="eva")
    assert executor.expected_start(unlike) == pytest.approx(15.0 + 20.0 + 2.0)
    assert executor.expected_start(last) is None, "nobody knows how long what lies between takes"
    executor.command(first, "pause")
    assert executor.expected_start(second) == pytest.approx(60, abs=5), "then a paused run has to give its seat up"
    with pytest.raises(CnnvizError):
        executor.store.record("nothing")
    assert executor.expected_start("nothing") is None


@pytest.mark.parametrize(
    ("before", "slots", "expected"),
    [
        ((), (0.0,), 0), ((), (7.0,), 7), ((5,), (7.0,), 12), ((5, 1), (7.0, 2.0), 7), ((5, 9), (7.0, 2.0), 7),
        ((5, 1, 1), (7.0, 2.0), 8), ((None,), (7.0,), None), ((None,), (7.0, 2.0), 7), ((), (None,), None),
        ((5,), (None, 2.0), 7), ((), (), None),
    ],
)  # fmt: skip
def test_each_run_ahead_takes_the_first_free_slot(before, slots, expected):
    assert start_of(before, slots) == expected


# whose hand


def test_only_its_owner_reaches_a_run(make_fake):
    executor = make_fake()
    ana, ben = (OwnedRuns(executor, owner) for owner in ("ana", "ben"))
    run_id = ana.submit(CONFIG, name="hers", group="race")
    until(lambda: executor.store.events(run_id))
    attempts = (
        lambda hand: hand.command(run_id, "stop"),
        lambda hand: hand.command(run_id, "learning_rate", learning_rate=0.01),
        lambda hand: hand.update(run_id, name="his"),
        lambda hand: hand.extend(run_id, 20),
        lambda hand: hand.continue_run(run_id),
        lambda hand: hand.delete(run_id),
    )
    before = executor.store.record(run_id), executor.store.events(run_id)
    for attempt in attempts:
        with pytest.raises(CnnvizError) as caught:
            attempt(ben)
        assert caught.value.code == "run_not_yours"
    assert (executor.store.record(run_id), executor.store.events(run_id)) == before
    assert FakeWorker.made[0].commands == []
    with pytest.raises(CnnvizError, match="There is no run"):
        ana.command("../../etc", "stop")
    ana.update(run_id, name="hers again", notes="mine", pinned=True, tags=["x"])
    assert ana.command(run_id, "stop") and executor.store.record(run_id).name == "hers again"
    FakeWorker.made[0].finish("stopped")
    until(lambda: executor.store.record(run_id).ended)
    ana.delete(run_id)
    assert executor.store.records() == ()


def test_whoever_leads_holds_stops_and_keeps_everybodys_runs_and_changes_nothing_in_them(make_fake):
    executor = make_fake()
    run_id, waiting = (executor.submit(CONFIG, owner=owner, name="hers") for owner in ("ana", "ben"))
    until(lambda: running(executor) == [run_id])
    teacher = OwnedRuns(executor, "the teacher", leads=True)
    for action in ("pause", "resume", "stop"):
        assert teacher.may_command(executor.store.record(run_id), action) and teacher.command(run_id, action)
    assert FakeWorker.made[0].commands == [(run_id, action) for action in ("pause", "resume", "stop")]
    assert teacher.command(waiting, "stop") and executor.store.record(waiting).state == "stopped"
    before = executor.store.records()
    for attempt in (
        lambda: teacher.update(waiting, name="x"),
        lambda: teacher.update(waiting, pinned=True, notes="x"),
        lambda: teacher.command(run_id, "step"),
        lambda: teacher.command(run_id, "learning_rate", learning_rate=1.0),
        lambda: teacher.extend(waiting, 20),
        lambda: teacher.continue_run(waiting),
        lambda: teacher.delete(waiting),
    ):
        with pytest.raises(CnnvizError) as caught:
            attempt()
        assert caught.value.code == "run_not_yours"
    assert executor.store.records() == before

    # going on
    teacher.update(waiting, pinned=True)
    assert executor.store.record(waiting).pinned, "what is worth keeping, too"


def test_a_run_that_is_continued_at_once_does_not_feel_the_patience_for_its_stop(make_fake, monkeypatch):
    monkeypatch.setattr("cnnviz.training.dispatch._PATIENCE", 0.4)
    executor = make_fake()
    run_id = executor.submit(CONFIG, owner="ana")
    until(lambda: running(executor) == [run_id])
    executor.command(run_id, "stop")
    FakeWorker.made[0].finish("stopped")
    until(lambda: executor.store.record(run_id).ended)
    executor.continue_run(run_id)
    until(lambda: running(executor) == [run_id])
    time.sleep(0.5)
    assert running(executor) == [run_id] and len(FakeWorker.made) == 1


def test_an_ended_run_is_extended_and_says_so(make_fake):
    executor = make_fake()
    run_id = executor.submit(CONFIG, owner="ana")
    until(lambda: running(executor) == [run_id])
    with pytest.raises(CnnvizError, match="still going"):
        executor.extend(run_id, 20)
    FakeWorker.made[0].finish(step=100)
    until(lambda: executor.store.record(run_id).ended)
    for epochs in (10, 0, -3):
        with pytest.raises(CnnvizError) as caught:
            executor.extend(run_id, epochs)
        assert caught.value.code == "value_too_small" and caught.value.parameters["limit"] == 11
    with pytest.raises(CnnvizError):
        executor.extend(run_id, 10**9)
    assert executor.store.record(run_id).ended
    executor.extend(run_id, 12)
    until(lambda: len(FakeWorker.made[0].jobs) == 2)
    assert FakeWorker.made[0].config == CONFIG.replace(epochs=12)
    (event,) = [event for _, event in executor.store.events(run_id) if event.kind == "controlled"]
    assert (event.action, event.epochs, event.step) == ("continue", 12, 100)
    assert executor.store.record(run_id).total_steps == 120


def test_runs_that_belong_together_may_wait_in_a_larger_number_all_of_them_or_none(make_fake):
    executor = make_fake()
    configs = [CONFIG.replace(seed=seed) for seed in range(25)]
    runs = executor.submit_all(configs, owner="ana", names=[f"run {seed}" for seed in range(25)], group="sweep")
    until(lambda: running(executor) == [runs[0]])
    assert [executor.queue_position(run) for run in runs] == [None, *range(1, 25)]
    assert [executor.store.record(run).config for run in runs] == configs
    refused_runs = executor.store.counts()
    with pytest.raises(CnnvizError) as caught:
        executor.submit_all(configs[:2], owner="ana")
    assert caught.value.code == "queue_full_for_sweep"
    assert caught.value.parameters == {"count": 2, "waiting": 24, "limit": 25}
    assert executor.store.counts() == refused_runs, "nothing was written down"
    ben = executor.submit(CONFIG, owner="ben")
    assert executor.queue_position(ben) == 1, "twenty-five runs of one person are one person's"


def test_sweeps_leave_room_in_the_queue_for_single_runs(make_fake, monkeypatch):
    monkeypatch.setattr("cnnviz.training.dispatch.WAITING_IN_ALL", 20)
    executor = make_fake()
    executor.submit_all([CONFIG] * 10, owner="ana")
    with pytest.raises(CnnvizError) as caught:
        executor.submit_all([CONFIG] * 2, owner="ben")
    assert (caught.value.code, caught.value.parameters["limit"]) == ("queue_full", 10)
    assert executor.submit(CONFIG, owner="ben")


def test_runs_that_cannot_be_written_down_leave_nothing_in_the_queue(make_fake, monkeypatch):
    executor = make_fake()
    insert, count = executor.store._insert, itertools.count()

    def fail_at_the_third(*arguments):
        if next(count) == 2:
            raise OSError("the disk is full")
        return insert(*arguments)

    monkeypatch.setattr(executor.store, "_insert", fail_at_the_third)
    with pytest.raises(CnnvizError):
        executor.submit_all([CONFIG] * 4, owner="ana")
    assert executor.store.records() == () and executor.waiting == 0
