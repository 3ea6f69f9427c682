"""Forgetting people: their nicknames, runs and races, out of the files themselves and not only out of sight.

Pictures that people upload are never written to the disk; they end with the visit.
"""

import sqlite3
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from cnnviz.classroom.nicknames import folded
from cnnviz.errors import CnnvizError
from cnnviz.training.eviction import LASTING
from cnnviz.training.journal import note
from cnnviz.training.kept_races import delete_races
from cnnviz.training.records import RECORDED
from cnnviz.training.settings import class_mode, database_limit, disk_limit, keep_days
from cnnviz.training.store import RunStore


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten: how many people, runs and races, and the ids of the runs that still go and were left."""

    people: int
    runs: int
    left: tuple[str, ...] = ()
    races: int = 0


def forget(
    store: RunStore,
    *,
    nicknames: Iterable[str] | None = None,
    runs: Iterable[str] | None = None,
    older_than_days: float = 0.0,
    kept: bool = True,
) -> Forgotten:
    """Forget people, their runs and their races for good.

    Args:
        store: where they are kept.
        nicknames: whose. Where neither these nor runs are given, everybody's, those of people without a nickname
            included.
        runs: ids of runs, each for the person whose run it is: the way to somebody who has left the class.
        older_than_days: only what is older: nicknames that started nothing since, runs and races that were made before.
        kept: also what is kept for good: what the teacher has pinned, and the recordings.

    Raises:
        CnnvizError: if there is no such run, or the store cannot be used.
    """
    before = time.time() - older_than_days * 86_400
    database = store.database
    with database.reading() as connection:
        people = {row["owner"]: row for row in connection.execute("SELECT owner, folded, seen FROM people")}
        rows = connection.execute("SELECT id, owner, pinned FROM runs WHERE created <= ?", (before,)).fetchall()
    owners = _owners(store, people, nicknames, runs)
    if owners is not None:
        people = {owner: row for owner, row in people.items() if owner in owners}
        rows = [row for row in rows if row["owner"] in owners]
    if not kept:
        rows = [row for row in rows if row["pinned"] < LASTING and row["owner"] != RECORDED]
    deleted, left = 0, []
    for row in rows:
        try:
            store.delete(row["id"])
            deleted += 1
        except CnnvizError as error:
            if error.code == "run_active":
                left.append(row["id"])
    races = delete_races(
        database, store.folder, lambda race: race.created <= before and (owners is None or race.owner in owners)
    )
    gone = [owner for owner, row in people.items() if row["seen"] <= before]
    with database.writing() as connection:
        connection.executemany("DELETE FROM people WHERE owner = ?", [(owner,) for owner in gone])
    if deleted or gone:
        with suppress(CnnvizError):  # another process reads just now: what was deleted is overwritten later
            database.compact()
    return Forgotten(len(gone), deleted, tuple(left), races)


def _owners(
    store: RunStore, people: dict[str, sqlite3.Row], nicknames: Iterable[str] | None, runs: Iterable[str] | None
) -> set[str] | None:
    """Who is meant; None for everybody."""
    if nicknames is None and runs is None:
        return None
    wanted = set(map(folded, nicknames or ()))
    named = {owner for owner, row in people.items() if row["folded"] in wanted}
    return named | {store.record(run).owner for run in runs or ()}


def tidy(store: RunStore) -> None:
    """What a server does at its start and every hour: forget what a class need not keep, and make room.

    A store that cannot be written now, since its disk is full or away, is left for the next hour; the log says so.

    Raises:
        CnnvizError: if the environment asks for what cannot be.
    """
    days, limits = keep_days() if class_mode() else 0, (disk_limit(), database_limit())
    with suppress(CnnvizError, OSError):
        if days:
            done = forget(store, older_than_days=days, kept=False)
            if done.people or done.runs or done.races:
                note("old runs forgotten", people=done.people, runs=done.runs, races=done.races)
        store.make_room(*limits)
