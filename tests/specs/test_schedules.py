"""Each schedule gives the rates of its twin in `torch.optim.lr_scheduler`, step by step."""

from itertools import pairwise

import pytest
import torch
from torch.optim import lr_scheduler

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import TrainingConfig

RATE = 0.4
BASE = {"architecture": "lenet", "learning_rate": RATE, "train_images": 640, "batch_size": 64, "epochs": 7}
STEPS = 70  # 10 an epoch


def own(**options):
    config = TrainingConfig(**BASE | options)
    assert config.total_steps == STEPS
    return [config.learning_rate * config.rate_factor(step) for step in range(STEPS)]


def torchs(make):
    """The rate of each update under a scheduler that is stepped after it."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = make(optimizer)
    rates = []
    for _step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_constant_is_what_it_says():
    assert own() == [RATE] * STEPS


def test_in_steps():
    expected = torchs(lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.3))
    assert own(schedule="step", drop_epochs=2, drop_factor=0.3) == pytest.approx(expected)


def test_cosine_falls_to_zero_after_the_last_update():
    expected = torchs(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS))
    assert own(schedule="cosine") == pytest.approx(expected)


def test_one_cycle():
    expected = torchs(
        lambda optimizer: lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS, cycle_momentum=False)
    )
    assert own(schedule="one_cycle") == pytest.approx(expected)


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine"])
def test_a_warm_up_rises_to_the_full_rate_and_the_schedule_begins_behind_it(schedule):
    rise = 15
    rates = own(schedule=schedule, warmup_epochs=1.5, drop_epochs=2)
    expected = torchs(lambda optimizer: lr_scheduler.LinearLR(optimizer, 1 / rise, total_iters=rise - 1))
    assert rates[:rise] == pytest.approx(expected[:rise])
    assert rates[rise] == pytest.approx(RATE)
    short = TrainingConfig(**BASE | {"schedule": schedule, "epochs": 11, "drop_epochs": 2, "train_images": 320})
    assert short.total_steps == STEPS - rise
    if schedule != "step":  # whose epochs are counted in steps of another length there
        behind = [RATE * short.rate_factor(step) for step in range(STEPS - rise)]
        assert rates[rise:] == pytest.approx(behind)


def test_a_range_test_rises_by_the_same_factor_from_a_millionth_to_the_full_rate():
    rates = own(schedule="range_test")
    assert rates[0] == pytest.approx(1e-6) and rates[-1] == pytest.approx(RATE)
    factors = [later / earlier for earlier, later in pairwise(rates)]
    assert factors == pytest.approx([factors[0]] * (STEPS - 1))


@pytest.mark.parametrize(
    "field", ["warmup_epochs", "label_smoothing", "gradient_clip", "early_stopping", "time_budget"]
)
def test_a_negative_setting_is_refused_by_name(field):
    with pytest.raises(CnnvizError) as caught:
        TrainingConfig.parse({**BASE, field: -1})
    assert caught.value.field == field
