"""Checkpoints: whole or refused, the latest and the best, and what happens when the disk says no."""

import errno
import json
import os

import pytest
import torch
from safetensors import safe_open

from cnnviz.architectures import spec_of
from cnnviz.errors import CnnvizError
from cnnviz.training import TrainingConfig, checkpoints, train

CONFIG = TrainingConfig(
    architecture="lenet_bn", train_images=640, batch_size=64, epochs=2, test_images=200, evaluations=4,
    optimizer="adam", learning_rate=0.01,
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnnviz.training.keeper._SHARE", 1e9)  # each is affordable, however slow the disk is just now
        return folder, list(train(CONFIG, folder=folder))


def refused(path, code="checkpoint_damaged", config=CONFIG):
    with pytest.raises(CnnvizError) as caught:
        next(train(config, resume=path))
    return caught.value.code == code


def test_the_latest_the_best_and_those_along_the_curve_are_kept_and_nothing_else(trained):
    folder, events = trained
    steps = [event.step for event in events if event.kind == "checkpoint"]
    along = {f"step-{step:07d}.safetensors" for step in steps}
    assert {path.name for path in folder.iterdir()} == {"last.safetensors", "best.safetensors", *along}
    measured = [event for event in events if event.kind == "evaluated"]
    best = max(measured, key=lambda event: event.test_accuracy)
    assert checkpoints.read(folder / "best.safetensors").position.step == best.step
    assert checkpoints.read(folder / "last.safetensors").position.step == CONFIG.total_steps
    written = [event for event in events if event.kind == "checkpoint"]
    assert written[0].step == 0 and written[-1].step == CONFIG.total_steps
    assert written[-1].bytes == (folder / "last.safetensors").stat().st_size


def test_a_checkpoint_says_what_it_is(trained):
    with safe_open(trained[0] / "last.safetensors", "pt") as file:
        position = json.loads(file.metadata()["position"])
        parts = {name.split("/")[0] for name in file.keys()}  # noqa: SIM118
    assert parts == {"model", "optimizer", "random"}
    assert TrainingConfig.parse(position["config"]) == CONFIG
    assert position["step"] == CONFIG.total_steps


def test_damage_is_found(trained, tmp_path):
    data = (trained[0] / "last.safetensors").read_bytes()
    path = tmp_path / "damaged.safetensors"
    flipped = bytearray(data)
    flipped[-5] ^= 1
    for bad in (b"", b"nonsense", data[: len(data) // 2], data[:-1], bytes(flipped), b"\xff" * 64 + data):
        path.write_bytes(bad)
        assert refused(path)
    assert refused(tmp_path / "missing.safetensors")
    assert refused(tmp_path), "a folder is no checkpoint"


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "lenet"},
        {"architecture": spec_of("lenet_bn", width=2)},
        {"batch_size": 32},
        {"train_images": 1280},
        {"optimizer": "sgd"},
        {"seed": 2},
    ],
)
def test_another_runs_checkpoint_is_refused(trained, change):
    assert refused(trained[0] / "last.safetensors", "checkpoint_mismatch", CONFIG.replace(**change))


def test_a_changed_learning_rate_goes_on(trained):
    longer = CONFIG.replace(epochs=3, learning_rate=0.002)
    events = list(train(longer, resume=trained[0] / "last.safetensors"))
    assert {event.learning_rate for event in events if event.kind == "steps"} == {0.002}


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EACCES, "store_unusable")])
def test_a_disk_that_refuses_ends_the_run_and_keeps_the_last_checkpoint(monkeypatch, tmp_path, number, code):
    written = []

    def save(tensors, path, metadata):
        if len(written) == 1:
            path.write_bytes(b"half of it")
            raise OSError(number, os.strerror(number))
        written.append(path)
        real(tensors, path, metadata)

    real = checkpoints.save_file
    monkeypatch.setattr(checkpoints, "save_file", save)
    events = list(train(CONFIG, folder=tmp_path))
    assert (events[-1].kind, events[-1].code) == ("failed", code)
    assert str(CnnvizError(code, **events[-1].parameters))
    assert {path.name for path in tmp_path.iterdir()} == {"last.safetensors", "step-0000000.safetensors"}
    assert checkpoints.read(tmp_path / "last.safetensors").position.step == 0
    monkeypatch.undo()
    assert list(train(CONFIG, resume=tmp_path / "last.safetensors"))[-1].reason == "completed"


def test_a_really_full_file_is_a_full_disk(tmp_path):
    """The library's own error for a refused write still carries the system's number."""
    resource = pytest.importorskip("resource")
    saved = checkpoints.Saved(
        checkpoints.Position(CONFIG.model_dump(mode="json"), 1, 1.0, 0.1), model={"weight": torch.zeros(2_000_000)}
    )
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
        with pytest.raises(OSError) as caught:
            checkpoints.write(tmp_path / "x.safetensors", saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


def test_a_spoilt_network_never_replaces_a_good_checkpoint(tmp_path):
    network = spec_of("vgg11_small", image_size=32, dropout=0.0)
    config = TrainingConfig(
        architecture=network, train_images=1280, test_images=100, epochs=5, learning_rate=10, momentum=0.99,
        evaluations=1000,
    )  # fmt: skip
    events = list(train(config, folder=tmp_path))
    assert (events[-1].kind, events[-1].code) == ("failed", "loss_not_finite")
    error = CnnvizError(events[-1].code, **events[-1].parameters)
    assert error.parameters["learning_rate"] == 10 and error.parameters["suggested"] == 1
    shown = [loss for event in events if event.kind == "steps" for loss in event.losses]
    assert shown and all(map(torch.isfinite, torch.tensor(shown)))
    saved = checkpoints.read(tmp_path / "last.safetensors")
    assert saved.position.step < events[-1].parameters["step"]
    assert all(tensor.isfinite().all() for tensor in saved.model.values() if tensor.is_floating_point())


def test_an_extended_run_has_the_curve_of_a_longer_one(trained):
    longer = CONFIG.replace(epochs=3)
    whole = [loss for event in train(longer) if event.kind == "steps" for loss in event.losses]
    resumed = list(train(longer, resume=trained[0] / "last.safetensors"))
    rest = [loss for event in resumed if event.kind == "steps" for loss in event.losses]
    assert rest == whole[CONFIG.total_steps :] and resumed[-1].step == longer.total_steps
