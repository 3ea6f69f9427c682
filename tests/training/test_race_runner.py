"""A whole race over a real store, on a device that only pretends: turns, budgets, giving up, going on later."""

import random
import threading
import time
from dataclasses import replace

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.events import Controlled, Evaluated, Failed, Finished, Started, Steps
from cnnviz.specs.presets import preset_named
from cnnviz.training import OwnedRuns, RunStore, race_runner
from cnnviz.training.race import RaceSpec
from cnnviz.training.race_runner import Races
from tests.training.fakes import until

LENET, LENET_BN = (preset_named(key, "class").config for key in ("lenet", "lenet_bn"))
STEP = {"lenet": 0.02, "lenet_bn": 0.05}  # seconds of the made-up device
MEASURING = 0.4


class PretendedExecutor:
    """Trains nothing and ends every turn at once, with the events and the clock that the engine would give."""

    def __init__(self, store):
        self.store = store
        self.seats_per_owner = 1
        self.turns = []
        self.fails_at = {}
        self._chance = random.Random(1)

    def submit(self, config, *, owner, name="", group=None):
        run_id = self.store.create(config, owner=owner, name=name, group=group)
        self._turn(run_id, config, 0, 0.0)
        return run_id

    def continue_run(self, run_id, config=None):
        record = self.store.record(run_id)
        self.store.requeue(run_id, config)
        self._turn(run_id, config or record.config, record.step, record.seconds)

    def command(self, run_id, action, *, learning_rate=None):
        assert action == "stop"
        if self.store.record(run_id).ended:
            return False
        self.store.append(run_id, [Controlled(action="stop"), Finished(reason="stopped")])
        return True

    def _turn(self, run_id, config, step, clock):
        key = config.architecture.key
        self.turns.append(key)
        place = {"step": step, "epoch": 0.0, "seconds": clock}
        self.store.append(run_id, [Started(
            **place, total_steps=config.total_steps, steps_per_epoch=config.steps_per_epoch, parameters=1,
            train_images=1, test_images=1, device="cpu", device_name="none", precision="float32", threads=1,
        )])  # fmt: skip
        while step < config.total_steps and not (config.time_budget and clock >= config.time_budget):
            clock += STEP[key] * self._chance.uniform(0.7, 1.3)
            step += 1
            self.store.append(run_id, [Steps(
                step=step, epoch=0, seconds=clock, first_step=step, losses=(1.0,), accuracies=(0.5,), train_loss=1.0,
                train_accuracy=0.5, learning_rate=0.1, images_per_second=1.0,
            )])  # fmt: skip
            if self.fails_at.get(key) == step:
                self.store.append(run_id, [Failed(step=step, seconds=clock, code="batch_of_one_needs_more")])
                return
        clock += MEASURING
        accuracy = min(0.9, step / 400)
        self.store.append(run_id, [
            Evaluated(step=step, epoch=0, seconds=clock, test_loss=1.0, test_accuracy=accuracy, train_loss=1.0,
                      train_accuracy=0.5, learning_rate=0.1, images_per_second=1.0, test_images=10),
            Finished(step=step, seconds=clock, reason="completed" if step == config.total_steps else "time_budget"),
        ])  # fmt: skip


@pytest.fixture
def executor(tmp_path):
    store = RunStore(tmp_path)
    yield PretendedExecutor(store)
    store.close()


@pytest.fixture
def me(executor):
    return OwnedRuns(executor, "me")


def spec(budget="seconds", amount=6.0):
    return RaceSpec(contestants=(LENET, LENET_BN), names=("LeNet", "BN"), budget=budget, amount=amount)


def over(races, race_id):
    limit = time.monotonic() + 30
    while races.going(race_id):
        assert time.monotonic() < limit
        time.sleep(0.02)
    return races.record(race_id)


def test_a_budget_of_seconds_is_met_within_two_percent_and_both_take_turns(executor, me):
    races = Races(executor)
    race = over(races, races.start(spec(), me, macs=(1, 2), prediction=(1, 0.8)))
    lanes = races.lanes(race)
    assert [lane.seconds for lane in lanes] == pytest.approx([6, 6], rel=0.02)
    assert executor.turns[:6] in (["lenet", "lenet_bn"] * 3, ["lenet", "lenet_bn", "lenet_bn", "lenet"] + ["lenet"] * 2
                                  ) or len(set(executor.turns[:4])) == 2  # fmt: skip
    assert len(executor.turns) >= 16
    assert race.prediction == (1, 0.8) and not any(lane.waits for lane in lanes)
    records = [executor.store.record(run) for run in race.runs]
    assert {record.group for record in records} == {f"race {race.id}"}
    assert [record.seconds for record in records] > [6, 6], "measuring comes on top and is nobody's"


