"""SQLite for many threads: one writer behind a lock, readers from a pool, failures in words.

In WAL mode readers see the last committed state and never wait for the writer, nor it for them. Threads of a Streamlit
server live for one rerun, so readers belong to a pool and not to threads.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Final, Literal

from cnnviz.errors import CnnvizError
from cnnviz.training.journal import Trouble
from cnnviz.training.schema import migrate, transaction

_BUSY_MS: Final = 5_000
_SPARE_READERS: Final = 16


class Database:
    """The run store's file.

    Raises:
        CnnvizError: if the file cannot be opened, is no store, or belongs to a newer program.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._spare: LifoQueue[sqlite3.Connection] = LifoQueue(_SPARE_READERS)
        self._closed = False
        self._writes = Trouble("store cannot be written", "store can be written again")
        self._reads = Trouble("store cannot be read", "store can be read again")
        with self._in_words():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect("rwc")
            try:
                _use_journal(self._writer)
                self._writer.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
                self._writer.execute("PRAGMA foreign_keys = ON")
                self.version = migrate(self._writer)
            except BaseException:
                self._writer.close()
                raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, by one thread at a time.

        Raises:
            CnnvizError: if the disk is full, or another process holds the lock for longer than five seconds.
        """
        with self._lock, self._in_words(self._writes), transaction(self._writer):
            yield self._writer
        self._writes.worked()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one committed state throughout.

        Raises:
            CnnvizError: if the file cannot be read.
        """
        with self._in_words(self._reads):
            try:
                reader = self._spare.get_nowait()
            except Empty:
                reader = self._connect("rw")
                reader.execute("PRAGMA query_only = ON")
            try:
                reader.execute("BEGIN")
                yield reader
            finally:
                reader.execute("COMMIT")
                if self._closed or self._spare.full():
                    reader.close()
                else:
                    self._spare.put_nowait(reader)
        self._reads.worked()

    @property
    def size(self) -> int:
        """Bytes that are in use in the file; what was deleted leaves room in it that is used again.

        Raises:
            CnnvizError: if the file cannot be read.
        """
        with self.reading() as connection:
            size, pages, free = (
                int(connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_size", "page_count", "freelist_count")
            )
        return size * (pages - free)

    def compact(self) -> None:
        """Rewrite the file without what was deleted from it, so that nobody can read it there any more.

        Raises:
            CnnvizError: if the file cannot be rewritten now; nothing is lost then.
        """
        with self._lock, self._in_words():
            self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy_to(self, path: Path) -> None:
        """Write a copy of the file as it stands at one moment, while everybody goes on.

        Raises:
            CnnvizError: if it cannot be written.
        """
        with self.reading() as reader, self._in_words():
            target = sqlite3.connect(path)
            try:
                reader.backup(target)
            finally:
                target.close()

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._closed = True
        with self._lock:
            self._writer.close()
        while not self._spare.empty():
            self._spare.get_nowait().close()

    def _connect(self, mode: Literal["rw", "rwc"]) -> sqlite3.Connection:
        """A connection; only the first one may make the file ("rwc").

        Another one that made an empty file, while the real one was away for a moment, would share the real one's
        journal by its name, and whoever closed the empty one would take the last commits with it.
        """
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        return connection

    @contextmanager
    def _in_words(self, trouble: Trouble | None = None) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if trouble is not None:
                trouble.failed(str(error))
            raise CnnvizError("store_unusable", folder=str(self.path.parent), reason=str(error)) from error


def _use_journal(connection: sqlite3.Connection) -> None:
    """Turn WAL mode on; where several programs open a new store at once SQLite does not wait for the others by itself.

    Raises:
        sqlite3.OperationalError: if the file stays locked for longer than anybody waits for a lock.
    """
    end = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.02)
