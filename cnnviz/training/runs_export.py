"""A run as a file for other programs: everything as JSON, the curve as CSV. Needs no torch and no pandas.

Whose run it is stays out: a file travels.
"""

import csv
import io
import json
import math
from typing import Any, Final

from cnnviz.events import Evaluated
from cnnviz.training.reading import RunReader

_UNITS: Final = {
    "step": "step",
    "epoch": "epoch [passes over the training images]",
    "seconds": "seconds [s]",
    "train_loss": "train loss [nats]",
    "train_accuracy": "train accuracy [share of 1]",
    "learning_rate": "learning rate",
    "images_per_second": "speed [images/s]",
    "test_loss": "test loss [nats]",
    "test_accuracy": "test accuracy [share of 1]",
}
_NOT_FINITE: Final = {math.inf: "Infinity", -math.inf: "-Infinity"}


def export_json(store: RunReader, run_id: str) -> str:
    """A run's settings, choices, results, events and steps; numbers that are not finite are the strings of the events.

    Raises:
        CnnvizError: if there is no such run.
    """
    record = store.record(run_id)
    events = [json.loads(event.model_dump_json()) for _number, event in store.events(run_id)]
    steps = store.steps(run_id)
    failure = record.failure and {"code": record.failure.code, "parameters": dict(record.failure.parameters)}
    data = {
        "format": "cnnviz run",
        "schema_version": record.schema_version,
        "id": record.id,
        "name": record.name,
        "tags": record.tags,
        "notes": record.notes,
        "group": record.group,
        "state": record.state,
        "reason": record.reason,
        "failure": failure,
        "created": record.created,
        "seconds": record.seconds,
        "config": record.config.model_dump(mode="json"),
        "choices": dict(record.choices),
        "best_test_accuracy": record.best_test_accuracy,
        "units": _UNITS,
        "events": events,
        "steps": {
            "step": steps.step.tolist(),
            "seconds": _numbers(steps.seconds),
            "train_loss": _numbers(steps.loss),
            "train_accuracy": _numbers(steps.accuracy),
            "learning_rate": _numbers(steps.learning_rate),
            "images_per_second": _numbers(steps.images_per_second),
        },
    }
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)


def export_csv(store: RunReader, run_id: str) -> str:
    """A run's curve, one line a step, units in the header; measurements of the test set stand in their step's line.

    Raises:
        CnnvizError: if there is no such run.
    """
    record = store.record(run_id)
    steps = store.steps(run_id)
    tests = {event.step: event for _number, event in store.events(run_id) if isinstance(event, Evaluated)}
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_UNITS.values())
    columns = (steps.seconds, steps.loss, steps.accuracy, steps.learning_rate, steps.images_per_second)
    for step, *values in zip(steps.step.tolist(), *map(_numbers, columns), strict=True):
        test = tests.get(step)
        measured = ("", "") if test is None else (test.test_loss, test.test_accuracy)
        epoch = round(step / record.config.steps_per_epoch, 9)
        writer.writerow((step, epoch, *values, *measured))
    return file.getvalue()


def _numbers(values: Any) -> list[float | str]:
    """Float32 values in the fewest digits that tell them apart; JSON has no number for what is not finite."""
    return [float(str(value)) if math.isfinite(value) else _NOT_FINITE.get(float(value), "NaN") for value in values]
