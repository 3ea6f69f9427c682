"""Which servers are alive: each holds a lock on a file of its own, which the system lets go when the process ends.

A process id would not do: in a container every server has the same one, and clocks that say when it started can jump.
"""

import secrets
import sys
from pathlib import Path
from typing import IO, Final

_FOLDER: Final = "instances"


class Instance:
    """This server among those that share a run store.

    Raises:
        OSError: if the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self.id = secrets.token_hex(8)
        self._file = (self._folder / self.id).open("w")
        _lock(self._file)

    @property
    def file(self) -> Path:
        """Where its lock is."""
        return self._folder / self.id

    def is_dead(self, instance: str) -> bool:
        """Whether another server has ended, however it ended; forgets its file if so."""
        if instance == self.id:
            return False
        path = self._folder / instance
        try:
            with path.open("r+") as file:
                if not _lock(file):
                    return False
        except FileNotFoundError:
            return True
        path.unlink(missing_ok=True)
        return True

    def close(self) -> None:
        """Let go: from now on this instance counts as ended."""
        self._file.close()
        (self._folder / self.id).unlink(missing_ok=True)


def _lock(file: IO[str]) -> bool:
    """Take the lock of an open file if nobody has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
