"""What the rehearsal promises about a run follows from what it measured, and what breaks a run is said."""

import pytest

from cnnviz.cli import timing
from cnnviz.events import Evaluated, Failed, Finished, Started, Steps
from cnnviz.language import Language
from cnnviz.specs.training import TrainingConfig

EN, ES = Language("en"), Language("es")
CONFIG = TrainingConfig(
    architecture="lenet_bn", epochs=2, batch_size=100, train_images=10_000, test_images=2_000, evaluations=5
)


class _Clock:
    """A loop that takes 3 s to begin, 0.05 s a step and 1 ms per test image, on a clock of its own."""

    def __init__(self, monkeypatch):
        self.now, self.configs = 100.0, []
        monkeypatch.setattr(timing, "train", self.train)
        monkeypatch.setattr(timing.time, "monotonic", lambda: self.now)

    def train(self, config):
        self.configs.append(config)
        began, step = self.now, 0
        self.now += 2.95
        yield Started(
            total_steps=config.total_steps, steps_per_epoch=config.steps_per_epoch, parameters=1, device="cpu",
            train_images=config.train_images, test_images=config.test_images, device_name="", precision="", threads=1,
        )  # fmt: skip
        figures = {"train_loss": 1.0, "train_accuracy": 0.5, "learning_rate": 0.1, "images_per_second": 1.0}
        while step < config.total_steps:
            block = min(3 if step else 1, config.total_steps - step)
            self.now += 0.05 * block
            step += block
            place = {"step": step, "seconds": self.now - began}
            yield Steps(
                first_step=step - block + 1, losses=(1.0,) * block, accuracies=(0.5,) * block, **place, **figures
            )
        self.now += 0.001 * config.test_images
        place = {"step": step, "seconds": self.now - began}
        yield Evaluated(test_loss=1.0, test_accuracy=0.5, test_images=config.test_images, **place, **figures)
        yield Finished(**place)


def test_a_run_is_estimated_from_its_parts(monkeypatch):
    clock = _Clock(monkeypatch)
    trial = timing.measure(CONFIG, budget=1.0)
    assert trial.first_seconds == pytest.approx(3.0)
    assert trial.step_seconds == pytest.approx(0.05)
    assert trial.test_seconds == pytest.approx(0.001)
    assert trial.images_per_second == pytest.approx(100 / 0.05)
    assert 1.0 <= trial.steps * 0.05 < 1.3, "the trial ends when its budget is spent"
    # 2 epochs of 100 steps, five measurements of 2,000 images
    assert trial.seconds == pytest.approx(3.0 + 199 * 0.05 + 5 * 2_000 * 0.001)
    assert all(config.architecture == CONFIG.architecture for config in clock.configs)
    assert all(config.batch_size == CONFIG.batch_size for config in clock.configs)


@pytest.mark.parametrize(("step_seconds", "state"), [(0.05, "ok"), (0.5, "look")])
def test_more_than_a_minute_is_worth_a_look(step_seconds, state):
    trial = timing.Trial(CONFIG, first_seconds=1.0, step_seconds=step_seconds, steps=20, test_seconds=0.0001)
    row = timing.trial_row(ES, "lenet_bn", "LeNet", trial)
    assert row.state == state
    assert bool(row.advice) == (state == "look")
    assert row.figures["estimated_seconds"] == trial.seconds
    assert "measured" in row.detail or "medido" in row.detail


def test_what_breaks_a_run_is_said(monkeypatch):
    def failing(config):
        yield Failed(code="out_of_memory", parameters={"device": "GPU", "batch_size": config.batch_size})

    monkeypatch.setattr(timing, "train", failing)
    row = timing.preset_row(EN, "vgg11", "VGG-11", CONFIG)
    assert row.state == "broken"
    assert "ran out of memory" in row.detail


def test_the_real_loop_can_be_timed():
    config = TrainingConfig(architecture="lenet_bn", batch_size=32, train_images=640, test_images=200)
    trial = timing.measure(config, budget=0.05)
    assert trial.steps >= 1
    assert 0 < trial.step_seconds < 60
    assert 0 < trial.test_seconds < 1
    assert trial.seconds > 19 * trial.step_seconds


def test_device():
    row = timing.device_row(EN)
    assert row.state == "ok"
    assert row.figures["device"] in {"cpu", "cuda", "mps"}
    assert row.detail
