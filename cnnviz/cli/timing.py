"""Trial steps of the class presets on this machine, by the loop that trains, and how long the whole runs will take.

Measured: the first step (building the network and warming up included), the steps after it for about a second, and the
test set on up to 500 images. Estimated: the whole run, by multiplying. Checkpoints, watchers and other runs come on
top.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cnnviz.cli.rehearsal import Row, State
from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import train

BUDGET: Final = 1.0  # seconds of steps per preset
CLASS_SECONDS: Final = 60.0  # a full curve within a minute
_TEST_IMAGES: Final = 500
_NEVER: Final = 200  # epochs: the trial is over long before


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured of a run.

    Attributes:
        config: the run.
        first_seconds: until the first step was done.
        step_seconds: of each step after it.
        steps: how many steps that is the mean of.
        test_seconds: for one test image.
    """

    config: TrainingConfig
    first_seconds: float
    step_seconds: float
    steps: int
    test_seconds: float

    @property
    def images_per_second(self) -> float:
        """Training images, without measurements of the test set."""
        return self.config.batch_size / self.step_seconds

    @property
    def seconds(self) -> float:
        """The whole run, estimated."""
        config = self.config
        tests = len(config.evaluation_steps) * config.test_images * self.test_seconds
        return self.first_seconds + (config.total_steps - 1) * self.step_seconds + tests


def measure(config: TrainingConfig, budget: float = BUDGET) -> Trial:
    """Train for about `budget` seconds, then measure the test set once.

    Raises:
        CnnvizError: what would end the run.
    """
    first, step_seconds, steps = _measure_steps(config, budget)
    return Trial(config, first, step_seconds, steps, _measure_test(config))


def _measure_steps(config: TrainingConfig, budget: float) -> tuple[float, float, int]:
    began = time.monotonic()
    blocks: list[tuple[int, float]] = []  # (steps done, seconds)
    for event in train(config.replace(epochs=_NEVER, evaluations=1)):
        _raise_failure(event)
        if event.kind == "steps":
            blocks.append((event.step, time.monotonic() - began))
            if len(blocks) > 1 and blocks[-1][1] - blocks[0][1] >= budget:
                break
    (first_step, first_seconds), (last_step, last_seconds) = blocks[0], blocks[-1]
    steps = last_step - first_step
    return first_seconds, (last_seconds - first_seconds) / steps, steps


def _measure_test(config: TrainingConfig) -> float:
    images = min(config.test_images, _TEST_IMAGES)
    trained = 0.0
    for event in train(config.replace(epochs=1, train_images=config.batch_size, evaluations=1, test_images=images)):
        _raise_failure(event)
        if event.kind == "steps":
            trained = event.seconds
        elif event.kind == "evaluated":
            return (event.seconds - trained) / images
    return 0.0


def _raise_failure(event: object) -> None:
    if getattr(event, "kind", None) == "failed":
        raise CnnvizError(event.code, **event.parameters)  # type: ignore[attr-defined]


def preset_row(_: Language, key: str, title: str, config: TrainingConfig) -> Row:
    """One class preset: how long it will take here."""
    try:
        trial = measure(config)
    except CnnvizError as error:
        return Row(f"preset/{key}", title, "broken", _.error(error))
    return trial_row(_, key, title, trial)


def trial_row(_: Language, key: str, title: str, trial: Trial) -> Row:
    """What a trial means for the class."""
    state: State = "ok" if trial.seconds <= CLASS_SECONDS else "look"
    detail = _(
        "about {seconds} for the whole run (measured: {steps} steps, {speed} images/s)",
        seconds=_.seconds(trial.seconds),
        steps=_.number(trial.steps),
        speed=_.significant(trial.images_per_second),
    )
    advice = "" if state == "ok" else _("Longer than a minute: choose fewer images, or show a recorded run.")
    figures = {
        "estimated_seconds": trial.seconds,
        "measured_steps": trial.steps,
        "measured_step_seconds": trial.step_seconds,
        "measured_first_seconds": trial.first_seconds,
        "measured_test_seconds_per_image": trial.test_seconds,
        "images_per_second": trial.images_per_second,
    }
    return Row(f"preset/{key}", title, state, detail, advice, figures)


def device_row(_: Language) -> Row:
    """Where runs will compute if nobody chooses; what importing torch says if that is broken."""
    name = _("Device")
    try:
        import torch

        from cnnviz.training.choices import automatic_threads, choose
    except (ImportError, OSError) as error:
        detail = _("PyTorch cannot be loaded: {reason}", reason=error)
        advice = _("Install it again: {command}", command="python -m pip install --force-reinstall torch torchvision")
        return Row("device", name, "broken", detail, advice)
    choices = choose(TrainingConfig(architecture="lenet_bn"))
    figures = {"device": choices.device.type, "name": choices.device_name, "threads": automatic_threads()}
    if choices.device.type == "cuda":
        free, total = torch.cuda.mem_get_info(choices.device)
        memory = _("{free} free of {total}", free=_.bytes(free), total=_.bytes(total))
        return Row("device", name, "ok", f"{choices.device_name}, {memory}", figures=figures | {"free": free})
    if choices.device.type == "mps":
        return Row("device", name, "ok", choices.device_name, figures=figures)
    threads = _.plural("{count} thread", "{count} threads", automatic_threads())
    detail = _("no GPU: the processor computes ({name}, {threads})", name=choices.device_name, threads=threads)
    return Row("device", name, "ok", detail, figures=figures)


def preset_rows(_: Language) -> Iterator[Row]:
    """A row for each network's class preset, one after another: the machine must do nothing else meanwhile."""
    import torch

    from cnnviz.specs.catalog import catalog
    from cnnviz.specs.presets import presets
    from cnnviz.training.choices import automatic_threads

    torch.set_num_threads(automatic_threads())
    for entry in catalog():
        for preset in presets(entry.key):
            if preset.name == "class":
                yield preset_row(_, entry.key, _(entry.title), preset.config)
