"""What a learning-rate range test says: where the loss falls fastest, where it explodes, and which rate to take.

Smith 2015, "Cyclical learning rates for training neural networks", arXiv 1506.01186, section 3.3: let the rate grow
while training and watch the loss. The rate suggested is the one where the smoothed loss falls most steeply over the
logarithm of the rate, a safe one below the largest that still works.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cnnviz.training.limit import EXPLODED
from cnnviz.training.records import StepArrays

_WIDTH: Final = 0.03  # of all steps: over so many the loss is smoothed before and after each
_FEWEST: Final = 20  # steps
_FALL: Final = 0.02  # share of the first loss that must be lost before a rate is suggested


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What was found.

    Attributes:
        suggested: the rate to take: the steepest one, rounded to one digit.
        steepest: where the smoothed loss falls fastest over the logarithm of the rate.
        smallest_loss: the rate at which the smoothed loss was smallest; larger ones do harm.
        diverges: from this rate on the loss explodes; None if it never did.
    """

    suggested: float
    steepest: float
    smallest_loss: float
    diverges: float | None


def suggest(steps: StepArrays) -> Suggestion | None:
    """Read the curve of a range test; None while there are too few steps, or if the loss never fell.

    Args:
        steps: of the run, with the learning rate of each.
    """
    if len(steps) < _FEWEST:
        return None
    rates, loss = steps.learning_rate.astype(np.float64), smoothed(steps.loss)
    slope = np.gradient(loss, np.log(rates))
    lowest = int(np.argmin(loss))
    if lowest == 0 or loss[0] - loss[lowest] < _FALL * loss[0]:
        return None
    steepest = int(np.argmin(slope[: lowest + 1]))
    exploded = np.flatnonzero(loss[lowest:] > EXPLODED * loss[lowest])
    return Suggestion(
        suggested=float(f"{rates[steepest]:.0e}"),
        steepest=float(rates[steepest]),
        smallest_loss=float(rates[lowest]),
        diverges=float(rates[lowest + int(exploded[0])]) if len(exploded) else None,
    )


def smoothed(loss: "NDArray[np.float32]") -> "NDArray[np.float64]":
    """The mean over a window around each step, narrower at the ends; float64 of the same length."""
    half = max(2, round(len(loss) * _WIDTH))
    sums = np.concatenate([[0.0], np.cumsum(loss, dtype=np.float64)])
    places = np.arange(len(loss))
    first, last = np.maximum(places - half, 0), np.minimum(places + half + 1, len(loss))
    means: NDArray[np.float64] = (sums[last] - sums[first]) / (last - first)
    return means
