"""The server's one engine: the run store and the executor that every session shares, and a person's hand on it."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from cnnviz.classroom import Classroom, ClassRuns, Teachers, tidy
from cnnviz.training import OwnedRuns, RunStore
from cnnviz.training.choose_executor import chosen_executor
from cnnviz.training.dispatch import QueueExecutor
from cnnviz.training.journal import open_journal
from cnnviz.training.pace import PersonLimit
from cnnviz.training.race_runner import Races
from cnnviz.training.recorded import install
from cnnviz.training.settings import class_mode
from cnnviz.ui.clients import address
from cnnviz.ui.once import once

COOKIE: Final = "cnnviz_owner"
"""Holds the key that says whose runs these are; `ui.server` gives it to a browser once."""


@once
def engine() -> QueueExecutor:
    """The executor of this server; it marks what an earlier server left behind and keeps a worker warm.

    The recorded runs that ship with the app are in it from the first moment.

    For reading; whatever a person does to a run goes through `my_runs`, which knows whose it is.
    """
    open_journal()
    store = RunStore()
    install(store)
    executor = chosen_executor(store)
    tidy(store)
    if class_mode():
        executor.hold(Classroom(executor.store).rules().queue_held)
    return executor


@once
def races() -> Races:
    """The races of this server."""
    return Races(engine())


@once
def classroom() -> Classroom:
    """The class's desk: people and rules."""
    return Classroom(engine().store)


@once
def teachers() -> Teachers:
    """The browsers that know the teacher's secret."""
    return Teachers()


@once
def _pace() -> PersonLimit:
    """How fast one person may start runs."""
    return PersonLimit(10, 300, seconds=60)


@once
def joining() -> PersonLimit:
    """How often one person may join the class or change their nickname: twice for each of sixty behind one proxy."""
    return PersonLimit(20, 120, seconds=3600)


def in_class() -> bool:
    """Whether a class shares this server."""
    return class_mode()


def owner() -> str:
    """Whose runs these are: a digest of the key in this browser's cookie, so the key itself is never stored.

    A browser that keeps no cookies owns its runs for as long as its session lasts.
    """
    key = st.context.cookies.get(COOKIE)
    if not isinstance(key, str):
        key = st.session_state.setdefault("owner_key", secrets.token_urlsafe(24))
    return hashlib.sha256(key.encode()).hexdigest()[:20]


def is_teacher() -> bool:
    """Whether this browser was unlocked with the teacher's secret."""
    return in_class() and owner() in teachers()


def my_runs() -> OwnedRuns:
    """This person's hand: start, command, extend, rename, delete; it refuses what belongs to somebody else.

    In a class it keeps to the class's rules; the teacher's hand also holds and stops everybody's runs.
    """
    if in_class() and not is_teacher():
        return ClassRuns(engine(), owner(), classroom(), pace=_pace(), address=address())
    return OwnedRuns(engine(), owner(), leads=is_teacher(), pace=_pace(), address=address())


def works_alone() -> bool:
    """Whether nobody is shown a run of somebody else: in a class whose board is closed."""
    return in_class() and not is_teacher() and not classroom().rules().board_open


def fixed_settings() -> Mapping[str, Any]:
    """The settings of a run that this person cannot choose, by name."""
    return classroom().rules().frozen if in_class() and not is_teacher() else {}
