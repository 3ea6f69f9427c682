"""Who may do what only the teacher may: whoever knew the secret, for some hours, in the browser where it was typed.

The secret stands in the environment (`CNNVIZ_TEACHER`), never in a link, a log or the store. It is compared in constant
time, and guessing is slowed down for each browser, for each address, and for all of them together: one machine cannot
use up everybody's guesses, so that the teacher would be refused too.
"""

import hashlib
import hmac
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from cnnviz.errors import CnnvizError
from cnnviz.training.journal import note
from cnnviz.training.pace import PersonLimit, RateLimit

VARIABLE: Final = "CNNVIZ_TEACHER"
_HOURS: Final = 12
_MOST: Final = 50  # browsers
_EVERYBODY: Final = "everybody"
GUESSES_OF_AN_ADDRESS: Final = 20  # a minute
GUESSES_IN_ALL: Final = 300  # a minute: a secret of eight random letters lasts a thousand years


def secret_matches(typed: str) -> bool:
    """Whether this is the secret, in a time that does not depend on how much of it is right.

    Raises:
        CnnvizError: if the server has no secret.
    """
    secret = os.environ.get(VARIABLE, "")
    if not secret:
        raise CnnvizError("secret_missing")
    return hmac.compare_digest(_digest(typed), _digest(secret))


def _digest(text: str) -> bytes:
    """Of equal length whatever the text, since a comparison ends early where lengths differ."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class Teachers:
    """The browsers that are unlocked; forgotten when the server ends. Safe to share between threads.

    Args:
        clock: a monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until: OrderedDict[str, float] = OrderedDict()
        self._each = PersonLimit(5, GUESSES_OF_AN_ADDRESS, 60, clock)
        self._all = RateLimit(GUESSES_IN_ALL, 60, clock)

    def unlock(self, owner: str, typed: str, address: str = "") -> None:
        """Unlock a browser.

        Args:
            owner: whose it is.
            typed: what was typed.
            address: of the browser, "" where nobody knows.

        Raises:
            CnnvizError: if it is not the secret, there is none, or somebody guesses too fast.
        """
        self._each.use(owner, address)
        self._all.use(_EVERYBODY)
        if not secret_matches(typed):
            note("secret refused", level=logging.WARNING)
            raise CnnvizError("secret_wrong", field="secret")
        with self._lock:
            self._until[owner] = self._clock() + _HOURS * 3600
            while len(self._until) > _MOST:
                self._until.popitem(last=False)
        note("teacher unlocked a browser")

    def lock(self, owner: str) -> None:
        """Lock it again."""
        with self._lock:
            self._until.pop(owner, None)
        note("teacher locked a browser")

    def __contains__(self, owner: str) -> bool:
        with self._lock:
            return self._until.get(owner, -1.0) > self._clock()
