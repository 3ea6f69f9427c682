"""What is drawn or laid out once for everybody who looks at the same.

Plotly checks every property that a figure is given: 4 to 60 ms for one with many labels, in each run of a page, also
where nothing that it shows has changed; a table of 500 layers formats 2,000 numbers. Both are functions of plain rows,
the language and the theme, so equal arguments have the same result. It is shared: a component's data is only read, and
nobody may change it.
"""

import dataclasses
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, ParamSpec, TypeVar

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cnnviz.rows import Report
from cnnviz.ui.components.computed_once import ComputedOnce

P = ParamSpec("P")
T = TypeVar("T")
KEPT: Final = 96
"""Results; a large figure takes a fifth of a MiB, the table of a network with 500 layers one MiB."""


@st.cache_resource(show_spinner=False)
def _results() -> ComputedOnce[Any]:
    return ComputedOnce(KEPT)


def drawn(draw: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> T:
    """What `draw` makes of these arguments; not to be changed.

    Args:
        draw: a function whose result follows from its arguments alone.
        *arguments: plain data, arrays and rows of them, which are compared by their contents.
        **named: the same.
    """
    key = _Key((draw.__module__, draw.__qualname__, *map(comparable, arguments), comparable(named)))
    result: T = _results().get(key, lambda: draw(*arguments, **named))
    return result


def comparable(value: Any) -> Hashable:
    """A value that equals another's if and only if their contents are equal; kept in a cache it never changes.

    Raises:
        TypeError: if the value is of a kind that is only equal to itself.
    """
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, Mapping):
        return tuple((name, comparable(part)) for name, part in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        kind = frozenset if isinstance(value, set | frozenset) else tuple
        return kind(map(comparable, value))
    # Hundreds of rows, and the same object for everybody who has the same network; a figure that has been drawn here.
    if isinstance(value, Report | go.Figure):
        return _Same(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = (comparable(getattr(value, part.name)) for part in dataclasses.fields(value))
        return type(value).__qualname__, *parts
    # A class, since an entry of the catalogue names its spec's.
    if (
        value is None
        or isinstance(value, type)
        or (isinstance(value, Hashable) and type(value).__hash__ is not object.__hash__)
    ):
        return value
    raise TypeError(f"{type(value).__qualname__} has no contents to compare")


class _Same:
    """Equal to nothing but itself; it holds what it was made of, so that no other object takes its place."""

    __slots__ = ("_held",)

    def __init__(self, held: object) -> None:
        self._held = held

    def __hash__(self) -> int:
        return id(self._held)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._held is other._held


class _Key:
    """A key whose hash is computed once, since the cache asks for it again and again while others wait."""

    __slots__ = ("_hash", "_parts")

    def __init__(self, parts: tuple[Hashable, ...]) -> None:
        self._parts, self._hash = parts, hash(parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._hash == other._hash and self._parts == other._parts
