"""Runs beside each other: what differs, what is one seed of another, and what a difference is worth."""

import math
import statistics

import pytest

from cnnviz.specs.training import TrainingConfig
from cnnviz.training.comparing import (
    SeedBand,
    band_key,
    difference_is_real,
    differing,
    measuring_error,
    seed_bands,
    settings_of,
)
from cnnviz.training.records import RunRecord
from cnnviz.training.same import config_hash

LENET = TrainingConfig.parse({"architecture": "lenet"})


def record(run_id, config, accuracy=None, **fields):
    return RunRecord(
        id=run_id, owner="me", group=None, name="", config=config, state="finished", created=0.0,
        test_accuracy=accuracy, config_hash=config_hash(config), **fields,
    )  # fmt: skip


def test_what_differs_is_found_in_the_network_and_in_the_training():
    other = LENET.replace(learning_rate=0.5, architecture=LENET.architecture.replace(activation="relu"))
    found = {setting.name: setting.values for setting in differing([LENET, other])}
    assert found == {"learning_rate": (0.1, 0.5), "architecture.activation": ("sigmoid", "relu")}


def test_every_setting_is_in_the_table_once_and_a_missing_knob_is_a_gap():
    vgg = TrainingConfig.parse({"architecture": "vgg11"})
    settings = {setting.name: setting for setting in settings_of([LENET, vgg])}
    own = {f"architecture.{name}" for name, _ in LENET.architecture}
    own |= {f"architecture.{name}" for name, _ in vgg.architecture}
    own |= set(TrainingConfig.model_fields) - {"architecture"}
    assert set(settings) == own
    assert settings["architecture.convolutions"].values == (None, (1, 1, 2, 2, 2))
    assert not settings["epochs"].differs and settings["architecture.key"].values == ("lenet", "vgg11")


def test_chains_of_augmentation_are_compared_by_all_their_numbers():
    weak, strong = (
        LENET.replace(augmentation={"operations": [{"kind": "brightness", "brightness": value}]})
        for value in (0.1, 0.9)
    )
    assert [setting.name for setting in differing([weak, strong])] == ["augmentation"]
    assert differing([weak, weak]) == ()
    assert [setting.name for setting in differing([LENET, weak])] == ["augmentation"]


def test_three_seeds_are_a_band_and_two_are_not():
    runs = [record(str(seed), LENET.replace(seed=seed), 0.8 + seed / 100) for seed in (1, 2, 3)]
    other = record("x", LENET.replace(learning_rate=0.5), 0.5)
    (band,) = seed_bands([runs[0], other, *runs[1:]])
    assert band.runs == ("1", "2", "3") and band.key == band_key(LENET)
    assert band.mean == pytest.approx(statistics.mean([0.81, 0.82, 0.83]))
    assert band.deviation == pytest.approx(statistics.stdev([0.81, 0.82, 0.83]))
    assert seed_bands([*runs[:2], other]) == ()
    assert seed_bands([runs[0]] * 3) == (), "one seed three times is one seed"


def test_a_difference_counts_from_twice_its_standard_error_on():
    first = SeedBand("a", (), (0.80, 0.82, 0.81, 0.83))
    for shift in (0.002, 0.005, 0.012, 0.02, 0.05):
        second = SeedBand("b", (), tuple(value + shift for value in (0.80, 0.82, 0.81, 0.83)))
        # Welch's t of four against four with equal variances: the shift over the root of 2 s²/4
        welch = shift / math.sqrt(2 * statistics.variance(first.accuracies) / 4)
        assert difference_is_real(first, second) == (welch > 2)
    assert difference_is_real(first, SeedBand("c", (), (0.5,))) is None


def test_the_error_of_measuring_is_that_of_a_share():
    assert measuring_error(0.9, 10_000) == pytest.approx(math.sqrt(0.9 * 0.1 / 10_000))
    assert measuring_error(1, 10) == 0
