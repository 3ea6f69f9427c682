"""`python -m cnnviz train`: one run in this process, with a progress line or an event a line."""

import argparse
import os
import signal
import sys
from collections.abc import Collection
from typing import Any, Final

from cnnviz.cli.check import environment_language
from cnnviz.events import Event
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.presets import preset_named
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import Control, train

# option → field of the config, which says what is allowed: a bad value is one sentence, not argparse's usage
_FIELDS: Final = {
    "epochs": "epochs",
    "batch-size": "batch_size",
    "lr": "learning_rate",
    "optimizer": "optimizer",
    "schedule": "schedule",
    "warmup": "warmup_epochs",
    "drop-epochs": "drop_epochs",
    "drop-factor": "drop_factor",
    "label-smoothing": "label_smoothing",
    "gradient-clip": "gradient_clip",
    "early-stopping": "early_stopping",
    "time-budget": "time_budget",
    "initialization": "initialization",
    "momentum": "momentum",
    "weight-decay": "weight_decay",
    "images": "train_images",
    "test-images": "test_images",
    "evaluations": "evaluations",
    "seed": "seed",
    "device": "device",
    "precision": "precision",
    "threads": "threads",
    "processes": "processes",
}
_BAR: Final = 24  # characters of the progress bar


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("train", help="train a network on Fashion-MNIST")
    add_options(parser)
    parser.add_argument("--language", choices=LANGUAGES, help="default: that of the environment")
    parser.add_argument("--json", action="store_true", help="one event a line")


def add_options(parser: argparse.ArgumentParser, left_out: Collection[str] = ()) -> None:
    """The network and its settings, as `config_of` reads them; some options may be left out."""
    parser.add_argument("key", help="the network, such as lenet_bn or resnet18")
    parser.add_argument("--preset", choices=("class", "chapter", "fastest"), help="settings to start from")
    for option, field in _FIELDS.items():
        if option not in left_out:
            parser.add_argument(f"--{option}", dest=field, help=TrainingConfig.model_fields[field].description or field)
    parser.add_argument("--image-size", help="height and width of the input in px")


def stopped_by_ctrl_c() -> Control:
    """What a run listens to: the first Ctrl-C ends it in good order, a second one at once."""
    control = Control()

    def stop(*_signal: object) -> None:
        control.stop()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    signal.signal(signal.SIGINT, stop)
    return control


def run(options: argparse.Namespace) -> int:
    """Train and print; returns the exit status: 0 in good order, 1 if the run failed.

    Raises:
        ValueError: a network or a setting that cannot work.
    """
    config = config_of(options)
    _ = Language(options.language or environment_language(os.environ))
    control = stopped_by_ctrl_c()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch comes: a waiting thread sleeps
    from cnnviz.training.choices import set_threads

    set_threads(config)
    if _under_torchrun() and (rank := int(os.environ["RANK"])):  # to help the first one
        from cnnviz.training.team import belong

        belong(config, rank)
        return 0
    status = 0
    for event in train(config, control=control):
        if options.json:
            print(event.model_dump_json(), flush=True)
        else:
            _show(event, config, _)
        if event.kind == "failed":
            status = 1
    return status


def config_of(options: argparse.Namespace) -> TrainingConfig:
    """The config that the command's options describe.

    Raises:
        CnnvizError: a network or a setting that cannot work.
    """
    chosen = {field: getattr(options, field) for field in _FIELDS.values()}
    chosen = {field: value for field, value in chosen.items() if value is not None}
    if _under_torchrun():
        chosen["processes"] = os.environ["WORLD_SIZE"]
    base = dict(preset_named(options.key, options.preset).config) if options.preset else {}
    architecture = base.get("architecture", options.key)
    config = TrainingConfig.parse({**base, "architecture": architecture, **chosen})
    if options.image_size is None:
        return config
    return config.replace(architecture=config.architecture.replace(image_size=options.image_size))


def _under_torchrun() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ


def _show(event: Event, config: TrainingConfig, _: Language) -> None:
    """A line for what is worth keeping on standard output, and a progress bar on standard error."""
    if event.kind == "steps":
        done = int(_BAR * event.step / config.total_steps)
        bar = "█" * done + "·" * (_BAR - done)
        speed = _("{count} images per second", count=_.number(round(event.images_per_second)))
        loss = _("loss {value}", value=_.number(event.train_loss, 3))
        print(f"\r{bar} {event.step}/{config.total_steps} · {loss} · {speed} ", end="", file=sys.stderr, flush=True)
    elif event.kind == "evaluated":
        print(file=sys.stderr)
        print(
            _(
                "step {step}: test accuracy {accuracy}, test loss {loss}",
                step=_.number(event.step),
                accuracy=_.percent(event.test_accuracy, 1),
                loss=_.number(event.test_loss, 3),
            ),
            flush=True,
        )
    elif event.kind == "failed":
        from cnnviz.errors import CnnvizError

        print(_.error(CnnvizError(event.code, **event.parameters)), file=sys.stderr)
