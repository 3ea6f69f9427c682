"""The list of one's own runs: found by words, ticked to lie over the shown one, opened with a click."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from cnnviz.language import Language
from cnnviz.training import RunRecord
from cnnviz.training.card import STATES
from cnnviz.ui.engine import engine, owner
from cnnviz.ui.run_words import run_name
from cnnviz.ui.runs import ICONS

SHOWN: Final = 10
FEW: Final = 5  # so many need no search


def render_own_runs(selected: str | None, show: Callable[[str], None], _: Language) -> list[str]:
    """Draw the list; returns the ids of those ticked to lie over the shown one.

    Args:
        selected: the run that is shown.
        show: makes another run the one that is looked at.
        _: the reader's language.
    """
    store, key = engine().store, "runs searched"
    words = str(st.session_state.get(key) or "")
    mine = store.records(owner=owner(), text=words, limit=SHOWN + 1)
    others = [record for record in mine if record.id != selected][:SHOWN]
    if not others and not words:
        return []
    st.markdown("**" + _("Earlier runs, to lay over this one") + "**")
    if words or len(mine) > FEW:
        st.text_input(
            _("Search name, tag, note or network"), key=key, icon=":material/search:", persist_state="session",
            label_visibility="collapsed", placeholder=_("Search name, tag, note or network"),
        )  # fmt: skip
    if not others:
        st.caption(_("No run of yours fits."))
    ticked = []
    for record in others:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if st.checkbox(describe(record, _), key=f"over {record.id}", persist_state="session", width="stretch"):
                ticked.append(record.id)
            st.button(
                "", icon=":material/open_in_full:", help=_("Show this run"), type="tertiary", on_click=show,
                args=(record.id,), key=f"show {record.id}",
            )  # fmt: skip
    return ticked


def describe(record: RunRecord, _: Language) -> str:
    """A run in a line: name, best accuracy, seconds, state and tags, as plain text."""
    best = "–" if record.best_test_accuracy is None else _.percent(record.best_test_accuracy, 1)
    parts = [run_name(record, _), best, _.seconds(record.seconds), _(STATES[record.state]), *record.tags]
    return f"{ICONS[record.state]} {plain(' · '.join(parts))}"


def plain(text: str) -> str:
    """Text as a person typed it, for a place where Streamlit reads Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+-!|~$:" else letter for letter in text)
