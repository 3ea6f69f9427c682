"""A worker on another machine: an actor that starts the usual worker process there and relays its lines.

Where the actor sees the run store's folder (the same machine, or a shared disk) the worker writes its checkpoints there
itself. Elsewhere it writes them into a folder that ends with the run, and each checkpoint travels with the event that
announces it, so that whatever the store has heard of can be continued on any machine.
"""

import os
import queue
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import ray

from cnnviz.training.history import BEST, LAST, history
from cnnviz.training.process import WorkerProcess
from cnnviz.training.seats import Message

_BATCH: Final = 200  # lines that travel together
_WAIT: Final = 1.0  # seconds until an empty answer
_ASIDE: Final = 5.0  # seconds that a question beside the stream of lines may take
_ORDERS: Final = "orders"


class Relay:
    """What runs on the other machine; see `RayWorker`.

    Args:
        mark: a file in the run store's folder: whoever sees it shares that folder.
        apart: behave as if the folder were not shared.
    """

    def __init__(self, mark: str, apart: bool = False) -> None:
        self._process = WorkerProcess()
        self._shared = not apart and Path(mark).exists()
        self._folder: Path | None = None
        self._sent: dict[tuple[int, int], str] = {}
        self._lines: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._over = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for message in self._process.messages():
            line = self._loaded(message)
            if (message.get("event") or {}).get("kind") in ("finished", "failed"):
                self._forget_folder()  # before the server hears of it and sends another run
            self._lines.put(line)
        self._lines.put(None)

    def pid(self) -> int:
        """The system's number of the worker process, on its machine."""
        return self._process.pid

    def send(self, message: Message, checkpoint: bytes | None = None) -> bool:
        """Pass a line on; a run that is continued brings its checkpoint where the folder is not shared."""
        if message["command"] == "train" and not self._shared:
            self._forget_folder()
            self._folder = Path(tempfile.mkdtemp(prefix="cnnviz-run-"))
            message = {**message, "folder": str(self._folder), "passing": str(self._folder)}
            if checkpoint is not None:
                (self._folder / LAST).write_bytes(checkpoint)
                message["resume"] = str(self._folder / LAST)
        return self._process.send(message)

    def poll(self) -> list[Message] | None:
        """The lines since the last call, after a moment none; None once the worker has ended."""
        if self._over:
            return None
        found: list[Message] = []
        with suppress(queue.Empty):
            line = self._lines.get(timeout=_WAIT)
            while line is not None:
                found.append(line)
                if len(found) >= _BATCH or "files" in line:
                    return found
                line = self._lines.get_nowait()
            self._over = True
        return None if self._over and not found else found

    def shares(self) -> bool:
        """Whether this machine sees the run store's folder."""
        return self._shared

    def last_words(self) -> tuple[str, bool]:
        """What the worker wrote last, and whether a signal ended it."""
        self._forget_folder()
        return self._process.last_words(), self._process.was_killed

    def _loaded(self, message: Message) -> Message:
        """A line with the files that it announces, and the names of all that there are."""
        event = message.get("event") or {}
        if self._folder is None or event.get("kind") != "checkpoint":
            return message
        files: dict[str, bytes | str] = {}
        now: dict[tuple[int, int], str] = {}
        names = [LAST, BEST, *(path.name for _step, path in history(self._folder))]
        for name in names:
            path = self._folder / name
            with suppress(OSError):  # let go in the meantime
                status = path.stat()
                key = status.st_ino, status.st_mtime_ns
                if key in now:
                    files[name] = now[key]  # another name of the same file
                    continue
                now[key] = name
                if self._sent.get(key) != name:
                    files[name] = path.read_bytes()
        self._sent = now
        return {**message, "files": files, "names": names}

    def _forget_folder(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder, self._sent = None, {}


class RayWorker:
    """A worker somewhere in a cluster, as its server sees it; see `seats.WorkerLink`.

    Args:
        options: what it needs of its machine, as Ray's actors take it.
        mark: a file in the run store's folder.
        apart: behave as if no machine shared that folder.
    """

    def __init__(self, options: Mapping[str, Any], mark: Path, *, apart: bool = False) -> None:
        actor = ray.remote(concurrency_groups={_ORDERS: 1})(Relay)  # what is sent arrives in order
        self._actor = actor.options(max_concurrency=4, max_restarts=0, **options).remote(str(mark), apart)
        self._sending = threading.Lock()
        self._waiting: list[Message] = []
        self._shares: bool | None = None
        self._killed = False
        self._words = ""
        self._folder: Path | None = None

    @cached_property
    def pid(self) -> int:
        """The number of its process on the machine where that is; waits until it is there."""
        return int(ray.get(self._actor.pid.remote()))

    @property
    def placed(self) -> bool:
        """Whether Ray has found room for it."""
        return self._shares is not None

    @property
    def was_killed(self) -> bool:
        """Whether it, its machine or the way to it was lost, rather than that it failed by itself or never began."""
        return self._killed

    def send(self, message: Message) -> bool:
        """See `seats.WorkerLink.send`; what is sent before it has a machine is kept until then."""
        with self._sending:
            if self.placed:
                self._pass_on(message)
            else:
                self._waiting.append(message)
        return True

    def _pass_on(self, message: Message) -> None:
        checkpoint = None
        if message["command"] == "train":
            self._folder = Path(str(message["folder"]))
            if message.get("resume") and not self._shares:
                with suppress(OSError):
                    checkpoint = Path(str(message["resume"])).read_bytes()
        self._actor.send.options(concurrency_group=_ORDERS).remote(message, checkpoint)

    def _move_in(self) -> None:
        """Wait for a machine, and send what has waited for it."""
        shares = bool(ray.get(self._actor.shares.remote()))
        with self._sending:
            self._shares = shares
            for message in self._waiting:
                self._pass_on(message)
            self._waiting.clear()

    def messages(self) -> Iterator[Message]:
        """See `seats.WorkerLink.messages`; the end of its machine is its end."""
        try:
            self._move_in()
            while (lines := ray.get(self._actor.poll.remote())) is not None:
                for line in lines:
                    files, names = line.pop("files", None), line.pop("names", ())
                    if files is not None and self._folder is not None:
                        keep_files(self._folder, files, names)
                    yield line
            self._words, self._killed = ray.get(self._actor.last_words.remote(), timeout=_ASIDE)
        except ray.exceptions.RayError as error:
            self._words, self._killed = f"{type(error).__name__}: {error}"[:2000], self._killed or self.placed

    def kill(self) -> None:
        """End it now: without its relay the worker's input ends, and that is its end."""
        self._killed = True
        with suppress(ray.exceptions.RayError, ValueError):
            ray.kill(self._actor)

    def end(self, timeout: float = 2.0) -> None:
        """See `seats.WorkerLink.end`."""
        self.kill()

    def last_words(self) -> str:
        """What it wrote last, or what became of it."""
        return self._words

    def forget(self) -> None:
        """Give its place in the cluster back."""
        with suppress(ray.exceptions.RayError, ValueError):
            ray.kill(self._actor)


def keep_files(folder: Path, files: Mapping[str, bytes | str], names: object) -> None:
    """Keep checkpoints that came from another machine, whole or not at all.

    Args:
        folder: of the run, in the store.
        files: bytes by name, or the name of another of these files that is the same.
        names: of all that there are over there; a history that was thinned out there is thinned out here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        unfinished = folder / f"{Path(name).name}.unfinished"
        unfinished.unlink(missing_ok=True)
        if isinstance(data, bytes):
            unfinished.write_bytes(data)
        else:
            try:
                os.link(folder / Path(data).name, unfinished)
            except OSError:  # a file system without second names, or the first name is gone
                if not (folder / Path(data).name).exists():
                    continue
                shutil.copyfile(folder / Path(data).name, unfinished)
        unfinished.replace(folder / Path(name).name)
    kept = set(names) if isinstance(names, list) else set()
    for _step, path in history(folder):
        if path.name not in kept:
            path.unlink(missing_ok=True)
