"""Curves of a run made small enough to send twice a second, without hiding what happened.

A reduction keeps the smallest and the largest value of every stretch, so a single bad step stays visible however long
the run is. Only numpy; nothing here knows who draws.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Steps = NDArray[np.int32]
Values = NDArray[np.float32]
Dash = Literal["solid", "dot", "dash", "longdash", "dashdot", "longdashdot"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a step: a thin vertical line with a label in the reader's language."""

    step: int
    label: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A horizontal line to compare with, such as ln 10 in the loss or a published accuracy.

    Attributes:
        panel: which of the two charts it belongs to.
        value: an accuracy as a share of one, or a loss in nats.
        label: what it means, in the reader's language.
        color: the run's colour if it belongs to one, or a pair (light theme, dark theme); "" for the neutral grey.
        spread: the lowest and the highest of what the line stands for, drawn as a tinted strip; None for a line alone.
    """

    panel: Literal["accuracy", "loss"]
    value: float
    label: str
    color: str | tuple[str, str] = ""
    spread: tuple[float, float] | None = None


def _no_steps() -> Steps:
    return np.zeros(0, np.int32)


def _no_values() -> Values:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class RunCurves:
    """What one run has measured so far, ready to be drawn.

    Losses are cross-entropies in nats, accuracies shares of one, steps count from 1 and increase. Lists are accepted.

    Attributes:
        id: the run's id; points are merged under it.
        name: shown at the line's end and in the legend; plain text.
        color: a CSS colour, or a pair (in the light theme, in the dark theme).
        dash: the network's dash pattern.
        train_steps, train_loss, train_accuracy: one entry per training step; arrays of equal length.
        test_steps, test_loss, test_accuracy: one entry per evaluation, always from the first one on.
        previous_step: the last step before `train_steps` begins: 0 when the whole history is given.
        steps_per_epoch: for an axis in epochs; 0 where it is not known.
        total_steps: how many steps the run will have, so that the axis reaches as far; 0 where it is not known.
        revision: changes when the run starts over and what was drawn before no longer counts.
        marks: what happened on the way.
        positions: where some steps lie on an axis of seconds or MACs, as (step, position); straight lines between them
            and beyond the last. Empty on other axes.
        band: the id and the name of what it is one seed of; three or more such runs are drawn as their mean and their
            spread. None for a run that stands for itself.
        measured: whether `train_accuracy` is another measure, of any size, in place of the accuracy.
        ticket: lets the browser fetch new points by itself once it knows the run, so that none are sent to it; ""
            where all points are sent.
        state: where the run stands, while it still moves; "race" while it gets turns; "" when nothing more will come.
    """

    id: str
    name: str
    color: str | tuple[str, str]
    dash: Dash = "solid"
    train_steps: ArrayLike = field(default_factory=_no_steps)
    train_loss: ArrayLike = field(default_factory=_no_values)
    train_accuracy: ArrayLike = field(default_factory=_no_values)
    test_steps: ArrayLike = field(default_factory=_no_steps)
    test_loss: ArrayLike = field(default_factory=_no_values)
    test_accuracy: ArrayLike = field(default_factory=_no_values)
    previous_step: int = 0
    steps_per_epoch: int = 0
    total_steps: int = 0
    revision: int | str = 0
    marks: tuple[Mark, ...] = ()
    positions: tuple[tuple[int, float], ...] = ()
    band: tuple[str, str] | None = None
    measured: bool = False
    ticket: str = ""
    state: str = ""


def extremes(values: ArrayLike, limit: int) -> NDArray[np.intp]:
    """Positions of the points that keep the outline: the smallest and the largest of each of `limit // 2` stretches.

    The first and the last point are always among them. Values that are not numbers are never chosen where their stretch
    has a number. Positions increase and there are at most `limit` of them.

    Args:
        values: (N,) values.
        limit: the most positions wanted, at least 4.

    Raises:
        ValueError: if `limit` is below 4.
    """
    if limit < 4:
        raise ValueError(f"limit: {limit} points cannot keep an outline, the smallest is 4")
    array = np.asarray(values, np.float64)
    count = len(array)
    if count <= limit:
        return np.arange(count)
    stretches = (limit - 2) // 2
    edges = np.linspace(1, count - 1, stretches + 1).astype(np.intp)
    low = np.where(np.isnan(array), np.inf, array)
    high = np.where(np.isnan(array), -np.inf, array)
    chosen = [0, count - 1]
    for start, stop in pairwise(edges):
        chosen += [start + int(np.argmin(low[start:stop])), start + int(np.argmax(high[start:stop]))]
    return np.unique(np.asarray(chosen, np.intp))


def tail(steps: ArrayLike, after: int, count: int = 0) -> int:
    """Where the points begin that a browser still needs: those after a step, or the last `count` if that is more.

    Args:
        steps: (N,) step numbers, increasing.
        after: the step up to which everything is there.
        count: points to take in any case.

    Returns:
        A position: `steps[position:]` are to be sent.
    """
    array = np.asarray(steps, np.int32)
    return min(int(np.searchsorted(array, after, side="right")), max(len(array) - count, 0))


def columns(steps: ArrayLike, *series: ArrayLike) -> tuple[Any, ...]:
    """Step numbers as int32 and series as float32 arrays of the same length.

    Raises:
        ValueError: if the lengths differ.
    """
    where = np.asarray(steps, np.int32)
    arrays = tuple(np.asarray(values, np.float32) for values in series)
    for array in arrays:
        if array.shape != where.shape:
            raise ValueError(f"{len(where)} steps and {len(array)} values: give one value per step")
    return where, *arrays
