"""The frame around every page: navigation, language and the page's heading."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlencode

import streamlit as st

from cnnviz.language import N_, Language
from cnnviz.training.settings import class_mode
from cnnviz.ui.components.live_curves import forget_sent
from cnnviz.ui.components.sheet import sheet_buttons
from cnnviz.ui.links import note_page
from cnnviz.ui.places import CLASSROOM, navigation_pages
from cnnviz.ui.reader import dark, projector, reader, render_language_switch, settle_language, switch_projector
from cnnviz.ui.steps import render_page_steps, settle_lesson
from cnnviz.ui.watching import note_run


def open_frame() -> Any:
    """Set the page up and return the chosen page, ready to run."""
    note_run()
    _ = settle_language()
    st.set_page_config(page_title="cnnviz", page_icon=str(ICON), layout="wide", menu_items={"About": _(ABOUT)})
    hidden = () if class_mode() else (CLASSROOM,)
    page = st.navigation(navigation_pages(_, hidden), position="top")
    if note_page(page.url_path):
        forget_sent()
    settle_lesson()
    return page


ABOUT: Final = N_("Modern convolutional networks, taken apart. Everything runs on this machine; nothing leaves it.")
# A file of our own: Streamlit fetches the drawing of a Material icon in this place from the network.
ICON: Final = Path(__file__).resolve().parents[2] / "assets" / "icon.png"


@dataclass(frozen=True, slots=True)
class Heading:
    """A page's first line, already drawn; `take_away` opens the popover that stands in it.

    Attributes:
        language: the reader's.
    """

    language: Language
    _slot: Any

    @contextmanager
    def take_away(self, *, fresh: bool = False) -> Iterator[None]:
        """What a reader can take along from this page: its link first, then what the page adds in the `with` block.

        Open it after the page has written its link.

        Args:
            fresh: whether opening it runs the page, for a page whose link is also written by a fragment.
        """
        _ = self.language
        opened: Literal["rerun", "ignore"] = "rerun" if fresh else "ignore"
        with self._slot.popover(_("Take it away"), icon=":material/download:", on_change=opened, key="take away"):
            st.caption(_("Link to exactly this view"))
            st.code(page_address(), language=None, wrap_lines=True)
            yield


def heading(title: str, lead: str) -> Heading:
    """Draw a page's first line: its title, and at the right the things that stand there on every page.

    Args:
        title: English message.
        lead: English message: what can be understood here, in a sentence.
    """
    _ = reader()
    words, tools = st.columns([5, 3], vertical_alignment="center")  # on a phone the tools go below the title
    with words.container(gap=None):
        st.title(_(title), anchor=False)
        st.caption(_(lead))
    with tools.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        slot = st.container(width="content")
        sheet_buttons(_, projector=projector(), dark=dark(), on_switch=switch_projector)
        render_language_switch()
    with st.container(horizontal=True, horizontal_alignment="right"):
        render_page_steps(_)
    return Heading(_, slot)


def page_address() -> str:
    """The address of this view, with everything that is chosen."""
    base = (st.context.url or "").partition("?")[0]
    return f"{base}?{urlencode(st.query_params.to_dict())}"
