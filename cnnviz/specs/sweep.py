"""A sweep: one setting of everything, trained with several learning rates and batch sizes, each from several seeds.

Its settings are all there is to it: they find its runs (`training.sweep`), so a link is enough to see it again.
"""

from typing import Any, Final

from pydantic import field_validator, model_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.presets import preset_named
from cnnviz.specs.training import LEARNING_RATES, TrainingConfig

MOST_RUNS: Final = 25
RATES: Final = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
BATCHES: Final = (8, 16, 32, 64, 128, 256, 512, 1024)
"""What a page offers; a link may ask for anything that a run may have."""
_LARGEST_BATCH: Final = 4096


class SweepSpec(Spec):
    """What is trained: every learning rate with every batch size from every seed, everything else as in `base`."""

    base: TrainingConfig
    learning_rates: tuple[float, ...] = knob((0.03, 0.3, 3.0), N_("Learning rates"), N_("The rows of the map."))
    batch_sizes: tuple[int, ...] = knob((32, 128, 512), N_("Batch sizes"), N_("The columns of the map."))
    seeds: int = knob(
        1,
        N_("Seeds of each pair"),
        N_("Each pair starts from so many weights; a cell shows their mean."),
        ge=1,
        le=5,
        step=1,
    )

    @field_validator("learning_rates", "batch_sizes")
    @classmethod
    def _in_order(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Each once, from the smallest to the largest."""
        if not values:
            raise CnnvizError("sweep_empty")
        return tuple(sorted(set(values)))

    @model_validator(mode="after")
    def _usable(self) -> "SweepSpec":
        count = len(self.learning_rates) * len(self.batch_sizes) * self.seeds
        if count > MOST_RUNS:
            raise CnnvizError("sweep_too_large", field="learning_rates", count=count, limit=MOST_RUNS)
        if self.base.schedule == "range_test":
            raise CnnvizError("sweep_of_range_tests", field="schedule")
        self.configs()
        return self

    @property
    def pairs(self) -> tuple[tuple[float, int], ...]:
        """Every learning rate with every batch size, row by row."""
        return tuple((rate, size) for rate in self.learning_rates for size in self.batch_sizes)

    def configs(self) -> tuple[TrainingConfig, ...]:
        """The settings of every run: the whole map from the first seed, then from the next one.

        Raises:
            CnnvizError: if a run cannot have them.
        """
        return tuple(
            self.base.replace(learning_rate=rate, batch_size=size, seed=self.base.seed + number)
            for number in range(self.seeds)
            for rate, size in self.pairs
        )


def quick_settings(key: str) -> TrainingConfig:
    """Settings of a network that a class can train nine times over: the class preset, cut to a few seconds.

    LeNet with batch norm has plain SGD, where learning rate and batch size are all there is to a step.
    """
    config = preset_named(key, "class").config
    few = {"epochs": 1, "test_images": 2_000, "evaluations": 2, "schedule": "constant"}
    if key == "lenet_bn":
        return config.replace(**few, train_images=12_000, optimizer="sgd", learning_rate=0.3)
    return config.replace(**few, train_images=12_000 if key == "lenet" else min(6_000, config.train_images))


def around(config: TrainingConfig) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Learning rates and batch sizes around those of a run: a tenth and ten times the one, a quarter and four times
    the other, as far as a run may have them.
    """
    rate, size = config.learning_rate, config.batch_size
    rates = {float(f"{rate * factor:.6g}") for factor in (0.1, 1, 10)}
    low, high = LEARNING_RATES
    sizes = {size // 4, size, size * 4}
    largest = min(_LARGEST_BATCH, config.train_images)
    return (
        tuple(sorted(one for one in rates if low <= one <= high)),
        tuple(sorted(one for one in sizes if 1 <= one <= largest)),
    )
