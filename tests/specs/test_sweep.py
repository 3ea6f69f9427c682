"""What a sweep may be: so many runs, each of which could be started by itself."""

import pytest

from cnnviz.architectures import catalog
from cnnviz.errors import CnnvizError
from cnnviz.specs.presets import presets
from cnnviz.specs.sweep import BATCHES, MOST_RUNS, RATES, SweepSpec, around, quick_settings
from cnnviz.specs.training import LEARNING_RATES, TrainingConfig

BASE = TrainingConfig(architecture="lenet", train_images=1000)


def sweep(**changes):
    return SweepSpec.parse({"base": BASE, "learning_rates": (0.1, 0.3), "batch_sizes": (32, 64), **changes})


def refused(code, **changes):
    with pytest.raises(CnnvizError) as caught:
        sweep(**changes)
    assert caught.value.code == code
    return caught.value


def test_every_pair_is_a_run_from_every_seed_the_whole_map_from_the_first():
    found = sweep(seeds=2, learning_rates=(0.3, 0.1, 0.3)).configs()
    assert [(config.seed, config.learning_rate, config.batch_size) for config in found] == [
        (seed, rate, size) for seed in (1, 2) for rate in (0.1, 0.3) for size in (32, 64)
    ]
    assert {config.replace(learning_rate=0.1, batch_size=128, seed=1) for config in found} == {BASE}


def test_what_cannot_be_is_refused_at_its_field():
    assert refused("sweep_too_large", learning_rates=RATES, seeds=5).parameters == {"count": 110, "limit": MOST_RUNS}
    assert refused("sweep_empty", batch_sizes=()).field == "batch_sizes"
    assert refused("sweep_of_range_tests", base=BASE.replace(schedule="range_test")).field == "schedule"
    assert refused("value_too_large", learning_rates=(0.1, 11)).field == "learning_rate"
    assert refused("value_too_small", batch_sizes=(0,)).field == "batch_size"
    assert refused("batch_larger_than_data", batch_sizes=(32, 1001)).field == "batch_size"
    assert refused("value_too_large", seeds=6).field == "seeds"
    assert refused("value_too_large", base=BASE.replace(seed=2**31 - 1), seeds=2).field == "seed"


def test_as_many_as_are_allowed_are():
    assert len(sweep(learning_rates=RATES[:5], batch_sizes=BATCHES[:5]).configs()) == MOST_RUNS


@pytest.mark.parametrize("key", [entry.key for entry in catalog()])
def test_what_a_class_may_try_nine_times_is_less_than_its_preset(key):
    """It starts from nine runs, and none of them sees more pictures than one run of the preset."""
    own, preset = quick_settings(key), presets(key)[0].config
    rates, sizes = around(own)
    spec = SweepSpec(base=own, learning_rates=rates, batch_sizes=sizes)
    assert len(spec.configs()) == 9
    assert own.architecture == preset.architecture
    assert own.epochs * own.train_images <= 12_000 < preset.epochs * preset.train_images


def test_around_a_run_lie_rates_and_batches_that_it_may_have():
    assert around(BASE.replace(learning_rate=0.005, batch_size=100)) == ((0.0005, 0.005, 0.05), (25, 100, 400))
    low, high = LEARNING_RATES
    assert around(BASE.replace(learning_rate=high, batch_size=1000)) == ((1.0, 10.0), (250, 1000))
    assert around(BASE.replace(learning_rate=low, batch_size=1)) == ((1e-6, 1e-5), (1, 4))
