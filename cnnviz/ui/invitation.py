"""The address of this server, as people reach it: to be read aloud, copied, or photographed as a QR code."""

import ipaddress
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from cnnviz.classroom.addresses import lan_addresses
from cnnviz.figures.qr import qr_svg
from cnnviz.language import Language
from cnnviz.ui.places import CLASSROOM


def invitation_address() -> str:
    """Where people join: as this browser reached the server, or as a neighbour would where it is the same machine."""
    parts = urlsplit(st.context.url or "")
    host = parts.hostname or "localhost"
    if _is_own(host):
        host = next(iter(lan_addresses()), host)
    port = f":{parts.port}" if parts.port else ""
    path = parts.path.rstrip("/").rpartition("/")[0]
    return urlunsplit((parts.scheme or "http", host + port, f"{path}/{CLASSROOM.url_path}", "", ""))


def _is_own(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@st.cache_resource(max_entries=16, show_spinner=False)
def _code(address: str) -> str:
    return qr_svg(address)


def render_invitation(_: Language, *, width: int = 220) -> None:
    """The QR code and the address below it."""
    address = invitation_address()
    st.image(_code(address), width=width, alt=_("QR code of {address}", address=address))
    st.code(address, language=None, wrap_lines=True)
