"""Runs beside each other: which settings differ, which runs are seeds of one, and what a difference is worth.

Pure functions of records; no torch.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cnnviz.language import N_
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.records import RunRecord
from cnnviz.training.same import config_hash

FEWEST_SEEDS: Final = 3
"""So many runs that differ in their seed alone are drawn and judged together."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of several runs.

    Attributes:
        name: "learning_rate", or "architecture.image_size" for a knob of the network.
        label: English message of the catalogue.
        values: one per run; None where a network has no such knob.
    """

    name: str
    label: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs disagree."""
        return any(value != self.values[0] for value in self.values[1:])


@dataclass(frozen=True, slots=True)
class SeedBand:
    """Runs that differ in their seed alone.

    Attributes:
        key: of their settings without the seed.
        runs: their ids.
        accuracies: the last test accuracy of each that has one.
    """

    key: str
    runs: tuple[str, ...]
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float | None:
        """Of the accuracies; None without any."""
        return statistics.fmean(self.accuracies) if self.accuracies else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation of the accuracies as a sample (n − 1); None of fewer than two."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else None


def settings_of(configs: Sequence[TrainingConfig]) -> tuple[Setting, ...]:
    """Every setting of some runs, those of the networks first, in the order of the specs."""
    found: dict[str, Setting] = {}
    flat = [_flat(config) for config in configs]
    for one in flat:
        for name, (label, _value) in one.items():
            if name not in found:
                values = tuple(other[name][1] if name in other else None for other in flat)
                found[name] = Setting(name, label, values)
    return tuple(sorted(found.values(), key=lambda setting: not setting.name.startswith("architecture.")))


def differing(configs: Sequence[TrainingConfig]) -> tuple[Setting, ...]:
    """The settings in which some runs disagree."""
    return tuple(setting for setting in settings_of(configs) if setting.differs)


def band_key(config: TrainingConfig) -> str:
    """Equal for two runs that differ in their seed alone."""
    return config_hash(config.replace(seed=0))


def seed_bands(records: Sequence[RunRecord], fewest: int = FEWEST_SEEDS) -> tuple[SeedBand, ...]:
    """The runs of which at least `fewest` differ in their seed alone, in the order of the first of each."""
    together: dict[str, list[RunRecord]] = {}
    for record in records:
        if record.config_hash is not None:  # nobody's hand on it
            together.setdefault(band_key(record.config), []).append(record)
    return tuple(
        SeedBand(
            key,
            tuple(record.id for record in members),
            tuple(record.test_accuracy for record in members if record.test_accuracy is not None),
        )
        for key, members in together.items()
        if len({record.config.seed for record in members}) >= fewest
    )


def difference_is_real(first: SeedBand, second: SeedBand) -> bool | None:
    """Whether two bands' means are further apart than twice the standard error of their difference.

    Welch's standard error: the root of the sum of variance over count of both. None where a band has fewer than two
    accuracies.
    """
    if first.mean is None or second.mean is None or first.deviation is None or second.deviation is None:
        return None
    error = math.sqrt(first.deviation**2 / len(first.accuracies) + second.deviation**2 / len(second.accuracies))
    return abs(first.mean - second.mean) > 2 * error


def measuring_error(accuracy: float, images: int) -> float:
    """Standard error of an accuracy measured on so many test images: the root of p(1 − p)/n."""
    return math.sqrt(max(0.0, accuracy * (1 - accuracy)) / max(1, images))


def _flat(config: TrainingConfig) -> Mapping[str, tuple[str, Any]]:
    """Name → (label, value) of every setting; the network's knobs under "architecture."."""
    fields: dict[str, tuple[str, Any]] = {}
    for prefix, spec in (("architecture.", config.architecture), ("", config)):
        for name, value in spec:
            if not (prefix == "" and name in ("architecture", "augmentation")):
                fields[prefix + name] = (type(spec).model_fields[name].title or name, value)
    chain = config.augmentation
    fields["augmentation"] = (N_("Augmentation"), chain if chain is not None and chain.operations else None)
    fields["architecture.key"] = (N_("Network"), config.architecture.key)
    return fields
