"""One selected layer for everything on a page that shows the same network.

Components of one group tell each other in the browser at once (`selection.js`), and the session learns it with the
rerun that follows. Two explorers on a page have two groups and never mix.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import streamlit as st

SCRIPT: Final = (Path(__file__).parent / "selection.js").read_text(encoding="utf-8")
CELLS: Final = SCRIPT + (Path(__file__).parent / "cells.js").read_text(encoding="utf-8")
"""What a component begins with whose surface of cells is under the hand."""
CHOICES: Final = SCRIPT + (Path(__file__).parent / "choices.js").read_text(encoding="utf-8")
"""The same for charts whose parts are chosen like the entries of a list box."""


def selected_in(group: str) -> str | None:
    """The path of the layer that is selected in a group, or None.

    It is kept when the network changes: a layer that exists again is selected again.
    """
    path = st.session_state.get(_key(group))
    return path if isinstance(path, str) else None


def select(group: str, path: str | None) -> None:
    """Select a layer from Python: for a link, a click in a treemap, a button.

    Call it before the group's components are drawn, or in a callback.
    """
    st.session_state[_key(group)] = path


def shown_and_taken(
    key: str, group: str, selected: str | None, on_select: Callable[[], None] | None
) -> tuple[str | None, Callable[[], None]]:
    """What a component shows as selected, and the callback that takes a click over.

    Args:
        key: the component's key.
        group: its group; "" for a component on its own, which keeps its choice under its key.
        selected: what the page wants; None leaves the choice to the group, or to the component.
        on_select: the page's own callback, called last.
    """

    def take() -> None:
        if group:
            select(group, chosen_in(st.session_state.get(key)))
        if on_select is not None:
            on_select()

    kept = selected_in(group) if group else chosen_in(st.session_state.get(key))
    return (selected if selected is not None else kept), take


def chosen_in(state: Any) -> str | None:
    """The path in a component's state or result."""
    path = state.get("selected") if state else None
    return path if isinstance(path, str) else None


def _key(group: str) -> str:
    return f"selected layer of {group}"
