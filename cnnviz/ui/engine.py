"""The server's one engine: the run store and the executor that every session shares, and a person's hand on it."""

import hashlib
import secrets

import streamlit as st

from cnnviz.training import LocalExecutor, OwnedRuns, RunStore
from cnnviz.training.race_runner import Races
from cnnviz.training.recorded import install


@st.cache_resource(show_spinner=False)
def engine() -> LocalExecutor:
    """The executor of this server; it marks what an earlier server left behind and keeps a worker warm.

    The recorded runs that ship with the app are in it from the first moment.

    For reading; whatever a person does to a run goes through `my_runs`, which knows whose it is.
    """
    store = RunStore()
    install(store)
    return LocalExecutor(store)


@st.cache_resource(show_spinner=False)
def races() -> Races:
    """The races of this server."""
    return Races(engine())


def owner() -> str:
    """Whose runs these are: a digest of the key in this browser's cookie, so the key itself is never stored.

    A browser that keeps no cookies owns its runs for as long as its session lasts.
    """
    key = st.context.cookies.get("cnnviz_owner")
    if not isinstance(key, str):
        key = st.session_state.setdefault("owner_key", secrets.token_urlsafe(24))
    return hashlib.sha256(key.encode()).hexdigest()[:20]


def my_runs() -> OwnedRuns:
    """This person's hand: start, command, extend, rename, delete; it refuses what belongs to somebody else."""
    return OwnedRuns(engine(), owner())
