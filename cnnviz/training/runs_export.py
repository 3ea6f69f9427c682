"""A run as a file for other programs: everything as JSON, the curve as CSV. Needs no torch and no pandas.

Whose run it is stays out: a file travels.
"""

import csv
import io
import json
import math
from typing import Any, Final

from cnnviz.events import Evaluated
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.card import TRAINING_PASSES
from cnnviz.training.reading import RunReader
from cnnviz.training.records import StepArrays

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
    "images": "training images so far",
    "training_macs": "training work so far [MACs]",
    "memory_bytes": "memory [bytes]",
    "load": "load of the device [share of 1]",
}
_NOT_FINITE: Final = {math.inf: "Infinity", -math.inf: "-Infinity"}


def export_json(store: RunReader, run_id: str, macs: int | None = None) -> str:
    """A run's settings, choices, results, events and steps; numbers that are not finite are the strings of the events.

    Args:
        store: where the run is.
        run_id: its id.
        macs: of its network for one image, forward; None leaves the training work out.

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
        "macs_of_one_image": macs,
        "units": _UNITS,
        "events": events,
        "steps": {
            "step": steps.step.tolist(),
            "seconds": _numbers(steps.seconds),
            "train_loss": _numbers(steps.loss),
            "train_accuracy": _numbers(steps.accuracy),
            "learning_rate": _numbers(steps.learning_rate),
            "images_per_second": _numbers(steps.images_per_second),
            **_counted(record.config, steps, macs),
        },
    }
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)


def export_csv(store: RunReader, run_id: str, macs: int | None = None) -> str:
    """A run's curve, one line a step, units in the header; measurements of the test set stand in their step's line.

    Args:
        store: where the run is.
        run_id: its id.
        macs: of its network for one image, forward; None leaves the training work empty.

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
    counted = zip(*_counted(record.config, steps, macs).values(), strict=True)
    for (step, *values), more in zip(
        zip(steps.step.tolist(), *map(_numbers, columns), strict=True), counted, strict=True
    ):
        test = tests.get(step)
        measured = ("", "") if test is None else (test.test_loss, test.test_accuracy)
        epoch = round(step / record.config.steps_per_epoch, 9)
        writer.writerow((step, epoch, *values, *measured, *("" if value is None else value for value in more)))
    return file.getvalue()


def images_at(config: TrainingConfig, step: int) -> int:
    """Training images after a number of steps; the last batch of a pass is what is left, a single image none."""
    passes, begun = divmod(step, config.steps_per_epoch)
    whole = config.train_images - (config.train_images % config.batch_size == 1)
    return passes * whole + min(begun * config.batch_size, whole)


def _counted(config: TrainingConfig, steps: StepArrays, macs: int | None) -> dict[str, list[Any]]:
    """What the axes and lines of the curves show besides; None where nobody knows."""
    images = [images_at(config, step) for step in steps.step.tolist()]
    unknown = [None] * len(images)
    return {
        "images": images,
        "training_macs": unknown if macs is None else [TRAINING_PASSES * macs * count for count in images],
        "memory_bytes": unknown if steps.memory is None else [_known(value, int) for value in steps.memory],
        "load": unknown if steps.load is None else [_known(value, float) for value in steps.load],
    }


def _known(value: Any, kind: type[int] | type[float]) -> int | float | None:
    return kind(float(str(value))) if math.isfinite(value) else None


def _numbers(values: Any) -> list[float | str]:
    """Float32 values in the fewest digits that tell them apart; JSON has no number for what is not finite."""
    return [float(str(value)) if math.isfinite(value) else _NOT_FINITE.get(float(value), "NaN") for value in values]
