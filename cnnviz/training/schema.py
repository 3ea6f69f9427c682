"""The tables of the run store, and how an older store becomes a newer one."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from cnnviz.events import parse_event
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.same import config_hash, follows_from_settings

Change = str | Callable[[sqlite3.Connection], None]
"""One step from a version to the next: a statement, or a function for what SQL cannot say."""

_FIRST: Final = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        instance TEXT NOT NULL,
        owner TEXT NOT NULL,
        "group" TEXT,
        name TEXT NOT NULL,
        config TEXT NOT NULL,
        state TEXT NOT NULL,
        created REAL NOT NULL,
        started REAL,
        finished REAL,
        step INTEGER NOT NULL DEFAULT 0,
        total_steps INTEGER NOT NULL DEFAULT 0,
        epoch REAL NOT NULL DEFAULT 0,
        seconds REAL NOT NULL DEFAULT 0,
        train_loss REAL,
        train_accuracy REAL,
        test_loss REAL,
        test_accuracy REAL,
        best_test_accuracy REAL,
        images_per_second REAL,
        learning_rate REAL,
        choices TEXT NOT NULL DEFAULT '{}',
        failure TEXT,
        schema_version INTEGER NOT NULL
    )
    """,
    "CREATE INDEX runs_by_owner ON runs (owner, created)",
    "CREATE INDEX runs_by_state ON runs (state, created)",
    """
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        data TEXT NOT NULL
    )
    """,
    "CREATE INDEX events_of_run ON events (run_id, sequence)",
    """
    CREATE TABLE blocks (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step INTEGER NOT NULL,
        steps BLOB NOT NULL,
        losses BLOB NOT NULL,
        accuracies BLOB NOT NULL,
        seconds BLOB NOT NULL,
        learning_rates BLOB NOT NULL,
        speeds BLOB NOT NULL
    )
    """,
    "CREATE INDEX blocks_of_run ON blocks (run_id, step)",
)


def _fill_second(connection: sqlite3.Connection) -> None:
    """The network and the key of the settings of every run that was kept before there were columns for them."""
    for run_id, config in connection.execute("SELECT id, config FROM runs").fetchall():
        key = json.loads(config)["architecture"]["key"]
        try:
            found: str | None = config_hash(TrainingConfig.model_validate_json(config))
        except ValueError:  # settings that this program no longer allows are never asked for again
            found = None
        events = connection.execute("SELECT data FROM events WHERE run_id = ?", (run_id,)).fetchall()
        if not follows_from_settings(parse_event(event[0]) for event in events):
            found = None
        connection.execute("UPDATE runs SET architecture = ?, config_hash = ? WHERE id = ?", (key, found, run_id))


_SECOND: Final[tuple[Change, ...]] = (
    "ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN notes TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN architecture TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN config_hash TEXT",
    "ALTER TABLE runs ADD COLUMN reason TEXT",
    "ALTER TABLE runs ADD COLUMN evicted TEXT NOT NULL DEFAULT '[]'",
    _fill_second,
    # Newest first is the order of arrival, which no clock can turn back: an index alone keeps it within equal keys.
    "DROP INDEX runs_by_owner",
    "DROP INDEX runs_by_state",
    "CREATE INDEX runs_by_owner ON runs (owner)",
    "CREATE INDEX runs_by_state ON runs (state)",
    'CREATE INDEX runs_by_group ON runs ("group")',
    "CREATE INDEX runs_by_config ON runs (config_hash)",
    "CREATE INDEX runs_by_architecture ON runs (architecture)",
)

# The class that shares a server: who takes part under which name, and what the teacher has settled (see `classroom`).
_THIRD: Final[tuple[Change, ...]] = (
    """
    CREATE TABLE people (
        owner TEXT PRIMARY KEY,
        nickname TEXT NOT NULL,
        folded TEXT NOT NULL UNIQUE,
        joined REAL NOT NULL,
        seen REAL NOT NULL,
        started INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE TABLE classroom (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)

# What a block of steps took of its machine, once per block.
_FOURTH: Final[tuple[Change, ...]] = (
    "ALTER TABLE blocks ADD COLUMN memory REAL",
    "ALTER TABLE blocks ADD COLUMN load REAL",
)

MIGRATIONS: Final[tuple[tuple[Change, ...], ...]] = (_FIRST, _SECOND, _THIRD, _FOURTH)
"""The changes that lead from each version to the next; a new version is appended, an old one never edited."""


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of it or nothing of it; the write lock is taken at once, so that nobody finds it taken half-way."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        if connection.in_transaction:  # a full disk may have rolled back already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def migrate(connection: sqlite3.Connection, migrations: tuple[tuple[Change, ...], ...] = MIGRATIONS) -> int:
    """Bring a store up to date, each version in one transaction; returns the version.

    Raises:
        sqlite3.DatabaseError: if the store is newer than this program, or no store.
    """
    newest = len(migrations)
    while True:
        with transaction(connection):
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > newest:
                raise sqlite3.DatabaseError(f"version {version} of the store is newer than this program's {newest}")
            if version == newest:
                return newest
            for change in migrations[version]:
                if isinstance(change, str):
                    connection.execute(change)
                else:
                    change(connection)
            connection.execute(f"PRAGMA user_version = {version + 1}")
