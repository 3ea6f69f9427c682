"""When a waiting run will begin, from what runs like those before it have taken here."""

import heapq
from collections.abc import Iterable, Sequence
from typing import Final

from cnnviz.specs.training import TrainingConfig
from cnnviz.training.reading import RunReader
from cnnviz.training.records import RECORDED, RunRecord, time_left

_ALIKE: Final = ("architecture", "device", "precision", "threads", "processes")
_LOOKED_AT: Final = 50  # runs


def seconds_needed(store: RunReader, record: RunRecord) -> float | None:
    """Seconds that a waiting run will take once it begins; None if nothing like it has run here.

    Its images still to come over the images a second of the newest run of the same network and device, everything
    included that such a run does beside training.
    """
    speed = recent_speed(store, record.config)
    steps = max(0, record.total_steps - record.step)
    return None if speed is None else _images(record.config, steps) / speed


def recent_speed(store: RunReader, config: TrainingConfig) -> float | None:
    """Training images a second of the newest run of the same network, computed in the same way (`_ALIKE`).

    Measurements of the test set and checkpoints count in its time. None if there is no such run.
    """
    for other in store.records(architecture=config.architecture.key, limit=_LOOKED_AT):
        if other.owner == RECORDED:
            continue
        alike = all(getattr(other.config, name) == getattr(config, name) for name in _ALIKE)
        if alike and other.step >= 3 and other.seconds > 0:
            return _images(other.config, other.step) / other.seconds
    return None


def remaining(store: RunReader, record: RunRecord) -> float | None:
    """Seconds until a run that has begun ends; None while it is paused, since nobody knows, or nothing is known."""
    if record.state == "paused":
        return None
    left = time_left(record)
    return seconds_needed(store, record) if left is None else left


def start_of(before: Iterable[float | None], slots: Sequence[float | None]) -> float | None:
    """Seconds until the run behind some others begins, each taking the first slot that becomes free.

    Args:
        before: seconds that each run ahead will take, in order; None where nobody knows.
        slots: seconds until each slot is free, likewise.

    Returns:
        None if it hangs on something that nobody knows.
    """
    free = [slot for slot in slots if slot is not None]
    heapq.heapify(free)
    if not free:
        return None
    for seconds in before:
        if seconds is None:
            heapq.heappop(free)
            if not free:
                return None
        else:
            heapq.heapreplace(free, free[0] + seconds)
    return free[0]


def _images(config: TrainingConfig, steps: int) -> float:
    return steps / config.steps_per_epoch * config.train_images
