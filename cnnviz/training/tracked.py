"""A run for other trackers: its scalars, written as a TensorBoard log or given to MLflow.

TensorBoard's files are written here: they need four fields of two messages, and the library only to be looked at.
MLflow has a store of its own, so its library writes it; it is an extra (`requirements-mlflow.txt`) and imported nowhere
else. Needs no torch.
"""

import math
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.events import Evaluated
from cnnviz.training.reading import RunReader

_AT_ONCE: Final = 1000  # metrics of one call to MLflow, its limit


def scalars(store: RunReader, run_id: str) -> Iterator[tuple[int, float, dict[str, float]]]:
    """(step, seconds since the start, values by tag) of each step, with those of the test set where it was measured.

    Losses in nats, accuracies and load as shares of one, memory in bytes; what nobody knows is left out.

    Raises:
        CnnvizError: if there is no such run.
    """
    store.record(run_id)
    steps = store.steps(run_id)
    tests = {event.step: event for _number, event in store.events(run_id) if isinstance(event, Evaluated)}
    columns = {
        "train/loss": steps.loss,
        "train/accuracy": steps.accuracy,
        "train/learning_rate": steps.learning_rate,
        "train/images_per_second": steps.images_per_second,
        **({} if steps.memory is None else {"device/memory_bytes": steps.memory}),
        **({} if steps.load is None else {"device/load": steps.load}),
    }
    for place, step in enumerate(steps.step.tolist()):
        values = {tag: float(column[place]) for tag, column in columns.items()}
        values = {tag: value for tag, value in values.items() if tag.startswith("train/") or math.isfinite(value)}
        if step in tests:
            values |= {"test/loss": tests[step].test_loss, "test/accuracy": tests[step].test_accuracy}
        yield step, float(steps.seconds[place]), values


# TensorBoard


def tensorboard_log(store: RunReader, run_id: str) -> bytes:
    """A run as the content of a TensorBoard event file.

    The format is that of TensorFlow: records of length, checksum, data, checksum (tensorflow/core/lib/io/
    record_writer.h), each datum an `Event` (tensorflow/core/util/event.proto) with a `Summary` of simple values.

    Raises:
        CnnvizError: if there is no such run.
    """
    begun = store.record(run_id).created
    events = [struct.pack("<Bd", 0x09, begun) + _text(3, "brain.Event:2")]
    for step, seconds, values in scalars(store, run_id):
        summary = b"".join(
            _bytes(1, _text(1, tag) + struct.pack("<Bf", 0x15, value)) for tag, value in values.items()
        )  # fmt: skip
        events.append(struct.pack("<Bd", 0x09, begun + seconds) + b"\x10" + _varint(step) + _bytes(5, summary))
    return b"".join(_record(event) for event in events)


def write_tensorboard(store: RunReader, run_id: str, folder: Path) -> Path:
    """Write a run into `folder`/<network>-<id>, which TensorBoard shows as one run; returns the file.

    Raises:
        CnnvizError: if there is no such run.
        OSError: if the folder cannot be written.
    """
    record = store.record(run_id)
    data = tensorboard_log(store, run_id)
    run = folder / f"{record.config.architecture.key.replace('/', '-')}-{run_id}"
    run.mkdir(parents=True, exist_ok=True)
    path = run / f"events.out.tfevents.{int(record.created)}.cnnviz"
    path.write_bytes(data)
    return path


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _table() -> tuple[int, ...]:
    """CRC-32C (Castagnoli, RFC 3720, appendix B.4) of each byte."""
    found = []
    for byte in range(256):
        crc = byte
        for _bit in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        found.append(crc)
    return tuple(found)


_CRC: Final = _table()


def _checksum(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)  # masked, as TensorFlow does


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


# MLflow


def mlflow_installed() -> bool:
    """Whether the extra is there; it is not imported for that."""
    return find_spec("mlflow") is not None


def write_mlflow(store: RunReader, run_id: str, address: str, experiment: str = "cnnviz") -> str:
    """Give a run to MLflow: its settings as parameters, its scalars as metrics; returns MLflow's id of it.

    Args:
        store: where the run is.
        run_id: its id.
        address: of the tracking store, such as `sqlite:///mlflow.db` or `http://127.0.0.1:5000`.
        experiment: what it is filed under; made if it is not there.

    Raises:
        CnnvizError: if there is no such run, or MLflow is not installed.
    """
    record = store.record(run_id)
    if not mlflow_installed():
        raise CnnvizError("extra_missing", extra="MLflow", file="requirements-mlflow.txt")
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=address)
    found = client.get_experiment_by_name(experiment)
    place = found.experiment_id if found else client.create_experiment(experiment)
    begun = round(1000 * record.created)
    name = record.name or record.config.architecture.key
    made: Any = client.create_run(place, start_time=begun, run_name=name, tags={"cnnviz.run": run_id})
    settings = {"architecture": record.config.architecture.key, "seed": record.config.seed, **_settings(store, run_id)}
    client.log_batch(made.info.run_id, params=[Param(key, str(value)[:6000]) for key, value in settings.items()])
    metrics = [
        Metric(tag, value, begun + round(1000 * seconds), step)
        for step, seconds, values in scalars(store, run_id)
        for tag, value in values.items()
    ]
    for first in range(0, len(metrics), _AT_ONCE):
        client.log_batch(made.info.run_id, metrics=metrics[first : first + _AT_ONCE])
    status = {"finished": "FINISHED", "failed": "FAILED", "stopped": "KILLED", "interrupted": "KILLED"}
    if record.ended:
        client.set_terminated(made.info.run_id, status[record.state], begun + round(1000 * record.seconds))
    return str(made.info.run_id)


def _settings(store: RunReader, run_id: str) -> dict[str, Any]:
    """Every setting, flat: the network's own with a point."""
    data = store.record(run_id).config.model_dump(mode="json")
    network = data.pop("architecture")
    return data | {f"architecture.{key}": value for key, value in network.items()}
