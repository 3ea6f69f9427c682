"""A cache in which thirty people who ask for the same at once wait for one computation.

For what is asked both by pages and by routes: Streamlit's own cache belongs to its script runs.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class ComputedOnce(Generic[T]):
    """The results last asked for, by their key; safe to share between threads. A failure is not kept.

    Args:
        limit: how many are kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, Future[T]] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The result of this key; `compute` is called where there is none and nobody is at it.

        Raises:
            Exception: whatever `compute` raises, for everybody who has waited for it.
        """
        with self._lock:
            mine = key not in self._found
            if mine:
                self._found[key] = Future()
            future = self._found[key]
            self._found.move_to_end(key)
            while len(self._found) > self._limit:
                self._found.popitem(last=False)
        if mine:
            self._compute(key, future, compute)
        return future.result()

    def _compute(self, key: Hashable, future: Future[T], compute: Callable[[], T]) -> None:
        try:
            future.set_result(compute())
        except BaseException as error:  # whoever waits must not wait for ever, whatever it was
            with self._lock:
                if self._found.get(key) is future:
                    del self._found[key]
            future.set_exception(error)
