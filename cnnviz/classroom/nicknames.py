"""Nicknames: short, plain, and told apart by what a reader would take for the same."""

import unicodedata
from typing import Final

from cnnviz.errors import CnnvizError
from cnnviz.training.details import clean_name

LENGTH: Final = 24  # characters


def clean_nickname(text: str) -> str:
    """One line of 1 to 24 visible characters.

    Raises:
        CnnvizError: if it is longer, or has neither a letter nor a digit.
    """
    name = "".join(letter for letter in str(text) if unicodedata.category(letter) not in ("Cf", "Co", "Cn", "Cs"))
    name = clean_name(unicodedata.normalize("NFC", name))
    marks = sum(unicodedata.combining(letter) > 0 for letter in name)  # a tower of accents covers the lines above
    if not 1 <= len(name) <= LENGTH or not any(map(str.isalnum, name)) or marks > len(name) // 2:
        raise CnnvizError("nickname_invalid", field="nickname", limit=LENGTH)
    return name


def folded(nickname: str) -> str:
    """What two nicknames have in common if a reader would mix them up: width, case and spaces apart."""
    return "".join(unicodedata.normalize("NFKC", nickname).casefold().split())
