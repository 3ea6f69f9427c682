"""The server's one engine: the run store and the executor that every session shares."""

import hashlib
import secrets

import streamlit as st

from cnnviz.training import LocalExecutor, RunStore


@st.cache_resource(show_spinner=False)
def engine() -> LocalExecutor:
    """The executor of this server; it marks what an earlier server left behind and keeps a worker warm."""
    return LocalExecutor(RunStore())


def owner() -> str:
    """Whose runs these are: a digest of the key in this browser's cookie, so the key itself is never stored.

    A browser that keeps no cookies owns its runs for as long as its session lasts.
    """
    key = st.context.cookies.get("cnnviz_owner")
    if not isinstance(key, str):
        key = st.session_state.setdefault("owner_key", secrets.token_urlsafe(24))
    return hashlib.sha256(key.encode()).hexdigest()[:20]
