"""The tables of the run store, and how an older store becomes a newer one."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

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

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_FIRST,)
"""The statements that lead from each version to the next; a new version is appended, an old one never edited."""


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


def migrate(connection: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> int:
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
            for statement in migrations[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
