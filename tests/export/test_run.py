"""An exported run is the run: its script's losses are those that `train` yields, step by step."""

import gzip
import subprocess
import sys
from itertools import product
from typing import get_args

import pytest

from cnnviz.data.fashion_mnist import FOLDER, fashion_mnist
from cnnviz.export import run_notebook, run_script
from cnnviz.export.schedule import schedule_definitions
from cnnviz.specs.augmentation import (
    PICTURE_OPERATIONS,
    ColorJitter,
    HorizontalFlip,
    MixUp,
    PipelineSpec,
    RandomResizedCrop,
)
from cnnviz.specs.catalog import spec_of
from cnnviz.training import TrainingConfig, train
from tests.export.running import cells, execute

STEPS = 20
RUNS = {
    "batch norm": {"architecture": "lenet_bn"},
    "shrunk": {"architecture": spec_of("resnet18", image_size=20, width=0.125), "learning_rate": 0.01},
    "grown, three channels": {"architecture": spec_of("densenet", image_size=40, width=0.125, in_channels=3)},
    "dropout": {
        "architecture": spec_of("lenet", dropout=0.5, activation="relu"), "optimizer": "adam", "learning_rate": 0.01,
    },
    "precision as chosen": {"architecture": "lenet_bn", "precision": "auto", "learning_rate": 0.1},
    "default weights": {
        "architecture": "lenet_bn", "optimizer": "adamw", "weight_decay": 0.01, "initialization": "default",
        "learning_rate": 0.01,
    },
    "momentum, cosine": {
        "architecture": "lenet_bn", "schedule": "cosine", "momentum": 0.9, "weight_decay": 1e-3, "learning_rate": 0.5,
    },
    "one cycle, smoothed labels": {
        "architecture": "lenet_bn", "schedule": "one_cycle", "label_smoothing": 0.1, "momentum": 0.9,
        "initialization": "he",
    },
    "warm-up, in steps, clipped": {
        "architecture": "lenet_bn", "schedule": "step", "warmup_epochs": 0.3, "drop_epochs": 1, "drop_factor": 0.5,
        "gradient_clip": 0.5, "epochs": 2, "train_images": 32 * 10, "learning_rate": 0.5,
    },
    "warm-up, cosine": {"architecture": "lenet_bn", "schedule": "cosine", "warmup_epochs": 0.4, "learning_rate": 0.5},
    "range test": {"architecture": "lenet_bn", "schedule": "range_test", "learning_rate": 1.0},
    "a single image left over": {"architecture": "lenet_bn", "train_images": 32 * 10 + 1, "epochs": 2},
    "torchvision's": {
        "architecture": spec_of("torchvision/squeezenet1_1", image_size=32, num_classes=10), "learning_rate": 0.01,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same files, packed without compression, since each script unpacks them anew."""
    folder = tmp_path_factory.mktemp("fashion-mnist")
    for file in FOLDER.glob("*.gz"):
        (folder / file.name).write_bytes(gzip.compress(gzip.decompress(file.read_bytes()), compresslevel=0))
    return folder


def small(**options):
    usual = {"train_images": 32 * STEPS, "batch_size": 32, "test_images": 100, "evaluations": 2}
    return TrainingConfig(**usual | {"precision": "float32", "device": "cpu"} | options)


def own_run(config):
    """(started, losses, finished) as cnnviz has them."""
    events = list(train(config))
    return events[0], [loss for event in events if event.kind == "steps" for loss in event.losses], events[-1]


@pytest.mark.parametrize("name", RUNS)
def test_the_losses_are_the_runs_own(name, capsys, folder):
    config = small(**RUNS[name])
    started, losses, finished = own_run(config)
    assert len(losses) == STEPS and max(losses) - min(losses) > 0.01
    found = execute(run_script(config, started))["train"](folder)
    rounding = 5e-3 if "bfloat16_convolutions" in started.kernels else 5e-5 if started.kernels else 1e-5
    assert found == pytest.approx(losses, abs=rounding)
    *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith(f"step {STEPS}: loss {found[-1]:.4f}, test loss ")
    test_loss, accuracy = (float(part.rpartition(" ")[2]) for part in last.split(", ")[1:])
    # Adam moves a bias before batch norm by the sign of a gradient that is rounding; running means remember it.
    loose = config.optimizer != "sgd" and bool(started.kernels)
    assert test_loss == pytest.approx(finished.test_loss, abs=0.05 if loose else 5e-3 if started.kernels else 2e-4)
    assert accuracy == pytest.approx(finished.test_accuracy, abs=0.05 if loose else 0.011 if started.kernels else 1e-4)


def test_without_the_event_only_rounding_differs(capsys, folder):
    """The script of settings alone lays memory out its own way."""
    config = small(architecture=spec_of("vgg11_small", image_size=32, width=0.25, dropout=0.0), train_images=160)
    script = run_script(config)
    assert "channels_last" not in script
    assert execute(script)["train"](folder) == pytest.approx(own_run(config)[1], abs=1e-5)


def test_the_rate_of_every_step_is_the_schedules_own():
    kinds = get_args(TrainingConfig.model_fields["schedule"].annotation)
    assert len(kinds) >= 5
    moved = set()
    for schedule, warmup, steps in product(kinds, (0.0, 0.25, 1.0, 3.0, 9.0), (1, 2, 3, 7, 40)):
        config = small(
            architecture="lenet", schedule=schedule, warmup_epochs=warmup, epochs=3, train_images=32 * steps,
            learning_rate=0.5, drop_epochs=2, drop_factor=0.3,
        )  # fmt: skip
        source = schedule_definitions(config)
        rate = execute("import math\nLEARNING_RATE = 0.5\n" + "".join(source)).get("learning_rate", lambda _: 0.5)
        wanted = [0.5 * config.rate_factor(step) for step in range(config.total_steps)]
        assert [rate(step) for step in range(config.total_steps)] == pytest.approx(wanted, rel=1e-12, abs=1e-18)
        moved.update([schedule] if source else [])
    assert moved == set(kinds)  # even "constant", after a warm-up


def test_early_stopping_stops_where_the_run_did(capsys, folder):
    config = small(architecture="lenet", evaluations=20, early_stopping=2)  # which stays at chance
    started, losses, finished = own_run(config)
    assert finished.reason == "early_stopped" and len(losses) < STEPS
    assert execute(run_script(config, started))["train"](folder) == pytest.approx(losses, abs=1e-5)


CHAIN = PipelineSpec(operations=(HorizontalFlip(), ColorJitter(enabled=False), RandomResizedCrop(size=24)))


@pytest.mark.parametrize(("chain", "says"), [(CHAIN, True), (PipelineSpec(), False)])
def test_augmentation_is_torchvisions_and_says_so(chain, says, capsys, folder):
    config = small(architecture="lenet_bn", train_images=128, augmentation=chain)
    script = run_script(config)
    assert ("draws come from torchvision" in " ".join(script.split())) == says
    namespace = execute(script)
    losses = namespace["train"](folder)
    assert len(losses) == 4
    if says:
        assert [type(step).__name__ for step in namespace["transform"].transforms] == [
            "RandomHorizontalFlip", "RandomResizedCrop",
        ]  # fmt: skip
        images = namespace["torch"].tensor(fashion_mnist("train").images[:8])
        assert namespace["prepare"](images, training=True).shape == (8, 1, 28, 28)
        repeated = namespace["prepare"](images[:1].expand(8, -1, -1), training=True)
        assert len({image.sum().item() for image in repeated}) > 1  # a draw for each image
    else:
        assert losses == pytest.approx(own_run(config)[1], abs=1e-5)


@pytest.mark.parametrize("kind", PICTURE_OPERATIONS, ids=lambda kind: kind.__name__)
def test_every_operation_acts_on_a_garment(kind):
    """Grey, 28 px, each image with a draw of its own, and a number from 0 to 1 at every pixel."""
    options = {"size": 24} if "size" in kind.model_fields else {}
    config = small(architecture="lenet", augmentation=PipelineSpec(operations=(kind(**options),)))
    namespace = execute(run_script(config))
    images = namespace["torch"].tensor(fashion_mnist("train").images[:4])
    batch = namespace["prepare"](images, training=True)
    assert batch.shape == (4, 1, 28, 28) and 0 <= batch.min() < batch.max() <= 1
    assert namespace["prepare"](images, training=False).equal(images[:, None] / 255)


def test_mixing_mixes_the_labels_too(capsys, folder):
    config = small(architecture="lenet_bn", train_images=96, augmentation=PipelineSpec(operations=(MixUp(),)))
    script = run_script(config)
    assert "transform = " not in script and "A batch is mixed with one draw here" in " ".join(script.split())
    namespace = execute(script)
    assert len(namespace["train"](folder)) == 3
    images, targets = namespace["mix"](namespace["torch"].rand(4, 1, 28, 28), namespace["torch"].arange(4))
    assert images.shape == (4, 1, 28, 28) and targets.shape == (4, 10)


def test_a_setting_that_is_not_repeated_is_named(monkeypatch):
    config = small(architecture="lenet", momentum=0.5)
    assert "Not repeated" not in run_script(config)
    assert "Not repeated here: time_budget = 30.0." in run_script(config.replace(time_budget=30))
    shared = run_script(config.replace(processes=2))
    assert "between 2 processes" in shared and "Not repeated here" not in shared
    monkeypatch.setattr("cnnviz.export.run._REPEATED", frozenset())
    assert "momentum = 0.5" in " ".join(run_script(config).split()).partition("Not repeated here: ")[2]


def test_bfloat16_is_autocast(capsys, folder):
    config = small(architecture=spec_of("nin", image_size=72, width=0.0625), precision="bfloat16", train_images=64)
    script = run_script(config)
    assert script.count("torch.autocast(DEVICE, torch.bfloat16)") == 2
    assert execute(script)["train"](folder) == pytest.approx(own_run(config)[1], abs=0.02)


def test_what_is_missing_is_downloaded(tmp_path, monkeypatch, capsys, folder):
    """torchvision is asked for what the folder does not hold."""
    import torch
    from torchvision import datasets

    asked = []

    class Fake:
        def __init__(self, root, train, download):
            asked.append((root, train, download))
            garments = fashion_mnist("train" if train else "test")
            self.data = torch.tensor(garments.images)
            self.targets = torch.tensor(garments.labels).long()

    monkeypatch.setattr(datasets, "FashionMNIST", Fake)
    config = small(architecture="lenet_bn", train_images=96)
    namespace = execute(run_script(config))
    there, missing = namespace["train"](folder), namespace["train"](tmp_path)
    assert there == missing and asked == [(tmp_path, True, True), (tmp_path, False, True)]


def test_a_script_runs_alone(tmp_path):
    config = small(architecture="lenet_bn", train_images=320)
    started, losses, _ = own_run(config)
    script = tmp_path / "run.py"
    script.write_text(run_script(config, started), encoding="utf-8")
    hidden = "import sys, runpy; sys.modules['cnnviz'] = None; sys.argv.pop(0); runpy.run_path(*sys.argv[:1], run_name="
    done = subprocess.run(
        [sys.executable, "-I", "-c", hidden + "'__main__')", str(script), str(FOLDER)],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        f"step 5: loss {losses[4]:.4f}", f"step 10: loss {losses[9]:.4f}",
    ]  # fmt: skip


def test_a_notebook_runs_cell_by_cell(tmp_path, monkeypatch, capsys, folder):
    config = small(architecture="lenet_bn", train_images=64)
    started, losses, _ = own_run(config)
    (tmp_path / "fashion-mnist").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    namespace = execute("")
    for cell in cells(run_notebook(config, started)):
        exec(compile(cell, "cell", "exec"), namespace)
    assert namespace["losses"] == pytest.approx(losses, abs=1e-5)


def test_the_same_run_gives_the_same_bytes():
    config = small(architecture="vgg11_small", seed=3)
    again = TrainingConfig.parse(config.model_dump(mode="json"))
    assert run_script(config) == run_script(again)
    assert run_script(config) != run_script(config.replace(seed=4))