@pytest.mark.parametrize(("budget", "amount"), [("images", 20_000), ("macs", 2e9)])
def test_a_budget_of_images_or_macs_is_met_exactly(executor, me, budget, amount):
    races = Races(executor)
    macs = (10_000, 20_000)
    race = over(races, races.start(spec(budget, amount), me, macs=macs, expected=(3.0, 8.0)))
    for run, cost in zip(race.runs, macs, strict=True):
        record = executor.store.record(run)
        assert record.step == record.total_steps and record.reason == "completed"
        images = record.config.epochs * record.config.train_images
        assert (images if budget == "images" else 3 * cost * images) == pytest.approx(amount, rel=0.02)


def test_one_that_fails_leaves_the_other_its_budget(executor, me):
    executor.fails_at["lenet"] = 30
    races = Races(executor)
    race = over(races, races.start(spec(), me, macs=(1, 2)))
    first, second = races.lanes(race)
    assert first.out and executor.store.record(race.runs[0]).step == 30
    assert second.seconds == pytest.approx(6, rel=0.02)


def test_one_that_is_taken_out_leaves_the_other_its_budget(executor, me, monkeypatch):
    races = Races(executor)
    give = races._give

    def give_and_take_out(race, number, seconds):
        run = give(race, number, seconds)
        if len(executor.turns) == 5:
            races.take_out(race.id, 1, me)
        return run

    monkeypatch.setattr(races, "_give", give_and_take_out)
    race = over(races, races.start(spec(), me, macs=(1, 2)))
    first, second = races.lanes(race)
    assert second.out and second.share < 0.6
    assert first.seconds == pytest.approx(6, rel=0.02)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_race_of_an_earlier_server_goes_on_where_it_stood(executor, me, monkeypatch):
    races = Races(executor)
    give = races._give

    def die_after_six(race, number, seconds):
        if len(executor.turns) == 6:
            raise RuntimeError("the server ends")
        return give(race, number, seconds)

    monkeypatch.setattr(races, "_give", die_after_six)
    race = over(races, races.start(spec(), me, macs=(1, 2)))
    assert any(lane.waits for lane in races.lanes(race))
    later = Races(executor)
    assert later.latest("me")[0].id == race.id and later.latest("you") == ()
    later.resume(race.id, me)
    lanes = later.lanes(over(later, race.id))
    assert [lane.seconds for lane in lanes] == pytest.approx([6, 6], rel=0.02)


def test_a_run_that_was_deleted_is_out_and_the_race_can_still_be_read(executor, me):
    races = Races(executor)
    race = over(races, races.start(spec(), me, macs=(1, 2)))
    executor.store.delete(race.runs[0])
    first, second = races.lanes(race)
    assert first.out and second.seconds == pytest.approx(6, rel=0.02)
    assert races.winners(race) == {}, "nobody is ahead of somebody who has left no trace"


def test_who_is_ahead_on_each_axis(executor, me):
    races = Races(executor)
    race = over(races, races.start(spec(), me, macs=(1_000, 2_000)))
    found = races.winners(race)
    assert set(found) == {"seconds", "images", "macs"}
    assert found["seconds"].first == 0, "the one with the quicker steps has more of them in its seconds"
    assert found["images"].first is None or abs(
        found["images"].accuracies[0] - found["images"].accuracies[1]
    ) < 0.05, "by images they are equal on this device"  # fmt: skip
    assert found["seconds"].at == pytest.approx(6, rel=0.02)


def test_a_race_that_does_not_exist_is_a_sentence(executor):
    races = Races(executor)
    for name in ("../../etc", "aaaaaaaa", ""):
        with pytest.raises(CnnvizError, match="no race"):
            races.record(name)


def test_what_is_kept_of_a_race_is_what_was_said(executor, me):
    races = Races(executor)
    race = over(races, races.start(spec(), me, macs=(1, 2), expected=(1.0, 2.0)))
    assert replace(race, created=0.0) == replace(Races(executor).record(race.id), created=0.0)
    assert race.spec == spec()


class SeveralSeats(PretendedExecutor):
    """Notes how many runs had been asked for before the first of them ended."""

    def __init__(self, store):
        super().__init__(store)
        self.seats_per_owner = 2
        self.asked, self.ended = [], threading.Event()

    def submit(self, config, *, owner, name="", group=None):
        run_id = self.store.create(config, owner=owner, name=name, group=group, state="running")
        self.asked.append(config)
        threading.Thread(target=self._later, args=(run_id, config)).start()
        return run_id

    def _later(self, run_id, config):
        self.ended.wait(10)
        self._turn(run_id, config, 0, 0.0)


