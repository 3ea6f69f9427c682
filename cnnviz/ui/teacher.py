"""The teacher's panel: the queue, everybody's runs, the caps, what is frozen, and what every screen shows."""

from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from cnnviz.architectures import architecture, catalog
from cnnviz.classroom import FREEZABLE, ClassRules
from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.presets import preset_named
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.card import STATES
from cnnviz.training.journal import note
from cnnviz.ui.choosing_runs import still_there
from cnnviz.ui.classroom import board_entries
from cnnviz.ui.clients import address
from cnnviz.ui.engine import classroom, engine, is_teacher, my_runs, owner, teachers
from cnnviz.ui.fields import error_text
from cnnviz.ui.links import encode
from cnnviz.ui.run_list import plain
from cnnviz.ui.run_words import run_name
from cnnviz.ui.runs import ICONS
from cnnviz.ui.shown import page_of

_REFUSED: Final = "teacher refused"
_USUAL: Final = ("epochs", "batch_size", "learning_rate", "optimizer", "train_images")
SHOWN_RUNS: Final = 20


def render_unlock(_: Language) -> None:
    """A field for the secret; it is sent once and kept nowhere."""
    with st.form("unlock form", border=False, clear_on_submit=True):
        field, button = st.columns([3, 2], vertical_alignment="bottom")
        field.text_input(_("Teacher's secret"), type="password", key="secret", autocomplete="off")
        button.form_submit_button(_("Unlock"), icon=":material/key:", width="stretch", on_click=_unlock)
    _render_refusal(_)


def _unlock() -> None:
    typed = str(st.session_state.get("secret") or "")
    _settle(lambda: teachers().unlock(owner(), typed, address()))


def _settle(action: Callable[[], Any]) -> None:
    """Do what only a teacher may and remember what was refused; whoever forges a click is no teacher."""
    try:
        action()
    except CnnvizError as error:
        st.session_state[_REFUSED] = error


def _as_teacher(action: Callable[[], Any]) -> None:
    if is_teacher():
        _settle(action)


def _render_refusal(_: Language) -> None:
    refusal: CnnvizError | None = st.session_state.pop(_REFUSED, None)
    if refusal is not None:
        st.error(error_text(refusal, _), icon=":material/error:")


def render_panel(_: Language) -> None:
    """Everything that a teacher can do."""
    _render_refusal(_)
    rules = classroom().rules()
    queue, caps, frozen, screens, people = st.tabs(
        [_("Queue and runs"), _("Caps"), _("Freeze settings"), _("Screens"), _("People")], key="teacher_tabs",
        on_change="rerun",
    )  # fmt: skip
    for tab, render in (
        (queue, _render_queue), (caps, _render_caps), (frozen, _render_frozen), (screens, _render_screens),
        (people, _render_people),
    ):  # fmt: skip
        with tab:
            if tab.open:
                render(rules, _)
    st.button(
        _("Lock again"), icon=":material/lock:", type="tertiary", key="lock",
        on_click=lambda: teachers().lock(owner()),
    )  # fmt: skip


def _hold(held: bool) -> None:
    classroom().change(queue_held=held)
    engine().hold(held)


def _render_queue(rules: ClassRules, _: Language) -> None:
    waiting = engine().waiting
    st.markdown(_.plural("{count} run is waiting.", "{count} runs are waiting.", waiting))
    with st.container(horizontal=True):
        if rules.queue_held:
            st.button(_("Let the queue go on"), icon=":material/play_arrow:", type="primary", key="release",
                      on_click=_as_teacher, args=(lambda: _hold(False),))  # fmt: skip
        else:
            st.button(_("Hold the queue"), icon=":material/pause:", key="hold",
                      help=_("What trains goes on; nothing new begins."), on_click=_as_teacher,
                      args=(lambda: _hold(True),))  # fmt: skip
        with st.popover(_("Clear the queue"), icon=":material/delete_sweep:", disabled=not waiting):
            st.caption(_("Every waiting run is stopped; whoever asked for it can ask again."))
            st.button(_("Stop all that wait"), type="primary", key="clear", on_click=_as_teacher,
                      args=(lambda: engine().clear(),))  # fmt: skip
    names, runs = classroom().nicknames(), engine().unfinished()
    for record in still_there(runs[:SHOWN_RUNS]):
        with st.container(horizontal=True, vertical_alignment="center"):
            who = plain(names.get(record.owner, _("somebody without a nickname")))
            words = f"{who} · {plain(run_name(record, _))} · {_(STATES[record.state])}"
            st.markdown(f"{ICONS[record.state]} {words}", width="stretch")
            st.button(
                _("Stop"), icon=":material/stop:", key=f"stop {record.id}", on_click=_as_teacher,
                args=(lambda run_id=record.id: my_runs().command(run_id, "stop"),), type="tertiary",
                disabled=record.state == "stopping",
            )  # fmt: skip
    if len(runs) > SHOWN_RUNS:
        more = len(runs) - SHOWN_RUNS
        st.caption(_.plural("{count} more run comes after these.", "{count} more runs come after these.", more))


