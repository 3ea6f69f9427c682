"""The class's rules hold for every hand of a person, whatever is sent, and for nobody else."""

import threading

import pytest

from cnnviz.classroom import FREEZABLE, Classroom, ClassRules, ClassRuns
from cnnviz.errors import CnnvizError
from cnnviz.specs.range_test import STEPS, range_config
from cnnviz.training import OwnedRuns, TrainingConfig
from cnnviz.training.pace import PersonLimit
from tests.training.fakes import FakeWorker, until

CONFIG = TrainingConfig(architecture="lenet", train_images=1000, batch_size=100, epochs=10)


def refused(code, attempt, **parameters):
    with pytest.raises(CnnvizError) as caught:
        attempt()
    assert caught.value.code == code
    assert {name: caught.value.parameters[name] for name in parameters} == parameters
    return caught.value


@pytest.fixture
def ana(executor, desk):
    desk.join("ana", "Ana")
    return ClassRuns(executor, "ana", desk)


def test_rules_are_kept_and_shared_by_every_server(store, desk):
    assert desk.rules() == ClassRules()
    desk.change(most_epochs=5, frozen={"learning_rate": 0.2})
    assert Classroom(store).rules() == ClassRules(most_epochs=5, frozen={"learning_rate": 0.2})


@pytest.mark.parametrize(
    "change",
    [{"most_epochs": -1}, {"most_runs": 10**9}, {"threshold": 2}, {"frozen": {"architecture": "lenet"}},
     {"frozen": {"batch_size": 0}}, {"frozen": {"nonsense": 1}}, {"frozen_network": "perceptron9000"}, {"extra": 1}],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_and_the_others_stay(desk, change):
    desk.change(most_epochs=7)
    with pytest.raises(CnnvizError):
        desk.change(**change)
    assert desk.rules() == ClassRules(most_epochs=7)


def test_rules_of_another_program_are_read_as_far_as_they_mean_something(store, desk):
    with store.database.writing() as connection:
        connection.execute(
            "INSERT INTO classroom VALUES ('rules', ?)", ('{"most_epochs": 3, "queue_held": true, "unheard_of": 1}',)
        )
    assert desk.rules() == ClassRules(most_epochs=3, queue_held=True)


def test_whoever_has_not_joined_starts_nothing(executor, desk):
    hand = ClassRuns(executor, "ben", desk)
    refused("join_first", lambda: hand.submit(CONFIG))
    refused("join_first", lambda: hand.submit(range_config(CONFIG)))
    assert executor.store.records() == ()


def test_epochs_and_seconds_have_their_caps(ana, executor, desk):
    desk.change(most_epochs=10, most_seconds=60)
    assert refused("class_epochs", lambda: ana.submit(CONFIG.replace(epochs=11)), limit=10).field == "epochs"
    refused("class_seconds", lambda: ana.submit(CONFIG.replace(time_budget=61)), limit=60)
    assert executor.store.record(ana.submit(CONFIG)).config.time_budget == 60, "who asks for none gets the class's"
    assert executor.store.record(ana.submit(CONFIG.replace(time_budget=5))).config.time_budget == 5
    teacher = OwnedRuns(executor, "the teacher", leads=True)
    assert executor.store.record(teacher.submit(CONFIG.replace(epochs=50))).config.epochs == 50


def test_a_run_cannot_outgrow_the_cap_by_being_extended_or_continued(ana, executor, desk):
    run_id = ana.submit(CONFIG)
    until(lambda: executor.store.record(run_id).choices)
    FakeWorker.made[0].finish(step=100)
    until(lambda: executor.store.record(run_id).ended)
    desk.change(most_epochs=12, most_seconds=100)
    refused("class_epochs", lambda: ana.extend(run_id, 13))
    refused("class_epochs", lambda: ana.continue_run(run_id, CONFIG.replace(epochs=99)))
    refused("value_too_small", lambda: ana.extend(run_id, 10))
    ana.extend(run_id, 12)
    record = executor.store.record(run_id)
    assert (record.config.epochs, record.config.time_budget) == (12, 100)


@pytest.mark.parametrize("name", FREEZABLE)
def test_every_setting_can_be_frozen(desk, name):
    value = getattr(CONFIG, name)
    rules = desk.change(frozen={name: value})
    assert rules.check(CONFIG) == CONFIG
    other = {"optimizer": "adam", "schedule": "cosine", "initialization": "he", "precision": "float32"}.get(name)
    if other is None:
        fractions = ("momentum", "label_smoothing", "weight_decay", "drop_factor")
        other = 0.5 if name in fractions else value - 1 if name == "test_images" else value + 1
    error = refused("setting_frozen", lambda: rules.check(CONFIG.replace(**{name: other})), value=value)
    assert error.field == name
    test = range_config(CONFIG.replace(**{name: other}))
    assert rules.check(test) == test, "a range test is free"


@pytest.mark.parametrize(
    "longer",
    [{"epochs": 10}, {"train_images": 60_000, "batch_size": 1}, {"learning_rate": 0.2}, {"evaluations": 5},
     {"test_images": 10_000}],
    ids=str,
)  # fmt: skip
def test_the_schedule_of_a_range_test_alone_frees_nothing(ana, executor, desk, longer):
    desk.change(frozen={"schedule": "constant"}, most_seconds=60)
    test = range_config(CONFIG)
    assert test.total_steps <= STEPS
    run_id = ana.submit(test)
    assert desk.person("ana").started == 0 and executor.store.record(run_id).config.time_budget == 60
    refused("setting_frozen", lambda: ana.submit(test.replace(**longer)))
    desk.change(frozen={}, most_runs=1)
    ana.submit(test.replace(**longer))
    refused("class_runs", lambda: ana.submit(test.replace(**longer)))
    assert desk.person("ana").started == 1


def test_a_range_test_that_goes_on_as_a_run_counts_as_one(ana, executor, desk):
    run_id = ana.submit(range_config(CONFIG))
    until(lambda: executor.store.record(run_id).choices)
    FakeWorker.made[0].finish(reason="stopped", step=5)
    until(lambda: executor.store.record(run_id).ended)
    ana.continue_run(run_id)
    assert desk.person("ana").started == 0, "it is the same test"
    until(lambda: executor.store.record(run_id).state == "running")
    FakeWorker.made[0].finish(step=10)
    until(lambda: executor.store.record(run_id).ended)
    desk.change(most_runs=1)
    ana.extend(run_id, 200)
    assert desk.person("ana").started == 1
    refused("class_runs", lambda: ana.submit(CONFIG))


def test_a_frozen_learning_rate_cannot_be_changed_on_the_way(ana, executor, desk):
    run_id = ana.submit(CONFIG)
    until(lambda: executor.store.record(run_id).choices)
    assert ana.command(run_id, "learning_rate", learning_rate=0.3)
    desk.change(frozen={"learning_rate": 0.1})
    refused("setting_frozen", lambda: ana.command(run_id, "learning_rate", learning_rate=0.3), value=0.1)
    assert ana.command(run_id, "pause"), "everything else goes on"


def test_a_frozen_network_is_the_only_one(ana, desk):
    desk.change(frozen_network="lenet_bn")
    error = refused("network_frozen", lambda: ana.submit(CONFIG), title="LeNet with batch norm")
    assert error.field == "architecture"
    ana.submit(CONFIG.replace(architecture="lenet_bn"))


def test_everybody_may_start_so_many_runs_and_no_more_even_at_once(ana, executor, desk):
    desk.change(most_runs=3)
    codes = []

    def flood():
        for _ in range(3):
            try:
                ana.submit(CONFIG)
            except CnnvizError as error:
                codes.append(error.code)

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == ["class_runs"] * 9 and len(executor.store.records()) == 3
    refused("class_runs", lambda: ana.submit(CONFIG.replace(schedule="range_test")), limit=3)
    ana.submit(range_config(CONFIG))
    desk.reset_starts()
    assert desk.person("ana").started == 0


def test_a_refused_run_is_not_counted(ana, executor, desk):
    desk.change(most_runs=50)
    for _ in range(4):
        ana.submit(CONFIG)
    refused("queue_full_for_owner", lambda: ana.submit(CONFIG))
    assert desk.person("ana").started == 4


def test_starting_too_fast_is_refused_with_the_seconds_to_wait(executor):
    now = [0.0]
    hand = OwnedRuns(executor, "ana", pace=PersonLimit(2, 3, 60, clock=lambda: now[0]))
    hand.submit(CONFIG)
    hand.submit(CONFIG)
    refused("too_fast", lambda: hand.submit(CONFIG), seconds=30)
    now[0] = 29.9
    refused("too_fast", lambda: hand.submit(CONFIG), seconds=1)
    now[0] = 30.5
    hand.submit(CONFIG)
    other = OwnedRuns(executor, "ben", pace=hand._pace)
    other.submit(CONFIG)


def test_ten_people_of_a_class_queue_three_runs_each(executor, desk):
    """Nobody waits for another's second run before their own first, although one pauses and gives the seat up."""
    hands = []
    for number in range(10):
        desk.join(str(number), f"person {number}")
        hands.append(ClassRuns(executor, str(number), desk))
    runs = {hand.submit(CONFIG): hand.owner for _round in range(3) for hand in hands}
    order = []
    worker = FakeWorker.made[0]
    while len(order) < 30:
        until(lambda: worker.run in runs and worker.run not in order)
        run_id = worker.run
        order.append(run_id)
        until(lambda run_id=run_id: executor.store.record(run_id).choices)
        worker.finish()
        until(lambda run_id=run_id: executor.store.record(run_id).ended)
    owners = [runs[run] for run in order]
    for turn in range(3):
        assert sorted(owners[10 * turn : 10 * turn + 10]) == sorted(map(str, range(10)))
