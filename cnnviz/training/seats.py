"""A seat is where a run trains: a worker, what it has been given, and whether it has to give the place up."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cnnviz.specs.training import TrainingConfig

_START: Final = 5.0  # seconds
Message = dict[str, Any]
"""One line to a worker; see `worker`."""


class WorkerLink(Protocol):
    """A worker as its server sees it, wherever it is: `process.WorkerProcess` on this machine."""

    @property
    def pid(self) -> int:
        """The system's number for it, where it is."""
        ...

    @property
    def placed(self) -> bool:
        """Whether it has a machine; one that waits for room in a cluster has none yet."""
        ...

    @property
    def was_killed(self) -> bool:
        """Whether something from outside ended it, rather than an error of its own."""
        ...

    def send(self, message: Message) -> bool:
        """Write one line to it, without waiting; returns whether it could be written."""
        ...

    def messages(self) -> Iterator[Message]:
        """What it says, until it ends."""
        ...

    def kill(self) -> None:
        """End it now."""
        ...

    def end(self, timeout: float = 2.0) -> None:
        """Close its input, which ends it; kill it if that takes longer than `timeout` seconds."""
        ...

    def last_words(self) -> str:
        """What it wrote last, once it has ended."""
        ...

    def forget(self) -> None:
        """Close what is left of it after its end."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A run that shall train.

    Attributes:
        owner: whose.
        config: every setting.
        address: from where it was asked for, "" where nobody knows.
        continues: whether it goes on from its last checkpoint.
        orders: what it is told as soon as it goes, in order.
        again: whether a worker had it that was lost before it began.
    """

    owner: str
    config: TrainingConfig
    address: str = ""
    continues: bool = False
    orders: tuple[Message, ...] = ()
    again: bool = False


@dataclass(eq=False)
class Seat:
    """A worker and the run that it has; the lock of the executor guards it.

    Attributes:
        process: the worker.
        shape: how many processes of a run it has room for; see `QueueExecutor.shape_of`.
        size: how many seats it takes.
        run_id: the run that it has, or None.
        job: what that run was given with.
        heard: whether it has said anything of that run.
        stopping: whether somebody has asked for the run's end.
        leaving: whether the run was asked to give its place up; it goes on later.
        orders: what it was told since then.
        paused_since: when it was told to hold, by a monotonic clock; None while it trains.
        since: when it was hired or had its last run, by a monotonic clock.
        dismissed: whether it was sent away with nothing to do.
        lost: whether the worker is gone.
        ready: set once it can train without importing anything.
    """

    process: WorkerLink
    shape: int = 1
    size: int = 1
    run_id: str | None = None
    job: Job | None = None
    heard: bool = False
    stopping: bool = False
    leaving: bool = False
    orders: list[Message] = field(default_factory=list)
    paused_since: float | None = None
    since: float = field(default_factory=time.monotonic)
    dismissed: bool = False
    lost: bool = False
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def owner(self) -> str | None:
        """Whose run it has, or None."""
        return self.job.owner if self.run_id is not None and self.job is not None else None

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do."""
        return self.run_id is None

    @property
    def looks_for_room(self) -> bool:
        """Whether it has a run and, for longer than a start takes, no machine."""
        return not self.idle and not self.process.placed and time.monotonic() - self.since > _START

    def take(self, run_id: str, job: Job) -> None:
        """Have this run from now on."""
        self.run_id, self.job = run_id, job
        self.heard = self.stopping = self.leaving = False
        self.orders, self.paused_since = [], None

    def leave(self) -> None:
        """Have no run from now on."""
        self.run_id, self.since = None, time.monotonic()

    def note(self, action: str) -> None:
        """The run is told to hold or to go on."""
        if action in ("pause", "step"):
            self.paused_since = time.monotonic()
        elif action in ("resume", "stop"):
            self.paused_since = None

    def patience_left(self, patience: float) -> float | None:
        """Seconds until a paused run has to give its place to whoever waits; None if it is not paused."""
        if self.run_id is None or self.paused_since is None or self.stopping:
            return None
        return max(0.0, patience - (time.monotonic() - self.paused_since))
