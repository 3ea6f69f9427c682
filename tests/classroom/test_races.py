"""A race and a sweep begin by the class's rules like any other run: nobody gets more out of them than out of Start."""

import pytest

from cnnviz.classroom import ClassRuns
from cnnviz.errors import CnnvizError
from cnnviz.specs.presets import preset_named
from cnnviz.training import OwnedRuns, TrainingConfig
from cnnviz.training.pace import PersonLimit
from cnnviz.training.race import RaceSpec
from cnnviz.training.race_runner import Races
from tests.training.fakes import FakeWorker, until

CONFIG = TrainingConfig(architecture="lenet", train_images=1000, batch_size=100)
CONTESTANTS = tuple(preset_named(key, "class").config for key in ("lenet", "lenet_bn"))


@pytest.fixture
def ana(executor, desk):
    desk.join("ana", "Ana")
    return ClassRuns(executor, "ana", desk)


@pytest.fixture
def races(executor, monkeypatch):
    monkeypatch.setattr("cnnviz.training.dispatch._PATIENCE", 0.05)  # these workers hear no stop
    races = Races(executor)
    yield races
    everybody = OwnedRuns(executor, "nobody", leads=True)
    for race_id in list(races._threads):
        races.stop(race_id, everybody)
        until(lambda race_id=race_id: not races.going(race_id))


def race(hand, races, amount=5.0, budget="seconds", contestants=CONTESTANTS):
    return races.start(RaceSpec(contestants=contestants, budget=budget, amount=amount), hand, macs=(1, 2))


def refused(code, attempt, **parameters):
    with pytest.raises(CnnvizError) as caught:
        attempt()
    assert caught.value.code == code
    assert {name: caught.value.parameters[name] for name in parameters} == parameters


def test_whoever_has_not_joined_races_and_sweeps_nothing(executor, desk, races):
    hand = ClassRuns(executor, "ben", desk)
    refused("join_first", lambda: race(hand, races))
    refused("join_first", lambda: hand.submit_all([CONFIG, CONFIG.replace(seed=2)]))
    assert executor.store.records() == () and races.latest("ben") == ()


def test_every_rule_holds_for_every_contestant(ana, executor, desk, races):
    desk.change(most_seconds=5)
    refused("class_seconds", lambda: race(ana, races, 15.0), value=15, limit=5)
    desk.change(most_epochs=1)
    refused("class_epochs", lambda: race(ana, races, 120_000, "images"), value=2, limit=1)
    desk.change(frozen={"batch_size": 64})
    refused("setting_frozen", lambda: race(ana, races), value=64)
    desk.change(frozen={}, frozen_network="lenet")
    refused("network_frozen", lambda: race(ana, races), title="LeNet-5")
    desk.change(frozen_network="", most_runs=1)
    refused("class_runs_left", lambda: race(ana, races), left=1, count=2, limit=1)
    assert executor.store.records() == () and races.latest("ana") == () and desk.person("ana").started == 0


def test_contestants_count_and_a_race_has_the_caps_of_the_class(ana, executor, desk, races):
    desk.change(most_seconds=30, most_epochs=3, most_runs=2)
    race_id = race(ana, races, 20.0)
    assert desk.person("ana").started == 2
    refused("class_runs", lambda: race(ana, races))
    configs = races.record(race_id).configs
    assert [config.epochs for config in configs] == [3, 3], "seconds may end before, epochs are never more"
    until(lambda: races.record(race_id).runs[0])
    assert executor.store.record(races.record(race_id).runs[0]).config.time_budget == pytest.approx(20 / 12)


def test_a_race_for_images_ends_a_contestant_when_the_time_of_the_class_is_up(ana, executor, desk, races):
    desk.change(most_seconds=10)
    race_id = race(ana, races, 60_000, "images")
    assert [config.time_budget for config in races.record(race_id).configs] == [10, 10]
    until(lambda: FakeWorker.made)
    worker = FakeWorker.made[0]
    for number in range(2):
        until(lambda number=number: races.record(race_id).runs[number])
        run_id = races.record(race_id).runs[number]
        until(lambda run_id=run_id: worker.run == run_id and executor.store.record(run_id).choices)
        assert executor.store.record(run_id).config.time_budget <= 10
        worker.train(10, 10.0)
        worker.finish("time_budget", step=10, seconds=10.2)
    until(lambda: not races.going(race_id))
    lanes = races.lanes(races.record(race_id))
    assert [(lane.complete, lane.out, lane.waits) for lane in lanes] == [(True, False, False)] * 2


def test_runs_that_belong_together_are_one_press_all_or_none_and_each_counts(ana, executor, desk):
    hand = ClassRuns(executor, "ana", desk, pace=PersonLimit(1, 9, 60, clock=lambda: 0.0))
    configs = [CONFIG.replace(seed=seed) for seed in range(9)]
    desk.change(most_runs=8)
    refused("class_runs_left", lambda: hand.submit_all(configs), limit=8, left=8, count=9)
    desk.change(most_runs=20, most_seconds=7)
    refused("class_seconds", lambda: hand.submit_all([*configs[1:], CONFIG.replace(time_budget=8)]))
    assert executor.store.records() == () and desk.person("ana").started == 0
    run_ids = hand.submit_all(configs, names=[f"run {seed}" for seed in range(9)], group="sweep x")
    records = [executor.store.record(run_id) for run_id in run_ids]
    assert [record.config for record in records] == [config.replace(time_budget=7.0) for config in configs]
    assert {record.group for record in records} == {"sweep x"} and records[3].name == "run 3"
    assert desk.person("ana").started == 9
    refused("too_fast", lambda: hand.submit_all(configs[:2]))
    assert desk.person("ana").started == 9
