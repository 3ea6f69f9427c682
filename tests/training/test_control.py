"""The hand on a run: obeyed between steps, in order, from any thread."""

import itertools
import threading
import time

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.training import Control, TrainingConfig, train
from cnnviz.training.waiting import FairQueue

LONG = TrainingConfig(architecture="lenet", train_images=6400, batch_size=64, epochs=100, test_images=200)


class Watched(threading.Thread):
    """A run in a thread, with what it has said so far."""

    def __init__(self, config=LONG, **options):
        super().__init__(daemon=True)
        self.control, self.events = Control(), []
        self._events = train(config, control=self.control, **options)
        self.start()

    def run(self):
        for event in self._events:
            self.events.append(event)

    def wait(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.01)

    def done(self):
        return max((event.step for event in self.events if event.kind == "steps"), default=0)

    def actions(self):
        return [event.action for event in self.events if event.kind == "controlled"]


@pytest.fixture
def run():
    run = Watched()
    run.wait(lambda: run.done() >= 2)
    yield run
    run.control.stop()
    run.join(30)
    assert not run.is_alive()


def test_pause_holds_and_resume_goes_on(run):
    run.control.pause()
    run.wait(lambda: run.actions() == ["pause"])
    step, seconds = run.done(), run.events[-1].seconds
    time.sleep(0.5)
    assert run.done() == step
    run.control.resume()
    run.wait(lambda: run.done() > step)
    later = next(event for event in run.events if event.kind == "steps" and event.step > step)
    assert later.seconds - seconds < 0.4, "a pause does not count as time spent"


def test_a_single_step_is_one_step(run):
    run.control.pause()
    run.wait(lambda: "pause" in run.actions())
    step = run.done()
    for more in (1, 2, 3):
        run.control.step()
        run.wait(lambda more=more: run.done() == step + more)
    time.sleep(0.2)
    assert run.done() == step + 3


def test_two_stops_are_one(run):
    run.control.stop()
    run.control.stop()
    run.control.resume()
    run.join(30)
    assert run.actions() == ["stop"]
    assert run.events[-1].reason == "stopped"
    assert run.events[-1].test_loss is None or run.events[-1].test_loss > 0


def test_a_paused_run_can_be_stopped(run):
    run.control.pause()
    run.wait(lambda: "pause" in run.actions())
    run.control.stop()
    run.join(5)
    assert run.actions() == ["pause", "stop"]


def test_a_new_learning_rate_counts_from_the_next_step(run):
    run.control.set_learning_rate(0.03)
    run.wait(lambda: run.done() and run.events[-1].kind == "steps" and run.events[-1].learning_rate == 0.03)
    changed = next(event for event in run.events if event.kind == "controlled")
    for event in run.events:
        if event.kind == "steps":
            assert event.learning_rate == (0.1 if event.step <= changed.step else 0.03)
    for wrong in (0, -1, 11, float("nan"), float("inf"), "fast", None):
        with pytest.raises(CnnvizError):
            run.control.set_learning_rate(wrong)


def test_the_learning_rate_of_a_schedule_falls_to_zero():
    config = LONG.replace(epochs=1, train_images=640, schedule="cosine")
    control, rates = Control(), []
    for event in train(config, control=control):
        if event.kind == "steps":
            rates.append(event.learning_rate)
    assert rates[0] == 0.1 and rates == sorted(rates, reverse=True) and rates[-1] < 0.01
    assert config.rate_factor(0) == 1 and config.rate_factor(5) == pytest.approx(0.5) and config.rate_factor(10) == 0


def test_a_run_measures_evenly_and_at_the_end():
    events = list(train(LONG.replace(epochs=2, evaluations=10, train_images=3200)))
    assert [event.step for event in events if event.kind == "evaluated"] == list(range(10, 101, 10))
    assert events[-1].test_accuracy == [event for event in events if event.kind == "evaluated"][-1].test_accuracy
    few = LONG.replace(epochs=1, train_images=128, evaluations=10)
    assert [event.step for event in train(few) if event.kind == "evaluated"] == [1, 2]


def test_the_curve_begins_at_the_first_step_and_grows_twice_a_second():
    began, times = time.monotonic(), []
    for event in train(LONG.replace(epochs=4, evaluations=1)):
        if event.kind == "steps":
            times.append((event, time.monotonic() - began))
    assert times[0][0].step == 1
    gaps = [after - before for (_, before), (_, after) in itertools.pairwise(times)]
    assert sorted(gaps)[len(gaps) // 2] < 0.5
    assert len(times) < 12 * times[-1][1] + 3, "ten a second is enough"
    steps = [step for event, _ in times for step in range(event.first_step, event.step + 1)]
    assert steps == list(range(1, 401)), "each step once"


def test_nobody_waits_for_anothers_second_run_before_their_own_first():
    queue, people = FairQueue(), [f"person {number}" for number in range(10)]
    for person in people:
        for number in range(3):
            queue.put(person, f"{person}, run {number}")
    assert queue.position("person 0, run 1") == 11 and queue.position("person 9, run 0") == 10
    order = [queue.pop() for _ in range(30)]
    for round_, number in ((order[:10], 0), (order[10:20], 1), (order[20:], 2)):
        assert sorted(round_) == sorted(f"{person}, run {number}" for person in people)
    assert len(queue) == 0


def test_who_was_served_waits_behind_who_was_not():
    queue = FairQueue()
    queue.put("ana", "a1")
    assert queue.pop() == "a1"
    queue.put("ana", "a2")
    queue.put("ben", "b1")
    assert (queue.position("b1"), queue.position("a2"), queue.position("c")) == (1, 2, None)
    assert queue.remove("b1") and not queue.remove("b1")
    assert queue.pop() == "a2" and len(queue) == 0
