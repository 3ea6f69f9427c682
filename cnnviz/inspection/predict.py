"""Predict, then reveal: what a person types for a layer's output shape and parameters, held against its row."""

import re
from dataclasses import dataclass
from typing import Final

from cnnviz.rows import LayerRow

_BETWEEN: Final = re.compile(r"[×x*,;\s]+")
_GROUPED: Final = re.compile(r"(?<=\d)[\s.,'\u00a0\u202f](?=\d{3}(\D|$))")
_FACTORS: Final = {"k": 10**3, "m": 10**6, "g": 10**9}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a prediction; None where nothing was typed, or nothing that could be read (see `unread`).

    Attributes:
        shape: whether the output shape is right.
        parameters: whether the number of parameters is right.
        unread: "shape" and "parameters", as far as something was typed that is neither.
    """

    shape: bool | None
    parameters: bool | None
    unread: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether everything that was typed is right, and something was."""
        answers = [answer for answer in (self.shape, self.parameters) if answer is not None]
        return bool(answers) and all(answers) and not self.unread


def check(row: LayerRow, shape: str, parameters: str) -> Verdict:
    """Hold a prediction against a layer.

    Args:
        row: the layer.
        shape: channels, height and width, or units, without the batch: "64×24×24", "64 24 24", "10".
        parameters: "1,664", "1.664", "1664", or short: "1.7 k", "11.2 M"; short ones may be off by what was rounded.
    """
    unread = []
    shape_right = parameters_right = None
    if shape.strip():
        guess = _sizes(shape)
        if guess is None:
            unread.append("shape")
        else:
            shape_right = guess == row.output_shape[1:]
    if parameters.strip():
        interval = _number(parameters)
        if interval is None:
            unread.append("parameters")
        else:
            low, high = interval
            parameters_right = low <= row.parameters <= high
    return Verdict(shape_right, parameters_right, tuple(unread))


def _sizes(text: str) -> tuple[int, ...] | None:
    parts = [part for part in _BETWEEN.split(text.strip().strip("()[]")) if part]
    return tuple(map(int, parts)) if parts and all(part.isdecimal() for part in parts) else None


def _number(text: str) -> tuple[float, float] | None:
    """What numbers a text stands for, from lowest to highest."""
    text = text.strip().lower()
    factor = _FACTORS.get(text[-1:], 1)
    if factor == 1:
        digits = _GROUPED.sub("", text)
        return (int(digits), int(digits)) if digits.isdecimal() else None
    digits = text[:-1].strip().replace(",", ".")
    if not re.fullmatch(r"\d+(\.\d+)?", digits):
        return None
    value = float(digits) * factor
    half = factor * 10.0 ** -len(digits.partition(".")[2]) / 2
    return value - half - value * 1e-9, value + half + value * 1e-9
