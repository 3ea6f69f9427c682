"""What ends a run before its last step, by its own settings: seconds, patience, or a range test's explosion."""

import math
from typing import Final

from cnnviz.events import Reason
from cnnviz.specs.training import TrainingConfig

EXPLODED: Final = 4.0  # a range test ends when the smoothed loss is so many times its smallest value
_SMOOTHING: Final = 0.9
_SETTLING: Final = 20  # steps before a range test may end


class Limits:
    """The limits of one run; they look at figures that the loop has anyway."""

    def __init__(self, config: TrainingConfig) -> None:
        self._budget = config.time_budget or math.inf
        self._patience = config.early_stopping or math.inf
        self._tests_range = config.schedule == "range_test"
        self._worse = 0
        self._steps = 0
        self._average = 0.0
        self._smallest = math.inf

    def saw_accuracy(self, better: bool) -> None:
        """A measurement of the test set, better than all before or not."""
        self._worse = 0 if better else self._worse + 1

    def saw_loss(self, loss: float) -> None:
        """The loss of a step, in order."""
        if not self._tests_range:
            return
        self._steps += 1
        self._average = _SMOOTHING * self._average + (1 - _SMOOTHING) * loss
        self._smallest = min(self._smallest, self._smoothed)

    @property
    def _smoothed(self) -> float:
        """Exponential mean of the losses, its start at zero taken out."""
        return self._average / (1 - _SMOOTHING**self._steps)

    def reached(self, seconds: float) -> Reason | None:
        """Why the run should end now, or None.

        Args:
            seconds: of the run, pauses left out.
        """
        if self._tests_range and self._steps > _SETTLING and self._smoothed > EXPLODED * self._smallest:
            return "diverged"
        if self._worse >= self._patience:
            return "early_stopped"
        return "time_budget" if seconds >= self._budget else None
