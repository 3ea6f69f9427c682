"""A Streamlit server for one script: on a port of its own, with a home of its own, gone when the tests are."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`streamlit run <script>` until `stop`.

    Args:
        script: what to run; the repository's settings apply to it.
        folder: an empty folder for the log and for the runs (`CNNVIZ_HOME`).
        env: more environment variables.
        options: more command-line options of `streamlit run`.
    """

    def __init__(self, script: Path, folder: Path, env: Mapping[str, str] = {}, options: tuple[str, ...] = ()) -> None:
        self.script = script
        self.home = folder / "home"
        self.log = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = {
            **os.environ,
            "CNNVIZ_HOME": str(self.home),
            "PYTHONPATH": os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part),
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        self._options = options
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 60) -> "Server":
        """Start and wait until it answers.

        Raises:
            RuntimeError: with the log, if it ends or does not answer in time.
        """
        command = [sys.executable, "-m", "streamlit", "run", str(self.script)]
        command += ["--server.port", str(self.port), "--server.address", "127.0.0.1", "--server.headless", "true"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self._options],
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            if self.healthy():
                return self
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"{self.script} did not start within {timeout} s:\n{self.tail()}")

    def healthy(self) -> bool:
        """Whether it answers now."""
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """End the server's own process at once, as a crash would; what it started is on its own."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def stop(self) -> None:
        """End it and everything that it started."""
        if self.process is None:
            return
        for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            self._signal(number)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                continue
            break
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))  # whatever of its group is still there
        self.process.wait(5)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        try:
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, number)
            else:
                self.process.terminate()
        except (ProcessLookupError, PermissionError):
            pass

    def tail(self, lines: int = 60) -> str:
        """The end of the log, and how the server ended if it did."""
        text = self.log.read_text(errors="replace").splitlines()[-lines:] if self.log.exists() else []
        ended = self.process.poll() if self.process else None
        return "\n".join([*text, *([f"The server ended with status {ended}."] if ended is not None else [])])
