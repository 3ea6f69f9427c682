"""Figures that are drawn once for everybody who looks at the same.

Plotly checks every property that a figure is given: 4 to 60 ms for one with many labels, in each run of a page, also
where nothing that it shows has changed. A drawing is a function of plain rows, the language and the theme, so equal
arguments have the same figure. It is shared: `st.plotly_chart` copies what it sends, and nobody may change it.
"""

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, Final, ParamSpec

import plotly.graph_objects as go
import streamlit as st

P = ParamSpec("P")
KEPT: Final = 96
"""Figures; one of the larger ones takes a fifth of a MiB."""


def _name(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@st.cache_resource(max_entries=KEPT, show_spinner=False, hash_funcs={FunctionType: _name})
def _figure(draw: Callable[..., go.Figure], arguments: tuple[Any, ...], named: Mapping[str, Any]) -> go.Figure:
    return draw(*arguments, **named)


def drawn(draw: Callable[P, go.Figure], /, *arguments: P.args, **named: P.kwargs) -> go.Figure:
    """The figure that `draw` makes of these arguments.

    Args:
        draw: a function of a module of `cnnviz.figures`.
        *arguments: plain data, arrays and rows of them, which are told apart by their contents.
        **named: the same.
    """
    return _figure(draw, arguments, named)
