"""Checkpoints that make room for others: which go first, and that each run's record says what it lost."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cnnviz.training.database import Database
from cnnviz.training.history import BEST, LAST, disk_usage, history
from cnnviz.training.records import ENDED
from cnnviz.training.settings import disk_limit

_ORDER: Final = (
    ("history", ENDED),
    ("best", ENDED),
    ("last", ("finished",)),
    ("last", ("stopped", "failed", "interrupted")),  # these could still be continued
)


def evict(database: Database, folder: Path, limit: int | None = None) -> tuple[str, ...]:
    """Delete checkpoints until those of all runs take no more than `limit` bytes; see `RunStore.make_room`."""
    limit = disk_limit() if limit is None else limit
    used = disk_usage(_files(folder))
    touched: dict[str, None] = {}
    if used <= limit:
        return ()
    there = [path for path in folder.iterdir() if path.is_dir()]  # read first: a run's row is older than its folder
    with database.reading() as connection:
        rows = connection.execute("SELECT id, state FROM runs WHERE pinned = 0 ORDER BY rowid").fetchall()
        known = {row[0] for row in connection.execute("SELECT id FROM runs")}
    for path in there:
        if path.name not in known:  # left behind by a deletion that was cut short
            shutil.rmtree(path, ignore_errors=True)
    used = disk_usage(_files(folder))
    for part, states in _ORDER:
        for run_id, state in rows:
            if used <= limit:
                return tuple(touched)
            if state in states and _files_of(folder / run_id, part):
                before = disk_usage((folder / run_id).iterdir())
                if _drop(database, folder, run_id, part):
                    touched[run_id] = None
                    used -= before - disk_usage((folder / run_id).iterdir())
    return tuple(touched)


def _drop(database: Database, folder: Path, run_id: str, part: str) -> bool:
    """Delete one part of a run's checkpoints, unless it was pinned or began to go on in the meantime."""
    with database.writing() as connection:
        row = connection.execute("SELECT state, pinned, evicted FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None or row["pinned"] or row["state"] not in ENDED:
            return False
        for path in _files_of(folder / run_id, part):
            path.unlink(missing_ok=True)
        evicted = sorted({*json.loads(row["evicted"]), part})
        connection.execute("UPDATE runs SET evicted = ? WHERE id = ?", (json.dumps(evicted), run_id))
    return True


def _files_of(folder: Path, part: str) -> tuple[Path, ...]:
    if part == "history":
        return tuple(path for _step, path in history(folder))
    path = folder / (BEST if part == "best" else LAST)
    return (path,) if path.exists() else ()


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from folder.glob("*/*")
