"""Runs that ship with the app: their events, labelled with machine and date, and the weights of the small ones.

A recording is a gzipped file of JSON lines: the first says what it is of and where and when it was made, each other
one is an event of the run as the engine yielded it, figures rounded to five digits. Weights, where there are any, lie
beside it as "<name>.<file>": checkpoints in float16 without the optimiser's state. Everything here works without torch.
"""

import gzip
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cnnviz.data.files import ASSETS, reading
from cnnviz.errors import CnnvizError
from cnnviz.events import Checkpoint, Event, parse_event
from cnnviz.language import N_
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.records import RECORDED
from cnnviz.training.store import RunStore

FOLDER: Final = ASSETS / "runs"
MACHINES: Final = (N_("2 cores of an x86-64 server, no GPU"),)
"""Where recordings were made, to be said in the reader's language."""
_SUFFIX: Final = ".jsonl.gz"
_DIGITS: Final = 5


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recording says of itself.

    Attributes:
        id: of its run in a store: the same on every server, so that links to it work everywhere.
        config: every setting.
        machine: where it was made, in words.
        date: when, as YYYY-MM-DD.
        created: the same in seconds since 1970.
        path: its file.
    """

    id: str
    config: TrainingConfig
    machine: str
    date: str
    created: float
    path: Path

    def events(self) -> Iterator[Event]:
        """Everything that happened, in order."""
        with reading(self.path), gzip.open(self.path, "rt", encoding="utf-8") as file:
            next(file)
            for line in file:
                yield parse_event(line)

    @property
    def weights(self) -> tuple[Path, ...]:
        """Its checkpoints, if any ship with it."""
        return tuple(sorted(self.path.parent.glob(f"{self.path.name.removesuffix(_SUFFIX)}.*.safetensors")))


def recordings(folder: Path = FOLDER) -> tuple[Recording, ...]:
    """Every recording in a folder, by name.

    Raises:
        CnnvizError: "data_damaged", naming the file.
    """
    return tuple(_head(path) for path in sorted(folder.glob(f"*{_SUFFIX}")))


def write_recording(
    path: Path, run_id: str, config: TrainingConfig, events: Iterable[Event], *, machine: str, date: str,
    created: float,
) -> None:  # fmt: skip
    """Write a recording.

    Args:
        path: its file, ending in ".jsonl.gz".
        run_id: of its run.
        config: every setting.
        events: everything that happened; checkpoints are left out.
        machine: where it was made, in words that fit on a page.
        date: when, as YYYY-MM-DD.
        created: the same in seconds since 1970.
    """
    head = {"id": run_id, "config": config.model_dump(mode="json"), "machine": machine, "date": date,
            "created": created}  # fmt: skip
    lines = [json.dumps(head)]
    lines += [
        json.dumps(_rounded(event.model_dump(mode="json")), separators=(",", ":"))
        for event in events
        if not isinstance(event, Checkpoint)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


def install(store: RunStore, folder: Path = FOLDER) -> tuple[str, ...]:
    """Put the recordings into a store that lacks them; returns the ids of those that came in.

    One that is damaged is left out: the app works without it.
    """
    known = {record.id for record in store.records(owner=RECORDED)}
    added = []
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        with suppress(CnnvizError, OSError):
            recording = _head(path)
            if recording.id in known:
                continue
            _bring_in(store, recording)
            added.append(recording.id)
    return tuple(added)


def _bring_in(store: RunStore, recording: Recording) -> None:
    events = list(recording.events())
    weights = recording.weights
    store.create(recording.config, owner=RECORDED, state="running", run_id=recording.id, created=recording.created)
    store.append(recording.id, events)
    store.update(recording.id, tags=(N_("recorded"),), notes=recording.machine, pinned=True)
    if weights:
        target = store.run_folder(recording.id)
        target.mkdir(parents=True, exist_ok=True)
        for file in weights:
            shutil.copyfile(file, target / file.name.partition(".")[2])


def _head(path: Path) -> Recording:
    with reading(path), gzip.open(path, "rt", encoding="utf-8") as file:
        data = json.loads(next(file))
        return Recording(
            data["id"], TrainingConfig.parse(data["config"]), data["machine"], data["date"], data["created"], path
        )


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return {name: _rounded(part) for name, part in value.items()} if isinstance(value, dict) else value
