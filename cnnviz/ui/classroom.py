"""The class on the page: joining it, and its board."""

import time
from collections.abc import Sequence
from typing import Final

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.classroom import Entry, Standing, standings
from cnnviz.classroom.board import Cost
from cnnviz.classroom.nicknames import LENGTH
from cnnviz.errors import CnnvizError
from cnnviz.figures.board import BoardPoint, board_chart, describe_board
from cnnviz.language import N_, Language
from cnnviz.ui.clients import address
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.engine import classroom, engine, joining, owner
from cnnviz.ui.fields import error_text
from cnnviz.ui.reader import dark
from cnnviz.ui.run_list import plain
from cnnviz.ui.theme import colour_of
from cnnviz.ui.work import network_macs

COSTS: Final[dict[Cost, str]] = {"seconds": N_("Per second"), "macs": N_("Per MAC"), "parameters": N_("Per parameter")}
_AXES: Final[dict[Cost, str]] = {
    "seconds": N_("Seconds of training"),
    "macs": N_("MACs per picture"),
    "parameters": N_("Parameters"),
}
_UNITS: Final[dict[Cost, tuple[float, str]]] = {
    "seconds": (1.0, N_("Points per second")),
    "macs": (1e6, N_("Points per million MACs")),
    "parameters": (1e3, N_("Points per thousand parameters")),
}
_RUNS: Final = 1000  # that are looked at for the board
LINES: Final = 12
LARGE_LINES: Final = 9
TURN: Final = 20  # seconds that the wall shows one ranking


def cost_of(name: object) -> Cost | None:
    """The kind of cost that a link names, or None."""
    return next((kind for kind in COSTS if kind == name), None)


@st.cache_resource(ttl=1.5, max_entries=1, show_spinner=False)
def board_entries() -> tuple[Entry, ...]:
    """Every run of somebody who has joined and whose test accuracy was measured; computed once for all screens."""
    names = classroom().nicknames()
    return tuple(
        Entry(
            run_id=record.id,
            owner=record.owner,
            nickname=names[record.owner],
            network=record.config.architecture.key,
            accuracy=record.best_test_accuracy,
            seconds=record.seconds,
            macs=network_macs(record.config.architecture),
            parameters=int(record.choices["parameters"]),
        )
        for record in engine().store.records(limit=_RUNS)
        if record.owner in names
        and record.best_test_accuracy is not None
        and record.choices
        and record.config.schedule != "range_test"
    )


def board(kind: Cost) -> tuple[Standing, ...]:
    """The board by one kind of cost, under the class's threshold."""
    return standings(board_entries(), kind, classroom().rules().threshold)


def leader(lines: Sequence[Standing], kind: Cost, _: Language) -> str:
    """The board in a sentence that changes with it."""
    if not lines:
        return _("Nobody is on the board yet: a run counts from {threshold} on the test set.",
                 threshold=_.percent(classroom().rules().threshold))  # fmt: skip
    first = lines[0].entry
    cost = _.seconds(first.seconds) if kind == "seconds" else _.compact(first.cost(kind))
    return {
        "seconds": _("{name} leads: {accuracy} after {cost} of training.", name=plain(first.nickname),
                     accuracy=_.percent(first.accuracy, 1), cost=cost),
        "macs": _("{name} leads: {accuracy} with {cost} MACs per picture.", name=plain(first.nickname),
                  accuracy=_.percent(first.accuracy, 1), cost=cost),
        "parameters": _("{name} leads: {accuracy} with {cost} parameters.", name=plain(first.nickname),
                        accuracy=_.percent(first.accuracy, 1), cost=cost),
    }[kind]  # fmt: skip


def render_board(kind: Cost, _: Language) -> None:
    """The sentence, the picture and the table."""
    lines = board(kind)
    st.markdown(f"**{leader(lines, kind, _)}**")
    if lines:
        chart, table = st.columns([3, 2], gap="medium")
        with chart:
            _chart(lines, kind, _)
        with table:
            st.table(_table(lines[:LINES], kind, _))


