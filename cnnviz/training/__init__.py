"""Training: `TrainingConfig` and `train`, the run store and the executor that fills it. Importing needs no torch."""

from collections.abc import Iterator
from pathlib import Path

from cnnviz.events import Event
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.control import Control
from cnnviz.training.executor import Executor
from cnnviz.training.local import LocalExecutor
from cnnviz.training.owned import OwnedRuns
from cnnviz.training.records import ENDED, UNFINISHED, Failure, RunRecord, State, StepArrays, time_left
from cnnviz.training.store import RunStore

__all__ = [
    "ENDED",
    "UNFINISHED",
    "Control",
    "Event",
    "Executor",
    "Failure",
    "LocalExecutor",
    "OwnedRuns",
    "RunRecord",
    "RunStore",
    "State",
    "StepArrays",
    "TrainingConfig",
    "time_left",
    "train",
]


def train(
    config: TrainingConfig,
    *,
    control: Control | None = None,
    resume: str | Path | None = None,
    folder: str | Path | None = None,
) -> Iterator[Event]:
    """Train a network, event by event; see `cnnviz.training.loop.train`. Torch is imported at the first event."""
    from cnnviz.training.loop import train as train_now

    yield from train_now(config, control=control, resume=resume, folder=folder)