def test_where_there_are_several_seats_a_race_for_images_takes_no_turns(tmp_path):
    executor = SeveralSeats(RunStore(tmp_path))
    races = Races(executor)
    race_id = races.start(spec("images", 20_000), OwnedRuns(executor, "me"), macs=(1, 2), expected=(3.0, 8.0))
    until(lambda: len(executor.asked) == 2)
    assert [config.time_budget for config in executor.asked] == [0, 0], "each to its end, side by side"
    executor.ended.set()
    race = over(races, race_id)
    assert [lane.share for lane in races.lanes(race)] == [1, 1]
    assert executor.turns.count("lenet") == executor.turns.count("lenet_bn") == 1
    executor.store.close()


def test_a_race_for_seconds_takes_turns_wherever_it_is(executor, me):
    executor.seats_per_owner = 4
    races = Races(executor)
    over(races, races.start(spec(), me, macs=(1, 2)))
    assert len(executor.turns) >= 16


def test_a_crowded_queue_makes_a_race_wait_and_not_end(executor, me, monkeypatch):
    monkeypatch.setattr("cnnviz.training.race_runner._WAIT", 0.01)
    submit, codes = executor.submit, ["queue_full", "queue_full_for_owner"]

    def crowded(config, **options):
        if codes:
            raise CnnvizError(codes.pop(), waiting=3, limit=3)
        return submit(config, **options)

    monkeypatch.setattr(executor, "submit", crowded)
    races = Races(executor)
    race = over(races, races.start(spec(amount=2.0), me, macs=(1, 2)))
    assert codes == [] and [lane.seconds for lane in races.lanes(race)] == pytest.approx([2, 2], rel=0.05)


def test_a_contestant_whose_epochs_are_done_before_its_seconds_gets_no_more_turns(executor, me, monkeypatch):
    monkeypatch.setattr(OwnedRuns, "most_epochs", 1)
    monkeypatch.setitem(STEP, "lenet", 0.001)
    races = Races(executor)
    race = over(races, races.start(spec(amount=2.0), me, macs=(1, 2)))
    first, second = races.lanes(race)
    assert first.complete and not first.out and first.share < 0.9 and executor.store.record(race.runs[0]).epoch <= 1
    assert second.seconds == pytest.approx(2, rel=0.05)


def test_a_race_waits_for_a_store_that_cannot_be_used_and_no_contestant_gets_two_runs(executor, me, monkeypatch):
    races = Races(executor)
    monkeypatch.setattr(race_runner, "_WAIT", 0.01)
    refusals = {"keep": 3, "record": 3}

    def refusing(name, real):
        def call(*arguments):
            if refusals[name] and races.going(race_id):
                refusals[name] -= 1
                raise CnnvizError("store_unusable", folder="here", reason="database or disk is full")
            return real(*arguments)

        return call

    held = threading.Event()
    begin = executor.submit
    monkeypatch.setattr(executor, "submit", lambda *one, **more: (held.wait(10), begin(*one, **more))[1])
    race_id = races.start(spec(), me, macs=(1, 2))
    monkeypatch.setattr(races._files, "keep", refusing("keep", races._files.keep))
    monkeypatch.setattr(executor.store, "record", refusing("record", executor.store.record))
    held.set()
    race = over(races, race_id)
    assert refusals == {"keep": 0, "record": 0} and race.out == ()
    assert [lane.seconds for lane in races.lanes(race)] == pytest.approx([6, 6], rel=0.02)
    others = [record for record in executor.store.records() if record.id not in race.runs]
    assert len(others) == 3 and all(record.ended for record in others)


def test_a_race_that_was_forgotten_while_it_goes_is_over_without_a_traceback(executor, me, monkeypatch):
    caught = []
    monkeypatch.setattr(threading, "excepthook", caught.append)
    races = Races(executor)
    go_on = executor.continue_run

    def forgotten(*arguments):
        (executor.store.folder / "races" / f"{race_id}.json").unlink(missing_ok=True)
        go_on(*arguments)

    monkeypatch.setattr(executor, "continue_run", forgotten)
    held = threading.Event()
    begin = executor.submit
    monkeypatch.setattr(executor, "submit", lambda *one, **more: (held.wait(10), begin(*one, **more))[1])
    race_id = races.start(spec(), me, macs=(1, 2))
    held.set()
    limit = time.monotonic() + 30
    while races.going(race_id):
        assert time.monotonic() < limit
        time.sleep(0.01)
    assert not caught and len(executor.turns) >= 3
