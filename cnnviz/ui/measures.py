"""What the upper of the two charts shows over the steps: the accuracy, or another line of the training."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np

from cnnviz.language import N_

if TYPE_CHECKING:
    from cnnviz.training.records import StepArrays

Measure = Literal["accuracy", "learning_rate", "images_per_second", "memory", "load"]
MEASURES: Final[Mapping[str, str]] = {
    "accuracy": N_("Accuracy"),
    "learning_rate": N_("Learning rate"),
    "images_per_second": N_("Images per second"),
    "memory": N_("Memory (MiB)"),
    "load": N_("Load of the device"),
}
_MIB: Final = 2**20


def measure_named(name: str) -> Measure:
    """The measure of that name; the accuracy for anything else."""
    return cast(Measure, name) if name in MEASURES else "accuracy"


def values_of(steps: "StepArrays", measure: Measure) -> Any:
    """A measure of each step, float32: accuracy and load as shares of one, memory in MiB; maybe not a number."""
    values = getattr(steps, "accuracy" if measure == "accuracy" else measure)
    if values is None:
        return np.full(len(steps), np.nan, np.float32)
    return values / np.float32(_MIB) if measure == "memory" else values
