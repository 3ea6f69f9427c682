"""What a person writes about a run: its name, tags and notes, made fit to be kept and shown as plain text."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from cnnviz.errors import CnnvizError

NAME_LENGTH: Final = 80  # characters; what is longer is cut
NOTES_LENGTH: Final = 2_000
TAGS: Final = 12
TAG_LENGTH: Final = 30
_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # would turn other text around


def clean_name(text: str) -> str:
    """One line of at most 80 characters."""
    return _one_line(text)[:NAME_LENGTH]


def clean_notes(text: str) -> str:
    """Any number of lines.

    Raises:
        CnnvizError: if there are more than 2,000 characters.
    """
    notes = _plain(str(text).replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(notes) > NOTES_LENGTH:
        raise CnnvizError("text_too_long", field="notes", label="notes", length=len(notes), limit=NOTES_LENGTH)
    return notes


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Each once, whatever its case, in the order given, empty ones left out.

    Raises:
        CnnvizError: if there are more than 12, or one has more than 30 characters.
    """
    if isinstance(tags, str):
        tags = (tags,)
    kept: dict[str, str] = {}
    for tag in map(_one_line, tags):
        if len(tag) > TAG_LENGTH:
            raise CnnvizError("text_too_long", field="tags", label="tags", length=len(tag), limit=TAG_LENGTH)
        if tag:
            kept.setdefault(tag.casefold(), tag)
    if len(kept) > TAGS:
        raise CnnvizError("tags_too_many", field="tags", count=len(kept), limit=TAGS)
    return tuple(kept.values())


def pack_tags(tags: tuple[str, ...]) -> str:
    """Tags as the store keeps them, each between line breaks, so that one can be looked for whole."""
    return "".join(f"\n{tag}" for tag in tags) + "\n" if tags else ""


def unpack_tags(text: str) -> tuple[str, ...]:
    """What `pack_tags` packed."""
    return tuple(text.split("\n")[1:-1])


def _one_line(text: str) -> str:
    return " ".join(_plain(" ".join(str(text).split())).split())


def _plain(text: str) -> str:
    """Without what no file can hold (half a surrogate pair) and no reader can see (control characters)."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(
        letter
        for letter in text
        if letter == "\n" or (unicodedata.category(letter) != "Cc" and letter not in _REORDERING)
    )
