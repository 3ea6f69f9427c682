"""What the teacher shows to every screen of the class: a line above every page, with a link."""

from typing import Final
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.ui.engine import classroom, in_class
from cnnviz.ui.places import PLACES, Place
from cnnviz.ui.reader import CARRIED, link_parameters, reader
from cnnviz.ui.watching import pace

POLL: Final = 4.0  # seconds between two looks, for up to thirty people
_SEEN: Final = "shown number seen"
_PARAMETERS: Final = 60
_LENGTH: Final = 3000  # characters of a parameter's value: a lesson may name every step there is


def render_shown() -> None:
    """The line, where a class shares the server; nothing elsewhere and while nothing is shown."""
    if in_class() and st.query_params.get("view") != "wall":
        st.fragment(_line, run_every=pace(POLL))()


def _line() -> None:
    _ = reader()
    try:
        rules = classroom().rules()
    except CnnvizError:  # a store that cannot be read says so where runs are
        return
    place = next((place for place in PLACES if place.url_path == rules.shown_page), None)
    if place is None or st.session_state.get(_SEEN) == rules.shown_number:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="shown"):
        words = _("The teacher shows this page to everybody:")
        st.markdown(f":material/campaign: **{words}**", width="content")
        st.page_link(
            place.path, label=_(place.title), icon=place.icon, query_params=link_parameters(**rules.shown_query)
        )
        st.space("stretch")
        st.button(
            _("Hide"), icon=":material/close:", type="tertiary", key="shown_hide",
            on_click=st.session_state.__setitem__, args=(_SEEN, rules.shown_number),
        )  # fmt: skip


def page_of(address: str) -> tuple[Place, dict[str, str]]:
    """The page and the parameters of an address of this app; whose server it names does not matter.

    Raises:
        CnnvizError: if it is no page of this app.
    """
    refused = CnnvizError("link_not_ours", field="address", value=address[:60])
    try:
        parts = urlsplit(address.strip())
        pairs = parse_qsl(parts.query, max_num_fields=_PARAMETERS)
    except ValueError:
        raise refused from None
    if parts.scheme not in ("", "http", "https"):
        raise refused
    name = parts.path.rstrip("/").rpartition("/")[2]
    place = next((place for place in PLACES if name == place.url_path), None)
    if not name and (parts.netloc or parts.path == "/"):
        place = PLACES[0]
    if place is None:
        raise refused
    return place, {key: value[:_LENGTH] for key, value in pairs if key not in CARRIED}
