"""A race: two to four contestants under the same budget, in turn on one device. The rules alone, without torch.

A budget of images or MACs is made exact by the settings: each contestant's images and epochs are chosen so that its
whole run is its budget. A budget of seconds counts the time of its training steps; measuring the test set, waiting for
a turn and the start of a turn are nobody's. Turns are stretches of the run's own time budget, so any executor can run
them: whoever has used the smallest share of the budget comes next, and one that is out leaves the others theirs.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from pydantic import field_validator

from cnnviz.errors import CnnvizError
from cnnviz.events import Evaluated, Event, Started
from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.training import TRAIN_IMAGES, TrainingConfig
from cnnviz.training.card import TRAINING_PASSES
from cnnviz.training.records import RunRecord

Budget = Literal["seconds", "images", "macs"]
FEWEST: Final = 2
MOST: Final = 4
TURNS: Final = 12
"""Turns of each contestant, about."""
SHORTEST: Final = 0.5
"""Seconds of a turn, at least: a start costs a tenth."""
_DONE: Final = 0.995
_EPOCHS: Final = 200


class RaceSpec(Spec):
    """Who races and for how much; complete, so that a race can be repeated.

    `amount` is in seconds, in training images, or in MACs of training (forward and backward).
    """

    contestants: tuple[TrainingConfig, ...]
    names: tuple[str, ...] = ()
    budget: Budget = knob("seconds", N_("Same budget of"), N_("What every contestant gets the same of."))
    amount: float = knob(15.0, N_("Budget"), N_("For each contestant."), ge=1e-6, le=1e18)

    @field_validator("contestants")
    @classmethod
    def _two_to_four(cls, contestants: tuple[TrainingConfig, ...]) -> tuple[TrainingConfig, ...]:
        if not FEWEST <= len(contestants) <= MOST:
            raise CnnvizError("race_two_to_four", field="contestants", value=len(contestants))
        return contestants


def within_budget(
    config: TrainingConfig, budget: Budget, amount: float, macs: int, *, most_epochs: int = 0
) -> TrainingConfig:
    """A contestant's settings: its whole run is its budget, or for seconds long enough to use it up.

    As many passes over as many images as it asks for come nearest; the number of images makes it exact.
    The test set is measured at the end of every turn, so the settings ask for one measurement alone.

    Args:
        config: how it would train by itself; epochs, images and limits are replaced.
        budget: what is the same for all.
        amount: of it.
        macs: of its network for one image, forward.
        most_epochs: that it may have where seconds are counted, which nobody can tell before; 0 for as many as any run.

    Raises:
        CnnvizError: if the budget is not enough for one batch, or more than 200 passes over all images.
    """
    common: dict[str, Any] = {"evaluations": 1, "early_stopping": 0, "time_budget": 0.0, "schedule": "constant"}
    if budget == "seconds":
        return config.replace(**common, epochs=min(_EPOCHS, most_epochs or _EPOCHS))
    images = amount if budget == "images" else amount / (TRAINING_PASSES * macs)
    if images < config.batch_size:
        raise CnnvizError("race_budget_small", field="amount", images=math.floor(images), batch_size=config.batch_size)
    epochs = max(1, round(images / config.train_images), math.ceil(images / TRAIN_IMAGES))
    if epochs > _EPOCHS:
        raise CnnvizError("race_budget_large", field="amount", epochs=epochs, limit=_EPOCHS)
    return config.replace(**common, epochs=epochs, train_images=max(1, round(images / epochs)))


@dataclass(frozen=True, slots=True)
class Lane:
    """How far a contestant is.

    Attributes:
        share: of its budget that is used, 0 to 1 and a little over.
        seconds: of training that it took.
        out: whether it was stopped or failed, so that no turn will come.
        complete: whether its run may not go on: all its epochs are done, or the class's time is up.
    """

    share: float = 0.0
    seconds: float = 0.0
    out: bool = False
    complete: bool = False

    @property
    def waits(self) -> bool:
        """Whether it is to have another turn."""
        return not self.out and not self.complete and self.share < _DONE


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, and for how many seconds of training; infinite for as long as its run takes."""

    contestant: int
    seconds: float


