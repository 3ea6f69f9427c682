"""The axes of a drawing plan: what they reach over, and their ticks in the reader's language."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cnnviz.language import Language

_ROOM: Final = 0.05  # of the data, beyond them
_TICKS: Final = {"x": 6, "y": 6}
_GRID: Final = "#888888"

Numbers = NDArray[np.float64]
_NONE: Final[Numbers] = np.empty(0)


class Axis:
    """One axis.

    Args:
        name: as plotly has it: "x", "y2".
        given: its part of the layout.
        traces: those that are drawn on it.
        piled: whether bars stand on one another.
        _: the reader's language.

    Attributes:
        log: whether it is logarithmic; its numbers are then powers of ten.
        categories: its values in order, where it has no numbers.
        spacing: the least distance between two bars on it.
    """

    def __init__(
        self, name: str, given: dict[str, Any], traces: Sequence[dict[str, Any]], piled: bool, _: Language
    ) -> None:
        self.letter, self._given, self._language = name[0], given, _
        self.log = given.get("type") == "log"
        values = [one for trace in traces for one in _values(trace, self.letter)]
        words = given.get("type") == "category" or any(isinstance(one, str) for one in values)
        self.categories = list(dict.fromkeys(values)) if words else []
        self._bars = [trace for trace in traces if trace["type"] == "bar" and not _is_length(trace, self.letter)]
        self._cells = any(trace["type"] in ("heatmap", "image") for trace in traces)
        places = np.unique(np.concatenate([self.numbers(_values(bar, self.letter)) for bar in self._bars] or [_NONE]))
        self.spacing = float(np.diff(places).min()) if len(places) > 1 else 1.0
        self._low, self._high = self._range(traces, piled)

    def numbers(self, values: Any) -> Numbers:
        """Values as numbers on the axis: places of categories, powers of ten on a logarithmic one, NaN for none."""
        if self.categories:
            return np.array([self.categories.index(one) if one in self.categories else one for one in values], float)
        found = np.array([np.nan if one is None else one for one in values], float)
        if self.log:
            found = np.log10(np.where(found > 0, found, np.nan))
        return found

    def shares(self, values: Any) -> Numbers:
        """Values as shares of the axis."""
        return self.shares_of_numbers(self.numbers(values))

    def shares_of_numbers(self, numbers: Numbers) -> Numbers:
        """What `numbers` returns, as shares."""
        found: Numbers = (np.asarray(numbers, float) - self._low) / ((self._high - self._low) or 1.0)
        return found

    def edges(self, values: Any, widths: Any) -> tuple[Numbers, Numbers]:
        """Both sides of bars, as numbers; a width is in units of the data, also on a logarithmic axis."""
        if self.log:
            centres = np.asarray(values, float)
            return self.numbers(centres - np.asarray(widths) / 2), self.numbers(centres + np.asarray(widths) / 2)
        return self.numbers(values) - np.asarray(widths) / 2, self.numbers(values) + np.asarray(widths) / 2

    def _range(self, traces: Sequence[dict[str, Any]], piled: bool) -> tuple[float, float]:
        given = self._given.get("range")
        if given is not None:
            return float(given[0]), float(given[1])
        low, high = self._reach(traces, piled)
        pictured = self.letter == "y" and any(trace["type"] == "image" for trace in traces)
        if pictured or self._given.get("autorange") == "reversed":
            low, high = high, low
        return low, high

    def _reach(self, traces: Sequence[dict[str, Any]], piled: bool) -> tuple[float, float]:
        if self._cells or self._bars:
            ends = [
                self.edges(
                    _values(trace, self.letter),
                    1.0 if trace["type"] != "bar" else self._width(trace),
                )
                for trace in traces
            ]
            return float(min(np.nanmin(low) for low, _high in ends)), float(max(np.nanmax(high) for _low, high in ends))
        lengths = [trace for trace in traces if trace["type"] == "bar"]
        if lengths and piled:
            numbers = np.array([0.0, *_piles(lengths, self.letter)])
        else:
            numbers = np.concatenate([self.numbers(_values(trace, self.letter)) for trace in traces] or [_NONE])
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            return 0.0, 1.0
        low, high = float(numbers.min()), float(numbers.max())
        zero = bool(lengths) or self._given.get("rangemode") == "tozero"
        if zero:
            low, high = min(0.0, low), max(0.0, high)
        if low == high:
            low, high = low - 0.5, high + 0.5
        pointed = any("markers" in trace.get("mode", "") for trace in traces)
        room = _ROOM * (high - low) if self.letter == "y" or pointed or lengths else 0.0
        return low - (0 if zero and low == 0 else room), high + (0 if zero and high == 0 else room)

    def _width(self, bar: dict[str, Any]) -> Any:
        """How much of the axis a bar keeps for itself: the way to the next one, or its width where that is more."""
        width = bar.get("width")
        if width is None or self.log:
            return self.spacing if width is None else width
        return np.maximum(width, self.spacing)

    def _ticks(self) -> list[tuple[float, str]]:
        """Numbers on the axis and what stands there."""
        given = self._given
        if not given.get("visible", True):
            return []
        if given.get("tickvals") is not None:
            values = list(given["tickvals"])
            words = given.get("ticktext")
            texts = [str(one) for one in words] if words is not None else [self._say(one, 12) for one in values]
            return list(zip(self.numbers(values).tolist(), texts, strict=True))
        if self.categories:
            return [(float(place), str(one)) for place, one in enumerate(self.categories)]
        low, high = sorted((self._low, self._high))
        return self._powers(low, high) if self.log else self._steps(low, high)

    def _steps(self, low: float, high: float) -> list[tuple[float, str]]:
        step = _nice((high - low) / self._given.get("nticks", _TICKS[self.letter]))
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        first = math.ceil(low / step - 1e-9)
        places = [step * number for number in range(first, math.floor(high / step + 1e-9) + 1)]
        return [(place, self._say(round(place, digits + 2), digits)) for place in places]

    def _powers(self, low: float, high: float) -> list[tuple[float, str]]:
        first, last = math.floor(low), math.ceil(high)
        if high - low < 2 and self._given.get("dtick") != 1:
            places = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
        else:
            step = max(1, -(-(last - first) // 6))
            places = [10.0**power for power in range(first - first % step, last + 1, step)]
        inside = [place for place in places if low - 1e-9 <= math.log10(place) <= high + 1e-9]
        return [(math.log10(place), self._say(place, 6)) for place in inside]

    def _say(self, value: Any, digits: int) -> str:
        form, _ = self._given.get("tickformat"), self._language
        if isinstance(value, str):
            return value
        if form == "~s":
            return _.compact(value)
        if form is not None and form.endswith("%"):
            return _.percent(value, int(form[1:-1] or 0))
        if value and not 1e-3 <= abs(value) < 1e6:
            text = _.scientific(value, 1)
            return text.split("×")[1].strip() if self.log and text.startswith("1") else text  # 10⁻⁴
        return _.number(value, None if digits > 4 else digits)

    def plan(self) -> dict[str, Any]:
        """The axis as the browser draws it."""
        given = self._given
        title = given.get("title", {})
        ticks = [(round(float(self.shares_of_numbers(np.array([place]))[0]), 5), text) for place, text in self._ticks()]
        ticks = [(share, text) for share, text in ticks if -1e-6 <= share <= 1 + 1e-6]
        zero = round(float(self.shares_of_numbers(np.array([0.0]))[0]), 5)
        drawn = given.get("visible", True) and given.get("zeroline", True) and not (self.log or self.categories)
        return {
            "domain": list(given.get("domain", (0, 1))),
            "anchor": given.get("anchor", "y" if self.letter == "x" else "x"),
            "ticks": [[share, text] for share, text in ticks],
            "named": bool(given.get("visible", True) and given.get("showticklabels", True)),
            "grid": given.get("gridcolor", _GRID) if self._grid() else None,
            "zero": [zero, given.get("zerolinecolor", "#444444")] if drawn and 0 <= zero <= 1 else None,
            "title": title.get("text", "") if given.get("visible", True) else "",
            "size": title.get("font", {}).get("size"),
            "top": given.get("side") == "top",
            "angle": given.get("tickangle"),
            "apart": given.get("ticklabelstandoff", 0),
            "span": abs(self._high - self._low),
            "square": given.get("scaleanchor"),
        }

    def _grid(self) -> bool:
        """Not across bars and cells, as plotly has it."""
        plain = not (self._bars or self._cells)
        return bool(self._given.get("visible", True) and self._given.get("showgrid", plain))


def axes_of(traces: Sequence[dict[str, Any]], layout: dict[str, Any], _: Language) -> dict[str, Axis]:
    """Every axis of a figure by its name."""
    names = {key.replace("axis", ""): value for key, value in layout.items() if key[1:5] == "axis"}
    used = {letter: {trace.get(f"{letter}axis", letter) for trace in traces} for letter in "xy"}
    piled = layout.get("barmode") == "stack"
    return {
        name: Axis(
            name, names.get(name, {}), [trace for trace in traces if trace.get(f"{name[0]}axis", name[0]) == name],
            piled, _,
        )
        for name in sorted({*names, *used["x"], *used["y"]})
    }  # fmt: skip


def _values(trace: dict[str, Any], letter: str) -> list[Any]:
    """What a trace has on an axis."""
    given = trace.get(letter)
    if given is None and trace["type"] in ("heatmap", "image"):
        return list(range(np.asarray(trace["z"]).shape[1 if letter == "x" else 0]))
    return [] if given is None else [one.item() if isinstance(one, np.generic) else one for one in given]


def _is_length(trace: dict[str, Any], letter: str) -> bool:
    """Whether a bar's length lies along this axis."""
    return (trace.get("orientation") == "h") == (letter == "x")


def _piles(bars: Sequence[dict[str, Any]], letter: str) -> list[float]:
    """How high the bars of each place are together."""
    found: dict[Any, float] = {}
    other = "y" if letter == "x" else "x"
    for bar in bars:
        for place, length in zip(bar[other], bar[letter], strict=True):
            found[place] = found.get(place, 0.0) + float(length)
    return list(found.values())


def _nice(step: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next((factor * power for factor in (1, 2, 5) if step <= factor * power * 1.0001), 10 * power)
