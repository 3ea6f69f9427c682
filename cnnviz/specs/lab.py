"""What a lab is made of: its views, the knobs of each, and a question that the touch answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """Predict, then reveal: what happens, and why.

    Attributes:
        text: English message.
        choices: English messages in the order of the screen.
        right: index of the right one.
        answer: why, an English message; its placeholders are numbers that the lab has computed.
        shows: the knobs that let one see it, by name, where others than the present ones are needed.
    """

    text: str
    choices: tuple[str, ...]
    right: int
    answer: str
    shows: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """One thing to look at in a lab.

    Attributes:
        title: English message.
        text: what to know before one touches, an English message of a few sentences.
        knobs: names of the spec's fields that are drawn here.
        question: what to predict.
    """

    title: str
    text: str
    knobs: tuple[str, ...]
    question: Question
