"""A worker process as its server sees it: started with `subprocess`, spoken to in lines, ended by closing its input."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, Final

from cnnviz.training.store import PROJECT

_DETAIL: Final = 4000  # characters of its standard error that are worth keeping
QUIET_THREADS: Final = {
    "OMP_WAIT_POLICY": "PASSIVE",  # waiting threads sleep: two spinning processes slow each other 30 times
    "KMP_BLOCKTIME": "0",  # the same for Intel's OpenMP
}


class WorkerProcess:
    """One worker.

    Raises:
        OSError: if no process can be started.
    """

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cnnviz.training.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **QUIET_THREADS, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C in the terminal is the server's
        )
        self._writing = threading.Lock()

    @property
    def pid(self) -> int:
        """The system's number for it."""
        return self._process.pid

    @property
    def placed(self) -> bool:
        """It is where its server is."""
        return True

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def send(self, message: dict[str, Any]) -> bool:
        """Write one line to it; returns whether it could be written."""
        try:
            with self._writing:
                assert self._process.stdin is not None
                self._process.stdin.write(json.dumps(message).encode() + b"\n")
                self._process.stdin.flush()
        except (OSError, ValueError):  # it is gone, or its input was closed
            return False
        return True

    def messages(self) -> Iterator[dict[str, Any]]:
        """What it says, until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with suppress(json.JSONDecodeError):  # a line cut short by its death
                yield json.loads(line)

    @property
    def was_killed(self) -> bool:
        """Whether a signal ended it, rather than an error of its own."""
        return (self._process.returncode or 0) < 0

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def end(self, timeout: float = 2.0) -> None:
        """Close its input, which ends it; kill it if that takes longer than `timeout` seconds."""
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """The end of what it wrote to its standard error, once it has ended."""
        self._process.wait()
        return tail(self._errors)

    def forget(self) -> None:
        """Close what is left of it after its end."""
        for file in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):
                if file is not None:
                    file.close()


def tail(errors: IO[bytes]) -> str:
    """The end of what a process wrote to its standard error."""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _DETAIL))
    return errors.read().decode(errors="replace")
