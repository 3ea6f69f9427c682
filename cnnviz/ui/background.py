"""Long calculations in their own processes, one after the other for the whole server; a page asks and looks again."""

import json
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from cnnviz.training.process import QUIET_THREADS
from cnnviz.training.store import PROJECT

_LIMIT: Final = 600.0  # seconds, after which a calculation has failed
_KEPT: Final = 64


class Background:
    """Calculations by what they are started with: each is done once, and everybody sees its result.

    Args:
        module: of the package, run with `python -m`; it prints one JSON object.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._turn = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._found: OrderedDict[tuple[str, ...], Future[dict[str, Any]]] = OrderedDict()

    def start(self, arguments: Sequence[str]) -> None:
        """Put a calculation into the queue, unless it is there or done; one that failed is tried again."""
        key = tuple(arguments)
        with self._lock:
            future = self._found.get(key)
            if future is not None and not (future.done() and future.exception()):
                return
            self._found[key] = self._turn.submit(self._run, key)
            for old in [old for old, one in self._found.items() if one.done()][: max(0, len(self._found) - _KEPT)]:
                del self._found[old]

    def going(self, arguments: Sequence[str]) -> bool:
        """Whether it waits or runs."""
        with self._lock:
            future = self._found.get(tuple(arguments))
        return future is not None and not future.done()

    def result(self, arguments: Sequence[str]) -> dict[str, Any] | None:
        """What it has printed; None before.

        Raises:
            subprocess.SubprocessError, ValueError, OSError: if it failed or took too long.
        """
        with self._lock:
            future = self._found.get(tuple(arguments))
        return future.result() if future is not None and future.done() else None

    def _run(self, arguments: tuple[str, ...]) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", self._module, *arguments],
            env={**os.environ, **QUIET_THREADS, "OMP_NUM_THREADS": "1"},
            cwd=PROJECT, capture_output=True, timeout=_LIMIT, check=True,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
        return found
