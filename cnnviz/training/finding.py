"""Which rows of the run store a question means: conditions with bound parameters, never text of the asker in SQL."""

from collections.abc import Sequence
from typing import Any, Final

_WORDS: Final = 10  # of a search; the rest is left out
_SEARCHED: Final = ("name", "notes", "tags", "architecture")
_CONTAINS: Final = "(" + " OR ".join(f"{column} LIKE ? ESCAPE '!'" for column in _SEARCHED) + ")"


def conditions(
    *,
    owner: str | None = None,
    group: str | None = None,
    states: Sequence[str] | None = None,
    text: str = "",
    tags: Sequence[str] = (),
    architecture: str | None = None,
) -> tuple[str, list[Any]]:
    """A WHERE clause, or "", and the values of its question marks; see `RunStore.records`."""
    parts: list[str] = []
    values: list[Any] = []
    for column, value in (("owner", owner), ('"group"', group), ("architecture", architecture)):
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(_bindable(value))
    if states is not None:
        parts.append(f"state IN ({', '.join('?' * len(states))})")
        values.extend(states)
    for word in _bindable(text).split()[:_WORDS]:
        parts.append(_CONTAINS)
        values.extend([f"%{_escaped(word)}%"] * len(_SEARCHED))
    for tag in tags:
        parts.append("tags LIKE ? ESCAPE '!'")
        values.append(f"%\n{_escaped(_bindable(tag))}\n%")
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), values


def _escaped(text: str) -> str:
    """The text itself, with nothing in it that LIKE reads as a pattern."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _bindable(text: str) -> str:
    """What came from a page, with half surrogate pairs replaced: SQLite's text cannot hold them."""
    return str(text)[:500].encode("utf-8", "replace").decode()
