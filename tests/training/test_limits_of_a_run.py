"""What ends a run by itself: its seconds, its patience, a range test's explosion; and what a range test suggests."""

import numpy as np
import pytest

from cnnviz.specs.training import TrainingConfig
from cnnviz.training import StepArrays, train
from cnnviz.training.limit import Limits
from cnnviz.training.range_test import smoothed, suggest

SMALL = {"architecture": "lenet_bn", "train_images": 640, "batch_size": 64, "test_images": 200}


def ends(**options):
    events = list(train(TrainingConfig(**SMALL | options)))
    return events, events[-1]


def test_a_time_budget_ends_the_run_in_good_order_with_a_last_measurement():
    events, last = ends(epochs=200, evaluations=1, time_budget=1.0)
    assert (last.kind, last.reason) == ("finished", "time_budget")
    assert last.test_accuracy is not None and last.seconds < 5
    assert [event.kind for event in events].count("evaluated") == 1


def test_patience_ends_the_run_after_so_many_measurements_that_are_no_better():
    events, last = ends(epochs=40, evaluations=40, early_stopping=3, learning_rate=1e-6)
    assert (last.kind, last.reason) == ("finished", "early_stopped")
    accuracies = [event.test_accuracy for event in events if event.kind == "evaluated"]
    assert len(accuracies) < 40 and max(accuracies[-3:]) <= max(accuracies[:-3])


def test_a_run_that_gets_better_is_not_cut_short():
    assert ends(epochs=2, evaluations=2, early_stopping=1, learning_rate=0.2)[1].reason == "completed"


def test_a_range_test_ends_when_the_loss_is_four_times_its_smallest():
    limits = Limits(TrainingConfig(**SMALL, schedule="range_test"))
    for loss in [2.0] * 30 + [1.0] * 60:
        limits.saw_loss(loss)
        assert limits.reached(0) is None
    for _step in range(200):
        limits.saw_loss(9.0)
    assert limits.reached(0) == "diverged"
    other = Limits(TrainingConfig(**SMALL))
    for loss in [1.0] * 50 + [90.0] * 50:
        other.saw_loss(loss)
    assert other.reached(1e9) is None, "only a range test ends that way"


def arrays(rates, loss):
    count = len(rates)
    zeros = np.zeros(count, np.float32)
    return StepArrays(
        np.arange(1, count + 1, dtype=np.int32), np.asarray(loss, np.float32), zeros, zeros,
        np.asarray(rates, np.float32), zeros,
    )  # fmt: skip


@pytest.mark.parametrize("centre", [1e-3, 1e-1])
def test_the_suggestion_is_where_a_known_curve_falls_fastest(centre):
    rates = np.geomspace(1e-6, 10, 200)
    distance = np.log(rates / centre)
    loss = 2.3 - 1.5 / (1 + np.exp(-2 * distance)) + np.where(rates > 30 * centre, 50.0, 0.0)
    found = suggest(arrays(rates, loss))
    assert found is not None
    assert found.steepest == pytest.approx(centre, rel=0.3)
    assert centre < found.smallest_loss < 60 * centre
    assert found.diverges is not None and found.diverges > found.smallest_loss


def test_a_curve_that_never_falls_suggests_nothing():
    rates = np.geomspace(1e-6, 10, 100)
    assert suggest(arrays(rates, np.full(100, 2.303))) is None
    assert suggest(arrays(rates[:5], np.linspace(2, 1, 5))) is None, "too few steps to say"


def test_smoothing_keeps_a_constant_and_the_length():
    assert smoothed(np.full(50, 1.5, np.float32)) == pytest.approx(np.full(50, 1.5))


def test_lenet_with_batch_norm_is_told_a_rate_that_works():
    config = TrainingConfig(**SMALL | {"train_images": 9_600, "schedule": "range_test", "learning_rate": 10.0})
    blocks = [event for event in train(config) if event.kind == "steps"]
    rates = [rate for block in blocks for rate in block.learning_rates or [block.learning_rate] * len(block.losses)]
    found = suggest(arrays(rates, [loss for block in blocks for loss in block.losses]))
    assert found is not None and 0.003 < found.suggested < 3
