"""What happens on a server, as log lines: text for a person, or with `CNNVIZ_LOG=json` one JSON object a line.

Lines name runs by their ids and say nothing about people: no nickname, no address, no secret, no text that somebody
typed. `docs/deployment.md` lists the events.
"""

import json
import logging
import os
import sys
import threading
import time
from collections import Counter
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.training.pace import RateLimit

VARIABLE: Final = "CNNVIZ_LOG"
KINDS: Final = ("text", "json", "off")
_LOG: Final = logging.getLogger("cnnviz")
_CALM: Final = 2.0  # seconds without a failure after which something works again


def note(event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Something happened.

    Args:
        event: what, a few words that never change, such as "run ends".
        level: `logging.INFO` for what is meant to happen, `WARNING` for what was refused or lost, `ERROR` for what
            somebody has to mend.
        **fields: whatever belongs to it; numbers and short texts.
    """
    _LOG.log(level, event, extra={"fields": fields})


class Trouble:
    """Something that fails again and again: said when it begins and when it is over, not each time in between.

    It is over when it works and has not failed for two seconds: what fails every other time is still failing.

    Args:
        begins: the event when it fails first.
        over: the event when it works again.
    """

    def __init__(self, begins: str, over: str) -> None:
        self._begins, self._over = begins, over
        self._lock = threading.Lock()
        self._since: float | None = None
        self._latest = 0.0

    def failed(self, reason: str) -> None:
        """It did not work."""
        with self._lock:
            self._latest = time.monotonic()
            known, self._since = self._since is not None, self._since or self._latest
        if not known:
            note(self._begins, level=logging.ERROR, reason=reason)

    def worked(self) -> None:
        """It worked."""
        if self._since is None:  # as almost always, so without the lock
            return
        with self._lock:
            if self._since is None or time.monotonic() - self._latest < _CALM:
                return
            seconds, self._since = self._latest - self._since, None
        note(self._over, level=logging.WARNING, seconds=round(seconds, 1))


class _Sparse(logging.Filter):
    """Of each event that is no ordinary one ten lines a minute, so that whoever is refused cannot fill the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._pace = RateLimit(10, 60)
        self._left_out: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written; the next one says how many were not."""
        if record.levelno == logging.INFO:
            return True
        event = record.getMessage()
        try:
            self._pace.use(event)
        except CnnvizError:
            self._left_out[event] += 1
            return False
        left_out = self._left_out.pop(event, 0)
        if left_out:
            record.fields = {**getattr(record, "fields", {}), "left_out": left_out}
        return True


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """A line for a person."""
        words = " ".join(f"{name}={value}" for name, value in getattr(record, "fields", {}).items())
        level = "" if record.levelno == logging.INFO else f" {record.levelname}"
        return f"{self.formatTime(record)} cnnviz{level}: {record.getMessage()} {words}".rstrip()


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """A line for a machine; of somebody else's logger also which one, and the traceback as one text."""
        line = {"time": round(record.created, 3), "level": record.levelname, "event": record.getMessage()}
        line |= getattr(record, "fields", {})
        if record.name != _LOG.name:
            line["logger"] = record.name
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def wish() -> str:
    """What the environment wishes the log to be: one of `KINDS`.

    Raises:
        CnnvizError: if it wishes for another kind.
    """
    kind = os.environ.get(VARIABLE, "").strip().lower() or KINDS[0]
    if kind not in KINDS:
        raise CnnvizError(
            "value_not_allowed", field=VARIABLE, label=VARIABLE, value=kind[:60], allowed=", ".join(KINDS)
        )
    return kind


def json_handler() -> logging.Handler:
    """Writes what any logger says to the standard error, one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json())
    return handler


def open_journal() -> None:
    """Write the log to the standard error, as the environment wishes; a second call changes nothing.

    Raises:
        CnnvizError: if it wishes for another kind.
    """
    kind = wish()
    if _LOG.handlers or kind == "off":
        return
    handler = json_handler() if kind == "json" else logging.StreamHandler(sys.stderr)
    if kind == "text":
        handler.setFormatter(_Text())
    handler.addFilter(_Sparse())
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False
