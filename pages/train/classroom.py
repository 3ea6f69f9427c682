"""The class: join with a nickname, see the board, and for the teacher the panel that leads it."""

import streamlit as st

from cnnviz.classroom.board import Cost
from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.ui.classroom import COSTS, cost_of, render_board, render_join, render_wall
from cnnviz.ui.engine import classroom, engine, in_class, is_teacher
from cnnviz.ui.frame import heading
from cnnviz.ui.invitation import render_invitation
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_option, render_refusals
from cnnviz.ui.places import CLASSROOM, TRAINING, page_link
from cnnviz.ui.reader import reader
from cnnviz.ui.teacher import render_panel, render_unlock

TICK = 2.0  # seconds between two looks at the board


def render_live(kind: Cost | None, wall: bool, _: Language) -> None:
    """The board, looked at again and again."""
    if not (classroom().rules().board_open or is_teacher()):
        st.info(_("The teacher has closed the board: your own runs are on the training page."), icon=":material/lock:")
    elif wall:
        render_wall(kind, _)
    elif kind is not None:
        render_board(kind, _)


def render_whole_wall(link: PageLink, _: Language) -> None:
    """The wall display: the board, and how to join."""
    kind = cost_of(link.asked.get("by", st.session_state.get(link.key("ranked"))))
    st.session_state[link.key("ranked")] = kind
    link.write({"by": kind or "", "view": "wall"}, {"by": ""})
    board, invitation = st.columns([5, 1], gap="large")
    with board:
        st.fragment(render_live, run_every=TICK)(kind, True, _)
    with invitation:
        words = _("Join here")
        st.markdown(f"**{words}**")
        render_invitation(_)
        page_link(CLASSROOM, _("Back"), view="class")


def render_teacher(_: Language) -> None:
    """The drawer of the teacher: a secret opens it."""
    with st.expander(
        _("For the teacher"), icon=":material/school:", expanded=is_teacher(), on_change="rerun", key="teacher"
    ) as drawer:
        if drawer.open:
            (render_panel if is_teacher() else render_unlock)(_)


def render_class(_: Language, link: PageLink) -> None:
    """The page as everybody has it on their own screen."""
    tools = st.container(horizontal=True, vertical_alignment="bottom")
    with tools:
        kind, _new = choose_option(link, "by", COSTS, _("Board"), _)
        page_link(TRAINING, _("Train a network"))
        page_link(CLASSROOM, _("Wall display"), icon=":material/present_to_all:", view="wall")
        with st.popover(_("Invite"), icon=":material/qr_code_2:"):
            render_invitation(_)
            waiting = engine().waiting
            st.caption(_.plural("{count} run is waiting.", "{count} runs are waiting.", waiting))
    link.write({"by": kind}, {"by": "seconds"})
    render_refusals(link, _.error, _)
    render_join(_)
    if is_teacher():
        render_teacher(_)
    st.fragment(render_live, run_every=TICK)(cost_of(kind), False, _)
    if not is_teacher():
        render_teacher(_)


link = PageLink("class")
on_the_wall = in_class() and link.asked.get("view", st.session_state.get(link.key("view"))) == "wall"
st.session_state[link.key("view")] = "wall" if on_the_wall else "class"
if on_the_wall:
    render_whole_wall(link, reader())
else:
    page = heading(N_("The class on one server"), N_("Whose run gets the most out of a second, a MAC or a parameter?"))
    _ = page.language
    try:
        if in_class():
            render_class(_, link)
        else:
            st.info(
                _(
                    "This server works without a class. Start it with CNNVIZ_CLASS=1, and with CNNVIZ_TEACHER set to a "
                    "secret for the teacher: then people join here with a nickname."
                ),
                icon=":material/groups:",
            )
    except CnnvizError as error:
        st.error(_.error(error), icon=":material/error:")
    with page.take_away():
        pass
