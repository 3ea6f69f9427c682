"""Forgetting people: their nicknames and their runs, out of the file itself and not only out of sight.

Pictures that people upload are never written to the disk; they end with the visit.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from cnnviz.classroom.nicknames import folded
from cnnviz.errors import CnnvizError
from cnnviz.training.store import RunStore


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten: how many people and runs, and the ids of the runs that still go and were left."""

    people: int
    runs: int
    left: tuple[str, ...] = ()


def forget(
    store: RunStore, *, nicknames: Iterable[str] | None = None, older_than_days: float = 0.0, pinned: bool = True
) -> Forgotten:
    """Forget people and their runs for good.

    Args:
        store: where they are kept.
        nicknames: whose; None means everybody's, those of people without a nickname included.
        older_than_days: only what is older: nicknames that started nothing since, runs that were made before.
        pinned: also runs that somebody pinned.
    """
    before = time.time() - older_than_days * 86_400
    database = store.database
    with database.reading() as connection:
        people = {row["owner"]: row for row in connection.execute("SELECT owner, folded, seen FROM people")}
        runs = connection.execute("SELECT id, owner, pinned FROM runs WHERE created <= ?", (before,)).fetchall()
    if nicknames is not None:
        wanted = set(map(folded, nicknames))
        people = {owner: row for owner, row in people.items() if row["folded"] in wanted}
        runs = [row for row in runs if row["owner"] in people]
    deleted, left = 0, []
    for row in runs:
        if row["pinned"] and not pinned:
            continue
        try:
            store.delete(row["id"])
            deleted += 1
        except CnnvizError as error:
            if error.code == "run_active":
                left.append(row["id"])
    gone = [owner for owner, row in people.items() if row["seen"] <= before]
    with database.writing() as connection:
        connection.executemany("DELETE FROM people WHERE owner = ?", [(owner,) for owner in gone])
    if deleted or gone:
        with suppress(CnnvizError):  # another process reads just now: what was deleted is overwritten later
            database.compact()
    return Forgotten(len(gone), deleted, tuple(left))
