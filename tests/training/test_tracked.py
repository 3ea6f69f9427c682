"""A run in other trackers' formats: TensorBoard's read back by protobuf's library, MLflow's as its interface has it."""

import math
import re
import struct
import sys
from types import ModuleType, SimpleNamespace

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from cnnviz.cli import main
from cnnviz.errors import CnnvizError
from cnnviz.events import Evaluated, Finished, Started, Steps
from cnnviz.training import RunStore, TrainingConfig
from cnnviz.training.tracked import tensorboard_log, write_mlflow, write_tensorboard

CONFIG = TrainingConfig(architecture="lenet_bn", seed=7)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_HOME", str(tmp_path / "home"))
    store = RunStore()
    run_id = store.create(CONFIG, owner="me", name="mine")
    figures = {"train_loss": 1.4, "train_accuracy": 0.5, "learning_rate": 0.1, "images_per_second": 900.0}
    store.append(run_id, [
        Started(
            total_steps=469, steps_per_epoch=469, parameters=1, train_images=60_000, test_images=10_000, device="cpu",
            device_name="one", precision="float32", threads=2,
        ),
        Steps(step=3, seconds=0.3, first_step=1, losses=(2.3, math.inf, 2.1), accuracies=(0.1, 0.2, 0.3),
              memory_bytes=2**20, **figures),
        Evaluated(step=3, seconds=0.4, test_loss=1.5, test_accuracy=0.7, test_images=10_000, **figures),
        Finished(step=3, seconds=0.4, reason="stopped"),
    ])  # fmt: skip
    yield store, run_id
    store.close()


def event_class():
    """TensorFlow's `Event`, as far as scalars need it, from its published field numbers."""
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="tb", syntax="proto3")
    kinds = {"double": 1, "float": 2, "int64": 3, "string": 9, "message": 11}

    def message(name, *fields):
        made = file.message_type.add(name=name)
        for field, number, kind, label, of in fields:
            made.field.add(name=field, number=number, type=kinds[kind], label=label, type_name=of or None)

    message("Value", ("tag", 1, "string", 1, ""), ("simple_value", 2, "float", 1, ""))
    message("Summary", ("value", 1, "message", 3, ".tb.Value"))
    message("Event", ("wall_time", 1, "double", 1, ""), ("step", 2, "int64", 1, ""),
            ("file_version", 3, "string", 1, ""), ("summary", 5, "message", 1, ".tb.Summary"))  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tb.Event"))


def crc32c(data):
    """Bit by bit, as the polynomial is written (Castagnoli), the masked form of TensorFlow's records."""
    crc = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            feedback = (crc ^ byte >> bit) & 1
            crc = crc >> 1 ^ 0x82F63B78 * feedback
    crc ^= 0xFFFFFFFF
    rotated = (crc >> 15 | crc << 17) & 0xFFFFFFFF
    return (rotated + 0xA282EAD8) % 2**32


def records(data):
    while data:
        (length,), (check,) = struct.unpack("<Q", data[:8]), struct.unpack("<I", data[8:12])
        assert check == crc32c(data[:8])
        body, data = data[12 : 12 + length], data[12 + length :]
        assert struct.unpack("<I", data[:4])[0] == crc32c(body)
        yield body
        data = data[4:]


def test_the_checksum_is_that_of_the_standard():
    unmasked = (crc32c(b"123456789") - 0xA282EAD8) % 2**32
    assert (unmasked >> 17 | unmasked << 15) & 0xFFFFFFFF == 0xE3069283, "the check value of CRC-32C"


def test_a_tensorboard_log_is_read_back_by_protobuf(run):
    store, run_id = run
    head, *events = [event_class().FromString(body) for body in records(tensorboard_log(store, run_id))]
    assert head.file_version == "brain.Event:2" and [event.step for event in events] == [1, 2, 3]
    values = [{one.tag: one.simple_value for one in event.summary.value} for event in events]
    assert [one["train/loss"] for one in values] == [pytest.approx(2.3), math.inf, pytest.approx(2.1)]
    assert [one["train/accuracy"] for one in values] == pytest.approx([0.1, 0.2, 0.3])
    assert values[2]["test/loss"] == 1.5 and values[2]["test/accuracy"] == pytest.approx(0.7)
    assert "test/loss" not in values[1] and "device/load" not in values[1], "what nobody measured is not there"
    assert values[0]["device/memory_bytes"] == 2**20 and values[0]["train/learning_rate"] == pytest.approx(0.1)
    created = store.record(run_id).created
    assert [event.wall_time - created for event in events] == pytest.approx([0.1, 0.2, 0.3], abs=1e-3)


