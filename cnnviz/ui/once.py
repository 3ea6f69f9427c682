"""What a server has exactly one of, made when it is first asked for.

Not in Streamlit's caches: those are emptied by whoever asks Streamlit for it, and a second run store, executor or list
of unlocked browsers beside the first would break the class.
"""

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import TypeVar

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """A function that makes its result at the first call and returns it from then on.

    Whoever calls meanwhile waits. A call that raises has made nothing, and the next one tries again.
    """
    lock, kept = threading.Lock(), cache(make)

    @wraps(make)
    def the_one() -> T:
        with lock:
            return kept()

    return the_one
