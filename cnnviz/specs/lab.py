"""What a lab is made of: its views, the knobs of each, a question that the touch answers, and races."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnviz.specs.training import TrainingConfig


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


@dataclass(frozen=True, slots=True)
class Racer:
    """One run of a race: its name (English message), its settings, and the number of its colour and dash."""

    title: str
    config: TrainingConfig
    number: int
