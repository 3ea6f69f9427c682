"""When a run's checkpoints are written: often enough to lose little, seldom enough to cost little."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cnnviz.training.checkpoints import BEST, LAST, Saved, link, write

_INTERVAL: Final = 5.0  # seconds between two that nothing but time asked for
_SHARE: Final = 0.02  # of a run's time, at most
_QUICK: Final = 0.5  # seconds: what may be written between Stop and the end


class Keeper:
    """The checkpoints of one run: the latest, and the one with the best test accuracy.

    Args:
        folder: where they lie; None keeps none.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._step = -1
        self._at = time.monotonic()
        self._cost = 0.0

    @property
    def affordable(self) -> bool:
        """Whether another one keeps the cost within bounds."""
        return self.folder is not None and time.monotonic() - self._at >= self._cost / _SHARE

    @property
    def due(self) -> bool:
        """Whether time alone asks for one."""
        return self.folder is not None and time.monotonic() - self._at >= max(_INTERVAL, self._cost / _SHARE)

    @property
    def quick(self) -> bool:
        """Whether one can be written while somebody waits for the run to end."""
        return self.folder is not None and self._cost < _QUICK

    def write(self, step: int, saved: Callable[[], Saved], *, best: bool = False) -> int:
        """Write the state after a step if that was not done yet; returns the bytes written.

        Args:
            step: the steps done.
            saved: the state, asked for only if it is written.
            best: whether the test accuracy was never better.

        Raises:
            OSError: if the disk refuses; the checkpoint before is still there.
        """
        if self.folder is None or step == self._step:
            return 0
        began = time.monotonic()
        size = write(self.folder / LAST, saved())
        if best:
            link(self.folder / LAST, self.folder / BEST)
        self._step, self._at = step, time.monotonic()
        self._cost = self._at - began
        return size
