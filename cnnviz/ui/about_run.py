"""About a run: its card, and what its owner writes about it."""

from collections.abc import Callable
from typing import Final

import pandas as pd
import streamlit as st

from cnnviz.language import N_, Language
from cnnviz.training import RunRecord
from cnnviz.training.card import RunCard, card
from cnnviz.training.details import NAME_LENGTH, NOTES_LENGTH, TAGS
from cnnviz.ui.engine import my_runs
from cnnviz.ui.fields import choice_label, error_text
from cnnviz.ui.run_list import plain
from cnnviz.ui.work import network_macs

SUGGESTED: Final = (N_("for class"), N_("keep"))


def run_card(record: RunRecord, _: Language) -> RunCard:
    """Everything that is needed to understand a run or to repeat it."""
    spec = record.config.architecture
    return card(record, record.choices, _, macs=network_macs(spec), choice=lambda value: choice_label(value, _))


def render_about(record: RunRecord, forget: Callable[[], None], _: Language) -> None:
    """A drawer with the run's card, its name, tags and notes, and the way to delete it.

    Args:
        record: the run.
        forget: called when the run was deleted.
        _: the reader's language.
    """
    with st.expander(_("About this run"), icon=":material/badge:", on_change="rerun", key="about") as drawer:
        if not drawer.open:
            return
        if my_runs().may(record):
            _render_words(record, forget, _)
        elif my_runs().may_pin(record):
            _render_pin(record, _)
        rows = run_card(record, _).rows
        frame = pd.DataFrame({_("Value"): [plain(row.text) for row in rows]}, index=[_(row.label) for row in rows])
        st.table(frame.rename_axis(_("Property")))
        for part in record.evicted:
            st.caption(_evicted(part, _))


def _evicted(part: str, _: Language) -> str:
    return {
        "curve": _("The curve of the steps made room for newer runs; what was measured on the test set is kept."),
        "history": _("The checkpoints along the curve made room for newer runs."),
        "best": _("The best checkpoint made room for newer runs."),
        "last": _("The last checkpoint made room for newer runs: this run cannot go on."),
    }[part]


def _pin_help(_: Language) -> str:
    """What a pin is worth to whoever sets it."""
    pins = my_runs().pins
    if pins is None:
        return _(
            "When the space for runs is used up, the oldest checkpoints and curves make room, not those of this run."
        )
    return _(
        "When the space for runs is used up, the oldest checkpoints and curves make room, those of this run last. "
        "Up to {count} runs can be kept.",
        count=pins,
    )


def _render_words(record: RunRecord, forget: Callable[[], None], _: Language) -> None:
    keys = {field: _settled(record, field) for field in ("name", "tags", "notes")}

    def keep(field: str) -> None:
        _keep(record, field, _)

    name, tags = st.columns(2)
    name.text_input(
        _("Name"), max_chars=NAME_LENGTH, key=keys["name"], on_change=keep, args=("name",),
        placeholder=_("A name of your own"),
    )  # fmt: skip
    options = list(dict.fromkeys([*record.tags, *(_(word) for word in SUGGESTED)]))
    tags.multiselect(
        _("Tags"), options, key=keys["tags"], accept_new_options=True, max_selections=TAGS, on_change=keep,
        args=("tags",), placeholder=_("Choose or type a tag"),
    )  # fmt: skip
    st.text_area(_("Notes"), max_chars=NOTES_LENGTH, key=keys["notes"], on_change=keep, args=("notes",), height=80)
    with st.container(horizontal=True, vertical_alignment="center"):
        _render_pin(record, _)
        with st.popover(_("Delete"), icon=":material/delete:", disabled=not record.ended):
            st.caption(_("The run, its curve and its checkpoints are gone for good."))
            st.button(_("Delete this run"), type="primary", on_click=_delete, args=(record.id, forget, _), key="delete")


def _settled(record: RunRecord, field: str) -> str:
    """The session state's key of one of a run's own words, which holds them from now on."""
    key, value = f"{field} of {record.id}", getattr(record, field)
    st.session_state.setdefault(key, list(value) if field == "tags" else value)
    return key


def _render_pin(record: RunRecord, _: Language) -> None:
    key = _settled(record, "pinned")
    st.toggle(
        _("Keep its checkpoints"), key=key, on_change=_keep, args=(record, "pinned", _), help=_pin_help(_)
    )  # fmt: skip


def _keep(record: RunRecord, field: str, _: Language) -> None:
    key = f"{field} of {record.id}"
    try:
        my_runs().update(record.id, **{field: st.session_state[key]})
    except ValueError as error:
        st.toast(error_text(error, _), icon=":material/error:")
        if field == "pinned":
            st.session_state[key] = record.pinned


def _delete(run_id: str, forget: Callable[[], None], _: Language) -> None:
    try:
        my_runs().delete(run_id)
    except ValueError as error:
        st.toast(error_text(error, _), icon=":material/error:")
        return
    forget()
