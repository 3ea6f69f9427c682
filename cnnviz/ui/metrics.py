"""What a server counts of itself, as Prometheus reads it (text format 0.0.4): numbers alone, nothing about people."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from cnnviz import __version__
from cnnviz.errors import CnnvizError
from cnnviz.training.dispatch import QueueExecutor
from cnnviz.training.records import ENDED, UNFINISHED
from cnnviz.ui.once import once

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Meter:
    """Counts what happens on this server; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.sessions = 0
        self.reruns = 0
        self.refused_uploads = 0

    @contextmanager
    def session(self) -> Iterator[None]:
        """A browser's connection, as long as it lasts."""
        with self._lock:
            self.sessions += 1
        try:
            yield
        finally:
            with self._lock:
                self.sessions -= 1

    def rerun(self) -> None:
        """A page was drawn."""
        with self._lock:
            self.reruns += 1

    def refuse_upload(self) -> None:
        """An upload came too fast."""
        with self._lock:
            self.refused_uploads += 1


@once
def meter() -> Meter:
    """The one of this server."""
    return Meter()


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, kind and help, and its values by label."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def exposition(families: Sequence[Family]) -> str:
    """Metrics in Prometheus's text format."""
    lines = []
    for family in families:
        lines.append(f"# HELP {family.name} {_escaped(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for labels, value in family.samples:
            inside = ",".join(f'{name}="{_escaped(text, quoted=True)}"' for name, text in labels.items())
            lines.append(f"{family.name}{{{inside}}} {value:g}" if inside else f"{family.name} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quoted else text


def server_families(counted: Meter, executor: QueueExecutor) -> tuple[Family, ...]:
    """Everything that this server says of itself.

    Raises:
        CnnvizError: if the run store cannot be read.
    """
    counts = executor.store.counts()
    running = executor.store.records(states=("running",), limit=executor.seats)
    speed = sum(record.images_per_second or 0.0 for record in running)
    plain: Mapping[str, str] = {}
    return (
        Family("cnnviz_info", "gauge", "The program's version.", [({"version": __version__}, 1)]),
        Family("cnnviz_sessions", "gauge", "Browsers that are connected.", [(plain, counted.sessions)]),
        Family("cnnviz_reruns_total", "counter", "Pages that were drawn.", [(plain, counted.reruns)]),
        Family("cnnviz_uploads_refused_total", "counter", "Uploads that came too fast.",
               [(plain, counted.refused_uploads)]),
        Family("cnnviz_queue_length", "gauge", "Runs that wait for a seat.", [(plain, executor.waiting)]),
        Family("cnnviz_queue_held", "gauge", "1 while the queue is held.", [(plain, executor.held)]),
        Family("cnnviz_seats", "gauge", "Runs that may train at once.", [(plain, executor.seats)]),
        Family("cnnviz_runs", "gauge", "Runs in the store by their state.",
               [({"state": state}, counts.get(state, 0)) for state in (*UNFINISHED, *ENDED)]),
        Family("cnnviz_images_per_second", "gauge", "Images that all runs train on each second.", [(plain, speed)]),
    )  # fmt: skip


def unready(executor: QueueExecutor) -> str:
    """Why this server cannot take a run now, or ""."""
    try:
        executor.store.counts()
    except CnnvizError as error:
        return error.code
    return "" if executor.warm() else "worker_starting"
