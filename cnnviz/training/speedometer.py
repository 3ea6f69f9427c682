"""Measured speeds for everybody on a server: each network once, one measurement at a time, the answers kept."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.training.speed import Speed, measure_apart

KEPT: Final = 256  # answers
WAITING: Final = 32  # networks that may wait at once

Measure = Callable[[Sequence[ArchitectureSpec], int], Iterator[Speed]]
Job = tuple[ArchitectureSpec, int]


class Speedometer:
    """A desk where networks are handed in to be timed; safe to share between threads.

    Two measurements at once would slow each other, so there is one thread, and it works through the line.

    Args:
        measure: times networks; `measure_apart` unless a test has its own.
    """

    def __init__(self, measure: Measure = measure_apart) -> None:
        self._measure = measure
        self._lock = threading.Lock()
        self._answers: OrderedDict[Job, Speed | None] = OrderedDict()
        self._line: deque[Job] = deque()
        self._current: Job | None = None
        self._thread: threading.Thread | None = None

    def ask(self, specs: Sequence[ArchitectureSpec], batch_size: int) -> bool:
        """Have networks timed that are not timed yet; returns whether there was room for all of them."""
        with self._lock:
            for spec in specs:
                job = spec, batch_size
                if self._answers.get(job) is not None or job in self._line or job == self._current:
                    continue
                if len(self._line) >= WAITING:
                    return False
                self._answers.pop(job, None)
                self._line.append(job)
            if self._line and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._work, name="speedometer", daemon=True)
                self._thread.start()
        return True

    def answer(self, spec: ArchitectureSpec, batch_size: int) -> Speed | None:
        """What was measured, or None."""
        with self._lock:
            return self._answers.get((spec, batch_size))

    def failed(self, spec: ArchitectureSpec, batch_size: int) -> bool:
        """Whether the measurement ended without an answer (out of memory, say)."""
        with self._lock:
            job = spec, batch_size
            return job in self._answers and self._answers[job] is None

    def waits(self, spec: ArchitectureSpec, batch_size: int) -> bool:
        """Whether an answer is still to come."""
        with self._lock:
            return (spec, batch_size) in self._line or (spec, batch_size) == self._current

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._line:
                    self._current = None
                    self._thread = None
                    return
                self._current = self._line.popleft()
            spec, batch_size = self._current
            try:
                found: Speed | None = next(self._measure([spec], batch_size), None)
            except (OSError, RuntimeError, ValueError):
                found = None
            with self._lock:
                self._answers[spec, batch_size] = found
                while len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