def render_wall(kind: Cost | None, _: Language) -> None:
    """The board for the last row of the room: large, live, no controls.

    Args:
        kind: what it ranks by; None takes the three in turn.
        _: the reader's language.
    """
    if kind is None:
        kind = list(COSTS)[int(time.time() // TURN) % len(COSTS)]
    lines = board(kind)
    st.title(leader(lines, kind, _), anchor=False)
    if not lines:
        return
    chart, names = st.columns([3, 2], gap="medium")
    with chart:
        _chart(lines, kind, _, height=540, size=20)
    with names.container(gap="xsmall"):
        factor, unit = _UNITS[kind]
        st.markdown(f"**{_(unit)}**")
        for line in lines[:LARGE_LINES]:
            name, worth = plain(line.entry.nickname), _.significant(line.yield_ * factor)
            st.header(f"{line.place}\\. {name} · {worth}", anchor=False)


def _chart(lines: Sequence[Standing], kind: Cost, _: Language, *, height: int = 400, size: int = 14) -> None:
    points = [_point(line, kind, _) for line in lines[:LINES]]
    axis = _(_AXES[kind])
    figure = drawn(board_chart, points, axis, _, dark=dark(), height=height, size=size)
    figure_chart(figure, _, alt=describe_board(points, axis, _), key="board")
    st.caption(_("Up is better, left is cheaper. Diamonds: nobody reached as much for less."))


def _point(line: Standing, kind: Cost, _: Language) -> BoardPoint:
    entry = architecture(line.entry.network)
    return BoardPoint(
        name=line.entry.nickname,
        network=_(entry.title),
        accuracy=line.entry.accuracy,
        cost=line.entry.cost(kind),
        colour=colour_of(entry),
        unbeaten=line.unbeaten,
    )


def _table(lines: Sequence[Standing], kind: Cost, _: Language) -> dict[str, list[str]]:
    """The lines as columns of text in which nothing is read as Markdown."""
    factor, unit = _UNITS[kind]
    entries = [line.entry for line in lines]
    return {
        _("Place"): [_.number(line.place) for line in lines],
        _("Nickname"): [plain(entry.nickname) for entry in entries],
        _(unit): [_.significant(line.yield_ * factor) for line in lines],
        _("Test accuracy"): [_.percent(entry.accuracy, 1) for entry in entries],
        _("Network"): [_(architecture(entry.network).title) for entry in entries],
    }


def render_join(_: Language) -> None:
    """A nickname and a button; whoever has joined may change it."""
    person = classroom().person(owner())
    if person is None:
        _nickname_form(_("Join the class"), "", _)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_("You take part as {name}.", name=f"**{plain(person.nickname)}**"), width="content")
        with st.popover(_("Another nickname"), icon=":material/badge:", type="tertiary"):
            _nickname_form(_("Use this nickname"), person.nickname, _)
            st.button(_("Leave the class"), on_click=_leave, args=(_,), key="leave", type="tertiary")
    limit = classroom().rules().most_runs
    if limit:
        left = max(0, limit - person.started)
        st.caption(_.plural("You can start {count} more run.", "You can start {count} more runs.", left))


def _nickname_form(label: str, value: str, _: Language) -> None:
    with st.form("nickname form", border=False):
        field, button = st.columns([3, 2], vertical_alignment="bottom")
        field.text_input(
            _("Nickname"), value=value, max_chars=LENGTH, key="nickname", help=_("Everybody in the class sees it."),
            placeholder=_("Not your full name"),
        )  # fmt: skip
        button.form_submit_button(label, type="primary", width="stretch", on_click=_join)
    refusal: CnnvizError | None = st.session_state.pop("nickname refused", None)
    if refusal is not None:
        st.error(error_text(refusal, _), icon=":material/error:")


def _join() -> None:
    try:
        joining().use(owner(), address())
        classroom().join(owner(), str(st.session_state.get("nickname", "")))
    except CnnvizError as error:
        st.session_state["nickname refused"] = error


def _leave(_: Language) -> None:
    try:
        classroom().leave(owner())
    except CnnvizError as error:
        st.toast(error_text(error, _), icon=":material/error:")
