"""What happens on a server, as log lines: text for a person, or with `CNNVIZ_LOG=json` one JSON object a line.

Lines name runs by their ids and say nothing about people.
"""

import json
import logging
import os
import sys
from typing import Any, Final

from cnnviz.errors import CnnvizError

VARIABLE: Final = "CNNVIZ_LOG"
KINDS: Final = ("text", "json", "off")
_LOG: Final = logging.getLogger("cnnviz")


def note(event: str, **fields: Any) -> None:
    """Something happened.

    Args:
        event: what, a few words that never change, such as "run ended".
        **fields: whatever belongs to it; numbers and short texts.
    """
    _LOG.info(event, extra={"fields": fields})


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """A line for a person."""
        words = " ".join(f"{name}={value}" for name, value in getattr(record, "fields", {}).items())
        return f"{self.formatTime(record)} cnnviz: {record.getMessage()} {words}".rstrip()


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """A line for a machine."""
        fields = getattr(record, "fields", {})
        line = {"time": round(record.created, 3), "level": record.levelname, "event": record.getMessage(), **fields}
        return json.dumps(line, default=str)


def open_journal() -> None:
    """Write the log to the standard error, as the environment wishes; a second call changes nothing.

    Raises:
        CnnvizError: if it wishes for another kind.
    """
    kind = os.environ.get(VARIABLE, "").strip().lower() or KINDS[0]
    if kind not in KINDS:
        raise CnnvizError(
            "value_not_allowed", field=VARIABLE, label=VARIABLE, value=kind[:60], allowed=", ".join(KINDS)
        )
    if _LOG.handlers or kind == "off":
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if kind == "json" else _Text())
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False
