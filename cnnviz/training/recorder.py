"""The figures of the steps: kept on the device while they come, read in blocks a few times a second.

Reading a loss after every step would make a GPU wait for it; a CPU would merely be interrupted. A block is read about
eight times a second, after the first step (so that a curve begins at once), and after every step that is slower.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor

_INTERVAL: Final = 0.12  # seconds between two blocks: at most ten a second reach the page
_CAPACITY: Final = 2048


class Stopwatch:
    """Seconds on a monotonic clock, pauses left out; it stands still until it is started.

    Args:
        before: seconds already spent, by the run that is continued.
    """

    def __init__(self, before: float = 0.0) -> None:
        self._before = before
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """What it shows."""
        return self._before + (0.0 if self._since is None else time.monotonic() - self._since)

    def start(self) -> None:
        """From now on."""
        self._since = time.monotonic()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out what happens inside."""
        self._before, self._since = self.seconds, None
        yield
        self.start()


class Means:
    """Means over the images of an epoch so far; before its first step, those of the epoch before."""

    def __init__(self, loss_sum: float = 0.0, right: float = 0.0, images: int = 0) -> None:
        self.loss_sum, self.right, self.images = loss_sum, right, images
        self._kept = (math.nan, math.nan)

    def add(self, loss: float, right: float, images: int) -> None:
        """One step: its mean loss, how many images it got right and of how many."""
        self.loss_sum += loss * images
        self.right += right
        self.images += images

    def start_epoch(self) -> None:
        """Begin anew."""
        self._kept = self.values
        self.loss_sum, self.right, self.images = 0.0, 0.0, 0

    @property
    def values(self) -> tuple[float, float]:
        """(loss, accuracy)."""
        return (self.loss_sum / self.images, self.right / self.images) if self.images else self._kept


class Block:
    """The steps since the last reading.

    Args:
        device: where losses and counts arise.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, device: torch.device, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._figures = torch.zeros(2, _CAPACITY, device=device)  # losses, right answers
        self._sizes: list[int] = []
        self._first = True
        self._since = clock()

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def due(self) -> bool:
        """Whether it is time to read."""
        late = self._clock() - self._since >= _INTERVAL
        return bool(self._sizes) and (self._first or late or len(self._sizes) == _CAPACITY)

    def add(self, loss: Tensor, right: Tensor, images: int) -> None:
        """Note a step without waiting for it: mean loss and number of right answers, both scalars on the device."""
        self._figures[0, len(self._sizes)] = loss
        self._figures[1, len(self._sizes)] = right
        self._sizes.append(images)

    def read(self) -> tuple[list[float], list[float], list[int], float]:
        """(losses, right answers, images) of each step and the seconds they took; empties the block."""
        count = len(self._sizes)
        losses, right = self._figures[:, :count].tolist()  # waits for the device
        sizes, self._sizes = self._sizes, []
        self._first = False
        seconds = self._clock() - self._since
        self._since = self._clock()
        return losses, right, sizes, seconds

    def restart_clock(self) -> None:
        """Leave out of the next block's time what has passed until now: a measurement, a checkpoint, a pause."""
        self._since = self._clock()
