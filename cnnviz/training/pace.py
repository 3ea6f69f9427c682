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


class PersonLimit:
    """A limit for each browser and a wider one for each address; safe to share between threads, bounded in memory.

    A browser is a new one as often as it likes, an address is not. It may be a whole class's, behind one proxy: what it
    may do must be enough for sixty people, and too little to keep everybody else waiting.

    Args:
        count: how many a browser may have at once.
        of_address: how many all browsers of an address may have at once.
        seconds: until they may have as many again.
        clock: a monotonic clock in seconds.
    """

    def __init__(
        self, count: int, of_address: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._browsers = RateLimit(count, seconds, clock)
        self._addresses = RateLimit(of_address, seconds, clock)

    def use(self, browser: str, address: str) -> None:
        """Take one.

        Raises:
            CnnvizError: see `RateLimit.use`.
        """
        self._browsers.use(browser)
        self._addresses.use(address)
