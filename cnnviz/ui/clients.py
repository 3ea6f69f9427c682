"""From where a browser speaks, which bounds what one machine may do, however many browsers it pretends to be.

Behind a proxy that is believed (the server's `FORWARDED_ALLOW_IPS`, by default this machine) it is the address that the
proxy names; see docs/threat-model.md.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

HERE: Final = ""
"""The address of whoever sits at this machine, and of everybody behind a proxy on it that names nobody."""


def client_address(host: str | None) -> str:
    """One way of writing for each address, whichever kind of socket it came through."""
    try:
        found = ipaddress.ip_address(host or "")
    except ValueError:
        return host or HERE
    found = getattr(found, "ipv4_mapped", None) or found
    return HERE if found.is_loopback else str(found)


def address_in(scope: Mapping[str, Any]) -> str:
    """The address of a connection, as ASGI describes it."""
    client = scope.get("client")
    return client_address(client[0] if client else None)


def address() -> str:
    """The address of the browser whose page runs now."""
    host = st.context.ip_address
    return client_address(host) if isinstance(host, str) else HERE