def _render_caps(rules: ClassRules, _: Language) -> None:
    fields = ClassRules.model_fields
    counts = fields["threshold"]
    with st.form("caps form", border=False):
        columns = st.columns(4)
        for column, name in zip(columns, ("most_epochs", "most_seconds", "most_runs"), strict=False):
            limit = next(rule.le for rule in fields[name].metadata if hasattr(rule, "le"))
            column.number_input(
                _(fields[name].title or ""), min_value=0, max_value=int(limit), value=getattr(rules, name),
                key=f"cap {name}", help=_(fields[name].description or ""),
            )  # fmt: skip
        columns[3].number_input(
            _("{label}, in percent", label=_(counts.title or "")), min_value=10, max_value=100,
            value=round(100 * rules.threshold), key="cap threshold", help=_(counts.description or ""),
        )  # fmt: skip
        st.form_submit_button(_("Settle"), type="primary", on_click=_as_teacher, args=(_settle_caps,))
    st.button(_("Count everybody's runs from zero"), type="tertiary", key="recount", on_click=_as_teacher,
              args=(lambda: classroom().reset_starts(),))  # fmt: skip


def _settle_caps() -> None:
    state = st.session_state
    caps = {name: int(state[f"cap {name}"]) for name in ("most_epochs", "most_seconds", "most_runs")}
    classroom().change(**caps, threshold=state["cap threshold"] / 100)


def _render_frozen(rules: ClassRules, _: Language) -> None:
    if rules.frozen or rules.frozen_network:
        st.markdown(_("Every run has: {settings}.", settings=plain(frozen_words(rules, _))))
        st.button(_("Free everything"), icon=":material/lock_open:", type="primary", key="free", on_click=_as_teacher,
                  args=(lambda: classroom().change(frozen={}, frozen_network=""),))  # fmt: skip
    mine = engine().store.records(owner=owner(), limit=8)
    sources = {
        **{record.id: _("My run {name}", name=f"{run_name(record, _)} · {record.id[:4]}") for record in mine},
        **{entry.key: _("Class preset of {title}", title=_(entry.title)) for entry in catalog()},
    }
    source = st.selectbox(_("As in"), list(sources), format_func=sources.__getitem__, key="freeze as")
    config = (
        next((record.config for record in mine if record.id == source), None)
        or preset_named(str(source), "class").config
    )
    labels = {"architecture": _("Network"), **{name: _(TrainingConfig.model_fields[name].title or name)
                                               for name in FREEZABLE}}  # fmt: skip
    chosen = st.multiselect(
        _("What every run must have"), list(labels), default=list(_USUAL), format_func=labels.__getitem__,
        key="freeze what",
    )  # fmt: skip
    st.button(_("Freeze"), icon=":material/ac_unit:", key="freeze", disabled=not chosen, on_click=_as_teacher,
              args=(lambda: _freeze(config, chosen),))  # fmt: skip


def _freeze(config: TrainingConfig, chosen: list[str]) -> None:
    network = config.architecture.key if "architecture" in chosen else ""
    frozen = {name: getattr(config, name) for name in chosen if name in FREEZABLE}
    classroom().change(frozen=frozen, frozen_network=network)


def frozen_words(rules: ClassRules, _: Language) -> str:
    """What is frozen, each setting with its value."""
    words = [_(architecture(rules.frozen_network).title)] if rules.frozen_network else []
    for name, value in rules.frozen.items():
        words.append(f"{_(TrainingConfig.model_fields[name].title or name)} {encode(value)}")
    return ", ".join(words)


def _render_screens(rules: ClassRules, _: Language) -> None:
    st.toggle(
        _("Everybody sees the board"), value=rules.board_open, key="board open", on_change=_as_teacher,
        args=(lambda: classroom().change(board_open=bool(st.session_state["board open"])),),
    )  # fmt: skip
    with st.form("show form", border=False, clear_on_submit=True):
        st.text_input(
            _("Address of a page of this app"), key="address",
            help=_("From “Take it away”, or from the browser's line. A line with this link appears on every screen."),
        )  # fmt: skip
        st.form_submit_button(_("Show on every screen"), icon=":material/campaign:", on_click=_as_teacher,
                              args=(_show,))  # fmt: skip
    if rules.shown_page:
        st.button(_("Take it back"), key="take_back", on_click=_as_teacher, args=(lambda: classroom().show("", {}),))


def _show() -> None:
    place, query = page_of(str(st.session_state.get("address") or ""))
    classroom().show(place.url_path, query)


def _take_away(people: list[str]) -> None:
    for person in people:
        classroom().leave(person)
    note("nicknames taken away", people=len(people))


def _render_people(rules: ClassRules, _: Language) -> None:
    people = classroom().people()
    st.markdown(_.plural("{count} person has joined.", "{count} people have joined.", len(people)))
    names = {person.owner: person.nickname for person in people}
    chosen = st.multiselect(
        _("Nicknames to take away"), list(names), format_func=names.__getitem__, key="unwanted",
        help=_("Their runs stay; they can choose another nickname."),
    )  # fmt: skip
    with st.container(horizontal=True):
        st.button(_("Take away"), key="take_away_names", disabled=not chosen, on_click=_as_teacher,
                  args=(lambda: _take_away(chosen),))  # fmt: skip
        st.button(_("Take away from all who have started no run"), key="take_away_idle", type="tertiary",
                  on_click=_as_teacher, args=(lambda: classroom().leave_idle(),))  # fmt: skip
    st.caption(_.plural("{count} run counts for the board.", "{count} runs count for the board.", len(board_entries())))