def next_turn(
    lanes: Sequence[Lane], budget: Budget, amount: float, expected: Sequence[float] = (), turns: int = TURNS
) -> Turn | None:
    """Who comes next and for how long; None when nobody has anything left.

    Args:
        lanes: all contestants.
        budget: what is the same for all.
        amount: of it.
        expected: seconds that each contestant will need in all, as far as anybody can tell before its first turn.
        turns: into how many turns a budget is cut.
    """
    waiting = [number for number, lane in enumerate(lanes) if lane.waits]
    if not waiting:
        return None
    number = min(waiting, key=lambda one: (lanes[one].share, one))
    lane = lanes[number]
    if budget == "seconds":
        left = amount - lane.seconds
        length = max(SHORTEST, amount / turns)
        return Turn(number, left if left < 1.5 * length else length)
    if lane.share > 0:
        whole = lane.seconds / lane.share
    else:
        whole = expected[number] if number < len(expected) else SHORTEST * turns
    left, length = (1 - lane.share) * whole, max(SHORTEST, whole / turns)
    return Turn(number, math.inf if left < 1.5 * length else length)


def lane_of(
    record: RunRecord, events: Iterable[Event], step_seconds: Sequence[float], budget: Budget, amount: float,
    *, out: bool = False, limit: float = 0.0,
) -> Lane:  # fmt: skip
    """How far a run is, from what the store knows of it.

    Args:
        record: the run.
        events: its events.
        step_seconds: the run's clock when each step was done.
        budget: what is the same for all.
        amount: of it.
        out: whether it was taken out of the race between two turns.
        limit: seconds of the run that a class allows in all; 0 for any number.
    """
    seconds = training_seconds([event.seconds for event in events if isinstance(event, Started)], step_seconds)
    share = seconds / amount if budget == "seconds" else record.share_done
    complete = record.reason == "completed" or bool(limit and record.ended and record.seconds >= limit)
    return Lane(share, seconds, out or record.state in ("stopped", "failed", "interrupted"), complete)


def training_seconds(starts: Sequence[float], step_seconds: Sequence[float]) -> float:
    """Seconds of the training steps of a run that had several turns.

    Of each turn from its start to its last step; what lies between that and the next start (measuring the test set,
    keeping the state, waiting) is left out.

    Args:
        starts: the run's clock at the start of each turn, increasing.
        step_seconds: the run's clock when each step was done, increasing.
    """
    clock = np.sort(np.asarray(step_seconds, np.float64))
    total = 0.0
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else math.inf
        inside = clock[(clock > start) & (clock <= end)]
        total += float(inside[-1] - start) if len(inside) else 0.0
    return total


# the end of it


@dataclass(frozen=True, slots=True)
class Measured:
    """A contestant's test accuracies along an axis: (amount used, accuracy), in order."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Winner:
    """Who was ahead on an axis.

    Attributes:
        budget: the axis.
        at: where they are compared: the largest amount that all of them have reached.
        accuracies: of each contestant there, straight between its measurements.
        first: the number of the one that was ahead, or None where two are equal.
    """

    budget: Budget
    at: float
    accuracies: tuple[float, ...]
    first: int | None


def points_on(
    axis: Budget, config: TrainingConfig, tests: Iterable[Evaluated], starts: Sequence[float],
    step_seconds: Sequence[float], macs: int,
) -> tuple[tuple[float, float], ...]:  # fmt: skip
    """A run's test accuracies along an axis.

    Args:
        axis: seconds of training, images, or MACs of training.
        config: its settings.
        tests: its measurements.
        starts: the run's clock at the start of each turn.
        step_seconds: the run's clock when each step was done.
        macs: of the network for one image, forward.
    """
    per_step = config.train_images / config.steps_per_epoch
    clock = np.asarray(step_seconds, np.float64)
    found = []
    for event in tests:
        images = event.step * per_step
        if axis == "seconds":
            found.append((training_seconds(starts, clock[: event.step].tolist()), event.test_accuracy))
        else:
            found.append((images if axis == "images" else TRAINING_PASSES * macs * images, event.test_accuracy))
    return tuple(found)


def winner(axis: Budget, contestants: Sequence[Measured]) -> Winner | None:
    """Who is ahead on an axis where all have been; None before everybody has a measurement."""
    if len(contestants) < FEWEST or not all(one.points for one in contestants):
        return None
    at = min(one.points[-1][0] for one in contestants)
    reached = tuple(
        float(np.interp(at, [0.0, *(x for x, _ in one.points)], [0.1, *(y for _, y in one.points)]))
        for one in contestants
    )
    best = max(reached)
    first = [number for number, accuracy in enumerate(reached) if accuracy == best]
    return Winner(axis, at, reached, first[0] if len(first) == 1 else None)


BUDGET_WORDS: Final[Mapping[Budget, str]] = {
    "seconds": N_("Seconds"),
    "images": N_("Images"),
    "macs": N_("MACs"),
}