def test_tensorboard_itself_reads_it(run, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    store, run_id = run
    path = write_tensorboard(store, run_id, tmp_path / "logs")
    read = accumulator.EventAccumulator(str(path.parent))
    read.Reload()
    assert [(one.step, one.value) for one in read.Scalars("test/accuracy")] == [(3, pytest.approx(0.7))]
    assert [one.step for one in read.Scalars("train/loss")] == [1, 2, 3]


@pytest.mark.parametrize(("kind", "found"), [("csv", "*.csv"), ("json", "*.json"), ("tensorboard", "*/events.out.*")])
def test_on_the_command_line(run, tmp_path, capsys, kind, found):
    assert main(["export", run[1], str(tmp_path / "out"), "--to", kind, "--language", "en"]) == 0
    (path,) = (tmp_path / "out").glob(found)
    assert str(path) in capsys.readouterr().out and path.stat().st_size > 100
    assert main(["export", "aaaaaaaaaa", str(tmp_path), "--to", kind]) == 2
    assert "There is no run" in capsys.readouterr().err


def test_without_mlflow_it_is_said_how_to_get_it(run, monkeypatch):
    monkeypatch.setattr("cnnviz.training.tracked.mlflow_installed", lambda: False)
    with pytest.raises(CnnvizError, match=re.escape("requirements-mlflow.txt")):
        write_mlflow(*run, "sqlite:///nowhere.db")


class PretendedClient:
    """What MLflow is told, by the names of its API."""

    def __init__(self, tracking_uri):
        self.said = {"uri": tracking_uri, "params": {}, "metrics": [], "largest": 0}
        PretendedClient.last = self

    def get_experiment_by_name(self, _name):
        return None

    def create_experiment(self, name):
        return f"experiment {name}"

    def create_run(self, experiment_id, start_time, tags, run_name):
        self.said |= {"experiment": experiment_id, "start": start_time, "tags": tags, "name": run_name}
        return SimpleNamespace(info=SimpleNamespace(run_id="its id"))

    def log_batch(self, _run_id, metrics=(), params=()):
        self.said["largest"] = max(self.said["largest"], len(metrics))
        self.said["params"] |= {param[0]: param[1] for param in params}
        self.said["metrics"] += metrics

    def set_terminated(self, _run_id, status, _end_time):
        self.said["status"] = status


def test_mlflow_is_told_settings_and_scalars_in_batches_that_it_takes(run, monkeypatch):
    names = {
        "mlflow": {},
        "mlflow.entities": {"Metric": lambda *values: values, "Param": lambda *values: values},
        "mlflow.tracking": {"MlflowClient": PretendedClient},
    }
    for name, content in names.items():
        monkeypatch.setitem(sys.modules, name, module := ModuleType(name))
        module.__dict__.update(content)
    monkeypatch.setattr("cnnviz.training.tracked.mlflow_installed", lambda: True)
    store, run_id = run
    assert write_mlflow(store, run_id, "sqlite:///its.db") == "its id"
    said = PretendedClient.last.said
    assert said["params"]["architecture.key"] == "lenet_bn" and said["params"]["seed"] == "7"
    begun = said["start"]
    assert ("test/accuracy", 0.7, begun + 300, 3) in said["metrics"]
    assert [one[3] for one in said["metrics"] if one[0] == "train/accuracy"] == [1, 2, 3]
    assert (said["status"], said["name"], said["tags"]["cnnviz.run"]) == ("KILLED", "mine", run_id)
    assert said["largest"] <= 1000


def test_the_real_mlflow_takes_it(run, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # works without a database's library
    tracking = pytest.importorskip("mlflow.tracking")
    address = f"file://{tmp_path}/mlruns"
    made = write_mlflow(*run, address)
    history = tracking.MlflowClient(tracking_uri=address).get_metric_history(made, "train/accuracy")
    assert [(one.step, one.value) for one in history] == [(1, pytest.approx(0.1)), (2, pytest.approx(0.2)),
                                                          (3, pytest.approx(0.3))]  # fmt: skip
