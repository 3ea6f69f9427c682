"""What an event of a run changes in the run store: a block of steps, or the row of its run."""

import json
import sqlite3
import time
from typing import Any, Final

import numpy

from cnnviz.events import Controlled, Evaluated, Event, Failed, Finished, Started, Steps
from cnnviz.training.records import ENDED, Failure, State

METRICS: Final = (
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "images_per_second",
    "learning_rate",
)
_NOT_CHOSEN: Final = {"kind", "version", "step", "epoch", "seconds", "total_steps"}
_AFTER: Final[dict[str, State]] = {
    "pause": "paused",
    "resume": "running",
    "step": "paused",
    "stop": "stopping",
}


def failure_json(failure: Failure) -> str:
    """A failure as the store keeps it."""
    return json.dumps({"code": failure.code, "parameters": dict(failure.parameters), "detail": failure.detail})


def insert_block(connection: sqlite3.Connection, run_id: str, block: Steps, since: float) -> None:
    """Keep a block of steps as arrays.

    Args:
        connection: within a transaction.
        run_id: whose they are.
        block: the steps.
        since: seconds of the run when the block began; its own are spread evenly over its steps.
    """
    count = len(block.losses)
    since = min(since, block.seconds)  # a continued run's clock begins at its checkpoint
    spread = numpy.linspace(since, block.seconds, count + 1, dtype="<f4")[1:]
    rates = numpy.full(count, block.learning_rate, dtype="<f4")
    exact = numpy.asarray(getattr(block, "learning_rates", ()), dtype="<f4")[:count]
    rates[: len(exact)] = exact
    connection.execute(
        "INSERT INTO blocks (run_id, step, steps, losses, accuracies, seconds, learning_rates, speeds, memory, load) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run_id,
            block.step,
            numpy.arange(block.first_step, block.first_step + count, dtype="<i4").tobytes(),
            numpy.asarray(block.losses, dtype="<f4").tobytes(),
            numpy.asarray(block.accuracies, dtype="<f4").tobytes(),
            spread.tobytes(),
            rates.tobytes(),
            numpy.full(count, block.images_per_second, dtype="<f4").tobytes(),
            block.memory_bytes,
            block.load,
        ),
    )


def consequences(event: Event, row: dict[str, Any]) -> dict[str, Any]:
    """The columns of a run that an event changes, with their new values; an ended run stays ended.

    Args:
        event: what happened.
        row: the run's columns before it.
    """
    changes: dict[str, Any] = {"step": event.step, "epoch": event.epoch, "seconds": event.seconds}
    ended = row["state"] in ENDED
    if isinstance(event, Started):
        changes |= {"total_steps": event.total_steps, "choices": event.model_dump_json(exclude=_NOT_CHOSEN)}
        if row["started"] is None:
            changes["started"] = time.time()
        if row["state"] == "queued":
            changes["state"] = "running"
    elif isinstance(event, Steps | Evaluated | Finished):
        changes |= {name: getattr(event, name) for name in METRICS if getattr(event, name, None) is not None}
        if isinstance(event, Evaluated):
            changes["best_test_accuracy"] = max(event.test_accuracy, row["best_test_accuracy"] or 0.0)
    elif isinstance(event, Controlled):
        if event.learning_rate is not None:
            changes["learning_rate"] = event.learning_rate
        if event.action == "learning_rate":
            changes["config_hash"] = None  # from here on the numbers are those of a hand
        if event.action in _AFTER and row["state"] != "stopping" and not ended:
            changes["state"] = _AFTER[event.action]
    if isinstance(event, Finished) and not ended:
        state = "stopped" if event.reason == "stopped" else "finished"
        changes |= {"state": state, "reason": event.reason, "finished": time.time()}
    if isinstance(event, Failed):
        changes = {}
        if not ended:
            failure = Failure(event.code, event.parameters, event.detail)
            changes |= {"state": "failed", "finished": time.time(), "failure": failure_json(failure)}
    return changes
