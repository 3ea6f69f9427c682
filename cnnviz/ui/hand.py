"""The hand on a run: pause, step, stop, another learning rate while it goes, and more epochs when it is over."""

from collections.abc import Callable
from typing import Final, Literal

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.range_test import is_range_test
from cnnviz.specs.training import LEARNING_RATES, MOST_EPOCHS, Action
from cnnviz.training import RunRecord
from cnnviz.ui.engine import my_runs
from cnnviz.ui.fields import error_text
from cnnviz.ui.places import RESULTS, RUNS, page_link

MORE_EPOCHS: Final = 3


def render_hand(record: RunRecord, unfollow: Callable[[], None], _: Language) -> None:
    """What can be done to a run that goes; a press acts at once and waits for nothing.

    Args:
        record: the run.
        unfollow: leaves the view of somebody else's run.
        _: the reader's language.
    """
    hand = my_runs()
    own, reached = hand.may(record), hand.may_command(record, "stop")
    if not own:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                _("This run belongs to somebody else: it can be held and stopped, not changed.")
                if reached
                else _("This run belongs to somebody else: it can be watched, not changed.")
            )
            st.button(_("Stop following"), icon=":material/visibility_off:", on_click=unfollow, key="unfollow")
    if not reached:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if record.state == "paused":
            _button(record, "resume", _("Go on"), ":material/play_arrow:", _, primary=True)
            if own:
                _button(record, "step", _("One step"), ":material/skip_next:", _)
        else:
            _button(record, "pause", _("Pause"), ":material/pause:", _, disabled=record.state != "running")
        stopping = record.state == "stopping"
        _button(record, "stop", _("Stop"), ":material/stop:", _, primary=record.state == "running", disabled=stopping)
        if own and record.state in ("running", "paused"):
            _render_rate(record, _)


def _button(
    record: RunRecord, action: Action, label: str, icon: str, _: Language, *, primary: bool = False,
    disabled: bool = False,
) -> None:  # fmt: skip
    key = {"step": "one_step"}.get(action, action)
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    st.button(label, icon=icon, type=kind, on_click=_press, args=(record.id, action, _), key=key, disabled=disabled)


def _press(run_id: str, action: Action, _: Language, learning_rate: float | None = None) -> None:
    try:
        my_runs().command(run_id, action, learning_rate=learning_rate)
    except CnnvizError as error:
        st.toast(error_text(error, _), icon=":material/error:")


def _render_rate(record: RunRecord, _: Language) -> None:
    """Another learning rate from the next step on."""
    key = f"rate of {record.id}"
    with st.popover(
        _("Learning rate {value}", value=_.significant(record.learning_rate or 0)), icon=":material/speed:"
    ):
        st.session_state.setdefault(key, float(record.learning_rate or record.config.learning_rate))
        low, high = LEARNING_RATES
        st.number_input(_("From the next step on"), min_value=low, max_value=high, format="%g", key=key)
        with st.container(horizontal=True):
            st.button(_("Use it"), type="primary", on_click=lambda: _use_rate(record.id, st.session_state[key], _),
                      key="use_rate")  # fmt: skip
            for factor, label in ((0.1, "÷ 10"), (10.0, "× 10")):
                st.button(label, on_click=_scale_rate, args=(key, factor), key=f"rate {label}")


def _use_rate(run_id: str, rate: float, _: Language) -> None:
    _press(run_id, "learning_rate", _, rate)


def _scale_rate(key: str, factor: float) -> None:
    low, high = LEARNING_RATES
    st.session_state[key] = min(high, max(low, float(f"{st.session_state[key] * factor:.6g}")))


def render_afterwards(record: RunRecord, _: Language) -> None:
    """What can be done to a run that is over: look closer, and to one's own: go on where it broke off, train longer."""
    if not record.ended:
        return
    with st.container(horizontal=True):
        page_link(RESULTS, _("What it gets right and wrong"), run=record.id)
        page_link(RUNS, _("Compare with other runs"), runs=record.id)
    if not my_runs().may(record):
        return
    unfinished = record.state != "finished" and record.step < record.total_steps
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if unfinished:
            st.button(
                _("Go on from the last checkpoint"),
                icon=":material/resume:",
                on_click=_continue,
                args=(record.id, None, _),
                key="continue",
            )
        elif (left := MOST_EPOCHS - record.config.epochs) and not is_range_test(record.config):
            count = st.number_input(
                _("More epochs"), min_value=1, max_value=left, value=min(MORE_EPOCHS, left), width=150,
                key=f"more epochs of {record.id} after {record.config.epochs}",
            )  # fmt: skip
            st.button(
                _("Train longer"),
                icon=":material/add:",
                on_click=_continue,
                args=(record.id, record.config.epochs + int(count), _),
                key="extend",
            )


def _continue(run_id: str, epochs: int | None, _: Language) -> None:
    try:
        if epochs is None:
            my_runs().continue_run(run_id)
        else:
            my_runs().extend(run_id, epochs)
    except ValueError as error:
        st.toast(error_text(error, _), icon=":material/error:")
