"""What a sweep's map says, from a store: whatever was trained with a cell's settings is its result."""

import csv
import io

import pytest

from cnnviz.events import Evaluated, Failed, Finished, Started, Steps
from cnnviz.specs.sweep import SweepSpec
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import RunStore
from cnnviz.training.sweep import best_of, cells_of, level_with, missing, new_group, sweep_csv

SPEC = SweepSpec(
    base=TrainingConfig(architecture="lenet", train_images=1000, test_images=10_000),
    learning_rates=(0.1, 1.0),
    batch_sizes=(50, 100),
)
CONFIGS = SPEC.configs()


@pytest.fixture
def store(tmp_path):
    store = RunStore(tmp_path)
    yield store
    store.close()


def trained(store, config, accuracy=None, *, end=None, owner="ana", **options):
    """A run that has come so far: it trains, has measured, or has ended in some way."""
    run_id = store.create(config, owner=owner, state="running", **options)
    place = {"step": 10, "epoch": 1.0, "seconds": 2.0}
    events = [
        Started(total_steps=10, steps_per_epoch=10, parameters=1, train_images=1, test_images=1, device="cpu",
                device_name="none", precision="float32", threads=1),
        Steps(**place, first_step=10, losses=(1.0,), accuracies=(0.5,), train_loss=1.0, train_accuracy=0.5,
              learning_rate=0.1, images_per_second=500.0),
    ]  # fmt: skip
    if accuracy is not None:
        events.append(
            Evaluated(**place, test_loss=1.0, test_accuracy=accuracy, train_loss=1.0, train_accuracy=0.5,
                      learning_rate=0.1, images_per_second=500.0, test_images=10)
        )  # fmt: skip
    if end is not None:
        events.append(end)
    store.append(run_id, events)
    return run_id


def done(store, config, accuracy, **options):
    end = Finished(step=10, seconds=2.0, reason="completed")
    return trained(store, config, accuracy, end=end, **options)


def diverged(store, config):
    failure = {"step": 10, "learning_rate": 1.0, "suggested": 0.1}
    return trained(store, config, end=Failed(step=10, seconds=2.0, code="loss_not_finite", parameters=failure))


def cells(store, spec=SPEC, **options):
    return cells_of(spec, store.find_each(spec.configs(), **options))


def test_a_cell_is_what_its_run_is(store):
    done(store, CONFIGS[0], 0.8)
    diverged(store, CONFIGS[1])
    trained(store, CONFIGS[2], 0.4)
    store.create(CONFIGS[3], owner="ben")
    found = cells(store)
    assert [(cell.learning_rate, cell.batch_size) for cell in found] == [(0.1, 50), (0.1, 100), (1, 50), (1, 100)]
    assert [cell.state for cell in found] == ["done", "diverged", "runs", "waits"]
    assert [cell.accuracy for cell in found] == [0.8, None, 0.4, None]
    assert (found[0].seconds, found[0].images_per_second) == (2.0, 500.0)
    assert missing(CONFIGS, store.find_each(CONFIGS)) == ()


@pytest.mark.parametrize(("code", "reason"), [("worker_lost", None), (None, "stopped")])
def test_a_run_that_came_to_nothing_is_missing_until_another_one_is_there(store, code, reason):
    end = Failed(step=10, code=code, parameters={"step": 1}) if code else Finished(step=10, reason=reason)
    trained(store, CONFIGS[0], 0.3, end=end)
    assert cells(store)[0].failed == bool(code)
    assert [cell.state for cell in cells(store)] == ["failed" if code else "stopped", "open", "open", "open"]
    assert missing(CONFIGS, store.find_each(CONFIGS)) == CONFIGS
    kept = done(store, CONFIGS[0], 0.7)
    trained(store, CONFIGS[0], 0.2)
    assert cells(store)[0].runs[0].id == kept, "what is finished says more than a repetition on its way"
    assert missing(CONFIGS, store.find_each(CONFIGS)) == CONFIGS[1:]


def test_a_paused_run_is_said_to_be_one(store):
    store.set_state(trained(store, CONFIGS[0], 0.3), "paused")
    found = cells(store)
    assert found[0].state == "paused" and missing(CONFIGS, store.find_each(CONFIGS)) == CONFIGS[1:]


def test_anybodys_run_counts_unless_everybody_works_alone(store):
    done(store, CONFIGS[0], 0.8, owner="ben")
    assert cells(store)[0].state == "done"
    assert [cell.state for cell in cells(store, owner="ana")] == ["open"] * 4
    mine = trained(store, CONFIGS[0], 0.1, owner="ana")
    assert cells(store, owner="ana")[0].runs[0].id == mine


def test_a_run_that_somebody_changed_on_the_way_is_no_result(store):
    run_id = done(store, CONFIGS[0], 0.8)
    store.requeue(run_id, CONFIGS[0].replace(epochs=9))
    store.append(run_id, [Finished(step=10, reason="completed")])
    assert cells(store)[0].state == "open"


def test_the_best_cell_and_those_that_are_not_certainly_worse(store):
    """On 10,000 pictures two accuracies near 0.8 differ for certain from 1.13 points on."""
    for config, accuracy in zip(CONFIGS, (0.792, 0.800, 0.788, 0.795), strict=True):
        done(store, config, accuracy)
    found = cells(store)
    best = best_of(found)
    assert (best.learning_rate, best.batch_size) == (0.1, 100)
    assert [cell.accuracy for cell in level_with(best, found)] == [0.795, 0.792]


def test_only_what_is_done_can_be_best(store):
    assert best_of(cells(store)) is None
    trained(store, CONFIGS[0], 0.9)
    done(store, CONFIGS[1], 0.5)
    assert best_of(cells(store)).batch_size == 100


def test_a_cell_that_only_guesses_is_not_best(store):
    """On 10,000 pictures an accuracy of 10.6 % may be luck, one of 10.7 % is not."""
    done(store, CONFIGS[0], 0.106)
    assert best_of(cells(store)) is None and not cells(store)[0].learned
    done(store, CONFIGS[1], 0.107)
    assert best_of(cells(store)).batch_size == 100


def test_seeds_are_one_cell_with_their_mean(store):
    spec = SPEC.replace(seeds=3)
    configs = spec.configs()
    for number, accuracy in ((0, 0.7), (4, 0.8)):
        done(store, configs[number], accuracy)
    (first, *others) = cells(store, spec)
    assert (first.state, first.done, first.accuracy) == ("done", 2, pytest.approx(0.75))
    assert first.error == pytest.approx(0.05), "between seeds, not between pictures"
    assert {cell.state for cell in others} == {"open"}
    diverged(store, configs[8])
    assert cells(store, spec)[0].state == "diverged"
    assert len(missing(configs, store.find_each(configs))) == 9


def test_every_run_is_a_line_for_programs(store):
    run_id = done(store, CONFIGS[0], 0.8125)
    diverged(store, CONFIGS[3])
    rows = list(csv.DictReader(io.StringIO(sweep_csv(SPEC, store.find_each(CONFIGS)))))
    assert [(row["learning_rate"], row["batch_size"], row["state"]) for row in rows] == [
        ("0.1", "50", "done"), ("0.1", "100", "open"), ("1", "50", "open"), ("1", "100", "diverged")
    ]  # fmt: skip
    assert rows[0]["best_test_accuracy"] == "0.8125" and rows[0]["run"] == run_id and rows[0]["seconds"] == "2"
    assert rows[1]["run"] == ""


def test_one_press_has_a_group_of_its_own():
    assert new_group() != new_group() and new_group().startswith("sweep ")
