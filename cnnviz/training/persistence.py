"""Writing into a run store that may refuse for a while: try until it can be done, or the server ends."""

import math
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from cnnviz.errors import CnnvizError
from cnnviz.events import Controlled, Event, Failed, Finished
from cnnviz.training.consequences import METRICS
from cnnviz.training.records import RunRecord
from cnnviz.training.store import RunStore

_RETRY: Final = 0.5  # seconds between two attempts
_SPACE: Final = 32 * 2**20  # bytes: some checkpoints of a small network
_LONGEST: Final = 60.0  # seconds
_T = TypeVar("_T")


class Persistence:
    """A run store as the thread of a worker needs it.

    Args:
        store: where runs are kept.
        closed: set when the server ends: then nothing is tried again.
    """

    def __init__(self, store: RunStore, closed: threading.Event) -> None:
        self._store = store
        self._closed = closed

    def keep(self, run_id: str, *events: Event) -> None:
        """Write events, however long it takes; a run that no longer exists needs none."""
        self._try(lambda: self._store.append(run_id, events))

    def end_stopped(self, run_id: str) -> None:
        """Somebody had asked for the end of a run whose worker is gone: it counts as stopped."""
        record = self._record(run_id)
        if record is not None:
            self.keep(run_id, *stopped_events(record))

    def end_lost(self, run_id: str, detail: str) -> None:
        """A run's worker ended, and nobody had asked for that."""
        events = self._try(lambda: self._store.events(run_id)) or ()
        steps = [event.step for _, event in events if event.kind == "checkpoint"]
        self.end_failed(run_id, "worker_lost", {"step": steps[-1] if steps else 0}, detail)

    def end_failed(self, run_id: str, code: str, parameters: dict[str, Any], detail: str) -> None:
        """A run ended badly, with a code of `errors.MESSAGES` and its parameters."""
        record = self._record(run_id)
        if record is not None:
            self.keep(run_id, Failed(**place_of(record), code=code, parameters=parameters, detail=detail))

    def wait_for_space(self) -> None:
        """On a full disk checkpoints make room, and whatever waits does so until there is some, for a minute at most.

        Otherwise each waiting run would begin, find no room for its first checkpoint, and fail: a class's whole queue
        within seconds.
        """
        with suppress(CnnvizError, OSError):
            self._store.make_room(full=True)
        end = time.monotonic() + _LONGEST
        while _free(self._store) < _SPACE and time.monotonic() < end and not self._closed.wait(_RETRY):
            pass

    def _record(self, run_id: str) -> RunRecord | None:
        return self._try(lambda: self._store.record(run_id))

    def _try(self, action: Callable[[], _T]) -> _T | None:
        while True:
            try:
                return action()
            except CnnvizError as error:
                if error.code != "store_unusable" or self._closed.wait(_RETRY):
                    return None


def _free(store: RunStore) -> float:
    try:
        return shutil.disk_usage(store.folder).free
    except OSError:  # what cannot be asked is not waited for
        return math.inf


def place_of(record: RunRecord) -> dict[str, Any]:
    """The fields that every event has, as a run's record knows them."""
    return {"step": record.step, "epoch": record.epoch, "seconds": record.seconds}


def stopped_events(record: RunRecord) -> tuple[Event, ...]:
    """What a run without a worker would say of its stop."""
    figures = {name: getattr(record, name) for name in METRICS}
    place = place_of(record)
    return Controlled(**place, action="stop"), Finished(**place, **figures, reason="stopped")
