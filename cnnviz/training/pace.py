"""How often somebody may do something: so many at once, refilled evenly over time."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from cnnviz.errors import CnnvizError

_REMEMBERED: Final = 10_000  # whoever has not been seen for longest is forgotten first


class RateLimit:
    """A bucket of tokens for each key; safe to share between threads, bounded in memory.

    Args:
        count: how many at once.
        seconds: until an empty bucket is full again.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._count, self._seconds, self._clock = count, seconds, clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, when

    def use(self, key: str) -> None:
        """Take one.

        Raises:
            CnnvizError: "too_fast", with the whole seconds until there is one again.
        """
        with self._lock:
            now = self._clock()
            tokens, since = self._buckets.pop(key, (float(self._count), now))
            tokens = min(self._count, tokens + (now - since) * self._count / self._seconds)
            self._buckets[key] = max(tokens - 1, 0.0) if tokens >= 1 else tokens, now
            while len(self._buckets) > _REMEMBERED:
                self._buckets.popitem(last=False)
        if tokens < 1:
            raise CnnvizError("too_fast", seconds=max(1, math.ceil((1 - tokens) * self._seconds / self._count)))
