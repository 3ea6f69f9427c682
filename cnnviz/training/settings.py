"""What whoever runs a server sets for it, in the environment."""

import math
import os
import sys

from cnnviz.errors import CnnvizError


def whole_number(name: str, default: int, *, lowest: int, highest: int) -> int:
    """A whole number from an environment variable, or `default` where it is not set.

    Raises:
        CnnvizError: if it is no whole number or out of bounds, with the variable's name.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise CnnvizError("value_not_a_number", field=name, label=name, value=text[:60]) from None
    if value < lowest:
        raise CnnvizError("value_too_small", field=name, label=name, value=value, limit=lowest)
    if value > highest:
        raise CnnvizError("value_too_large", field=name, label=name, value=value, limit=highest)
    return value


def number(name: str, *, lowest: float, highest: float) -> float | None:
    """A number from an environment variable, or None where it is not set.

    Raises:
        CnnvizError: if it is no number or out of bounds, with the variable's name.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise CnnvizError("value_not_a_number", field=name, label=name, value=text[:60])
    if value < lowest:
        raise CnnvizError("value_too_small", field=name, label=name, value=value, limit=lowest)
    if value > highest:
        raise CnnvizError("value_too_large", field=name, label=name, value=value, limit=highest)
    return value


def disk_limit() -> int:
    """Bytes that the checkpoints of all runs may take: `CNNVIZ_DISK_MB` megabytes, 2,048 unless set."""
    return whole_number("CNNVIZ_DISK_MB", 2048, lowest=1, highest=10**8) * 10**6


def database_limit() -> int:
    """Bytes that records and curves may take: `CNNVIZ_DATABASE_MB` megabytes, 1,024 unless set."""
    return whole_number("CNNVIZ_DATABASE_MB", 1024, lowest=1, highest=10**6) * 10**6


def slot_count() -> int:
    """How many runs may train at once: `CNNVIZ_SLOTS`, one unless set, which is right for a CPU."""
    return whole_number("CNNVIZ_SLOTS", 1, lowest=1, highest=64)


def process_limit() -> int | None:
    """Between how many processes one run may be shared: `CNNVIZ_PROCESSES`, or None where that is not set."""
    return whole_number("CNNVIZ_PROCESSES", 0, lowest=1, highest=64) or None


def pause_patience() -> float:
    """Seconds that a paused run keeps its seat while others wait: `CNNVIZ_PAUSE_SECONDS`, 60 unless set."""
    return float(whole_number("CNNVIZ_PAUSE_SECONDS", 60, lowest=0, highest=86_400))


def class_mode() -> bool:
    """Whether a class shares this server: `CNNVIZ_CLASS=1`, or `--class` behind the command line's `--`."""
    wish = os.environ.get("CNNVIZ_CLASS", "").strip().lower()
    return wish in ("1", "true", "yes", "on") or (not wish and "--class" in sys.argv[1:])


def keep_days() -> int:
    """Days after which a class's nicknames and runs are forgotten: `CNNVIZ_KEEP_DAYS`, 30 unless set, 0 for never."""
    return whole_number("CNNVIZ_KEEP_DAYS", 30, lowest=0, highest=36_500)
