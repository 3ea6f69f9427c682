"""When a run's checkpoints are written: often enough to lose little, seldom enough to cost little."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from cnnviz.training.checkpoints import Saved, link, write
from cnnviz.training.history import BEST, HISTORY_LENGTH, LAST, capacity, dispensable, history, step_file

_INTERVAL: Final = 5.0  # seconds between two that nothing but time asked for
_SHORTEST: Final = 0.1  # seconds between two in the first moments of a run
_SHARE: Final = 0.02  # of a run's time, at most
_QUICK: Final = 0.5  # seconds: what may be written between Stop and the end
_SLOW_DISK: Final = 20e6  # bytes a second


class Keeper:
    """The checkpoints of one run: the latest, the one with the best test accuracy, and some along the curve.

    Every checkpoint that is written joins the history under a name of its own, which costs a second name and no second
    copy. Of more than `history.capacity` those go that leave the rest spread most evenly, so that a curve can be
    replayed however long it becomes. While a run is young they are written more often, as far as their cost allows.

    Args:
        folder: where they lie; None keeps none.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._step = -1
        self._began = self._at = time.monotonic()
        self._cost = 0.0
        self._room = HISTORY_LENGTH

    @property
    def affordable(self) -> bool:
        """Whether another one keeps the cost within bounds."""
        return self.folder is not None and time.monotonic() - self._at >= self._cost / _SHARE

    @property
    def due(self) -> bool:
        """Whether time alone asks for one."""
        if self.folder is None:
            return False
        now = time.monotonic()
        wait = _INTERVAL
        if self._room >= 2:
            wait = min(wait, max(_SHORTEST, (now - self._began) / HISTORY_LENGTH))
        return now - self._at >= max(wait, self._cost / _SHARE)

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
        if self.folder is None:
            return 0
        if step == self._step:
            if best:
                link(self.folder / LAST, self.folder / BEST)
            return 0
        began = time.monotonic()
        size = write(self.folder / LAST, saved())
        if best:
            link(self.folder / LAST, self.folder / BEST)
        with suppress(OSError):  # the run itself does not need its history
            self._remember(self.folder, step, size)
        first, self._step, self._at = self._step < 0, step, time.monotonic()
        self._cost = self._at - began
        if first:  # it also waits for what is loaded only once, which says nothing of those that follow
            self._cost = min(self._cost, size / _SLOW_DISK)
        return size

    def _remember(self, folder: Path, step: int, size: int) -> None:
        self._room = capacity(size)
        kept = dict(history(folder))
        if self._step < 0:  # what an earlier attempt kept beyond this point belongs to another curve
            for later in [other for other in kept if other > step]:
                kept.pop(later).unlink(missing_ok=True)
        if self._room:
            path = folder / step_file(step)
            link(folder / LAST, path, copy=False)
            kept[step] = path
        for other in dispensable(sorted(kept), self._room):
            kept[other].unlink(missing_ok=True)
