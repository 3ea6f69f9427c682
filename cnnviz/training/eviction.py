"""What makes room for others: which checkpoints and curves go first, and that each run's record says what it lost.

Pins come in two kinds. A person of a class pins a few runs (`PINNED`): theirs go after all others. Whoever keeps the
server, its teacher or somebody who works alone, pins for good (`LASTING`): nothing of those ever goes.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cnnviz.training.database import Database
from cnnviz.training.history import BEST, LAST, disk_usage, history
from cnnviz.training.journal import note
from cnnviz.training.records import ENDED, RECORDED
from cnnviz.training.settings import database_limit, disk_limit

PINNED: Final = 1
LASTING: Final = 2
CURVE: Final = "curve"
_BROKEN_OFF: Final = ("stopped", "failed", "interrupted")  # these could still be continued
_ORDER: Final = (
    ("history", ENDED),
    ("best", ENDED),
    ("last", ("finished",)),
    ("last", _BROKEN_OFF),
)


def evict(database: Database, folder: Path, limit: int | None = None, *, full: bool = False) -> tuple[str, ...]:
    """Delete checkpoints until those of all runs take no more than `limit` bytes; see `RunStore.make_room`."""
    limit = disk_limit() if limit is None else limit
    used = disk_usage(_files(folder))
    if full:
        limit = min(limit, used // 2)
    touched: dict[str, None] = {}
    if used <= limit:
        return ()
    there = [path for path in folder.iterdir() if path.is_dir()]  # read first: a run's row is older than its folder
    rows = _evictable(database)
    with database.reading() as connection:
        known = {row[0] for row in connection.execute("SELECT id FROM runs")}
    for path in there:
        if path.name not in known:  # left behind by a deletion that was cut short
            shutil.rmtree(path, ignore_errors=True)
    used = disk_usage(_files(folder))
    for pinned in (0, PINNED):
        for part, states in _ORDER:
            for run_id, state, pin in rows:
                if used <= limit:
                    return tuple(touched)
                if pin == pinned and state in states and _files_of(folder / run_id, part):
                    before = disk_usage((folder / run_id).iterdir())
                    if _drop(database, folder, run_id, part, pinned):
                        touched[run_id] = None
                        used -= before - disk_usage((folder / run_id).iterdir())
    return tuple(touched)


def evict_curves(database: Database, folder: Path, limit: int | None = None) -> tuple[str, ...]:
    """Delete curves, and in the end whole runs, until the database has no more than `limit` bytes in use.

    The steps of the oldest runs that nobody pinned go first, those of finished ones before those that could go on; what
    was measured on the test set stays. Where that is not enough the oldest of these runs go altogether; then the steps
    of those that people of a class have pinned.
    """
    limit = database_limit() if limit is None else limit
    touched: dict[str, None] = {}
    if database.size <= limit:
        return ()
    rows = [row for row in _evictable(database) if row[1] in ENDED]
    rows.sort(key=lambda row: row[1] != "finished")  # stable: each half the oldest first
    with database.reading() as connection:
        drawn = {row[0] for row in connection.execute("SELECT DISTINCT run_id FROM blocks")}
    for pinned in (0, PINNED):
        for drop in (_drop_curve, _drop_run) if pinned == 0 else (_drop_curve,):
            for run_id, _state, pin in rows:
                if pin != pinned or (drop is _drop_curve and run_id not in drawn):
                    continue
                if drop(database, folder / run_id, pinned):
                    touched[run_id] = None
                    if database.size <= limit:
                        return tuple(touched)
    return tuple(touched)


def _evictable(database: Database) -> list[tuple[str, str, int]]:
    """(id, state, pin) of every run that may lose something, in the order of arrival."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT id, state, pinned FROM runs WHERE pinned < ? AND owner != ? ORDER BY rowid", (LASTING, RECORDED)
        ).fetchall()
    return [(row[0], row[1], int(row[2])) for row in rows]


def _drop(database: Database, folder: Path, run_id: str, part: str, pinned: int) -> bool:
    """Delete one part of a run's checkpoints, unless it was pinned or began to go on in the meantime."""
    with database.writing() as connection:
        row = connection.execute("SELECT state, pinned, evicted FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None or row["pinned"] > pinned or row["state"] not in ENDED:
            return False
        for path in _files_of(folder / run_id, part):
            path.unlink(missing_ok=True)
        evicted = sorted({*json.loads(row["evicted"]), part})
        connection.execute("UPDATE runs SET evicted = ? WHERE id = ?", (json.dumps(evicted), run_id))
    note("checkpoints made room", run=run_id, part=part)
    return True


def _drop_curve(database: Database, folder: Path, pinned: int) -> bool:
    """Delete a run's steps, unless there are none or it was pinned or began to go on in the meantime."""
    run_id = folder.name
    with database.writing() as connection:
        row = connection.execute("SELECT state, pinned, evicted FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None or row["pinned"] > pinned or row["state"] not in ENDED:
            return False
        if not connection.execute("DELETE FROM blocks WHERE run_id = ?", (run_id,)).rowcount:
            return False
        evicted = sorted({*json.loads(row["evicted"]), CURVE})
        connection.execute("UPDATE runs SET evicted = ? WHERE id = ?", (json.dumps(evicted), run_id))
    note("curve made room", run=run_id)
    return True


def _drop_run(database: Database, folder: Path, pinned: int) -> bool:
    """Delete a run altogether, unless it was pinned or began to go on in the meantime."""
    run_id = folder.name
    with database.writing() as connection:
        marks = ", ".join("?" * len(ENDED))
        deleted = connection.execute(
            f"DELETE FROM runs WHERE id = ? AND pinned <= ? AND state IN ({marks})", (run_id, pinned, *ENDED)
        ).rowcount
    if not deleted:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    note("run made room", run=run_id)
    return True


def _files_of(folder: Path, part: str) -> tuple[Path, ...]:
    if part == "history":
        return tuple(path for _step, path in history(folder))
    path = folder / (BEST if part == "best" else LAST)
    return (path,) if path.exists() else ()


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from folder.glob("*/*")
