"""`python -m cnnviz sweep`: every learning rate with every batch size, one run after the other in this process."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cnnviz.cli.check import environment_language
from cnnviz.cli.train import add_options, config_of, stopped_by_ctrl_c
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.sweep import SweepSpec, around
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import Control, train
from cnnviz.training.sweep import GUESSING, beats_guessing


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run; accuracies are shares of one."""

    learning_rate: float
    batch_size: int
    seed: int
    state: str
    best_test_accuracy: float | None
    seconds: float
    images_per_second: float | None


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("sweep", help="train with several learning rates and batch sizes")
    add_options(parser, ("lr", "batch-size"))
    parser.set_defaults(learning_rate=None, batch_size=None)
    around_it = "one or several; the network's own, a {} and {} times as much unless given"
    parser.add_argument("--lr", dest="learning_rates", nargs="+", help=around_it.format("tenth", "ten"))
    parser.add_argument("--batch-size", dest="batch_sizes", nargs="+", help=around_it.format("quarter", "four"))
    parser.add_argument("--seeds", help=SweepSpec.model_fields["seeds"].description)
    parser.add_argument("--language", choices=LANGUAGES, help="default: that of the environment")
    parser.add_argument("--json", action="store_true", help="one run a line")


def run(options: argparse.Namespace) -> int:
    """Train and print; returns the exit status: 0 in good order, 1 if a run failed and did not just diverge.

    Raises:
        ValueError: a network or a setting that cannot work.
    """
    spec = spec_of(options)
    _ = Language(options.language or environment_language(os.environ))
    control = stopped_by_ctrl_c()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch comes: a waiting thread sleeps
    results: list[Result] = []
    for config in spec.configs():
        results.append(_train(config, control))
        if options.json:
            print(json.dumps(asdict(results[-1])), flush=True)
        else:
            print(f"{len(results)}/{len(spec.configs())} · {_line(results[-1], _)}", file=sys.stderr, flush=True)
        if results[-1].state == "stopped":
            break
    if not options.json:
        _show(spec, results, _)
    return int(any(result.state == "failed" for result in results))


def spec_of(options: argparse.Namespace) -> SweepSpec:
    """The sweep that the command's options describe.

    Raises:
        CnnvizError: a network or a setting that cannot work.
    """
    if options.batch_sizes:
        options.batch_size = options.batch_sizes[0]  # as a run by itself it has to be possible
    base = config_of(options)
    rates, sizes = around(base)
    axes = {"learning_rates": options.learning_rates or rates, "batch_sizes": options.batch_sizes or sizes}
    return SweepSpec.parse({"base": base, "seeds": options.seeds or 1, **axes})


def _train(config: TrainingConfig, control: Control) -> Result:
    from cnnviz.training.choices import set_threads

    set_threads(config)
    accuracies, state, seconds, speed = [], "failed", 0.0, None
    for event in train(config, control=control):
        seconds = event.seconds
        if event.kind == "steps":
            speed = event.images_per_second
        elif event.kind == "evaluated":
            accuracies.append(event.test_accuracy)
        elif event.kind == "finished":
            state = "stopped" if event.reason == "stopped" else "done"
        elif event.kind == "failed" and event.code == "loss_not_finite":
            state = "diverged"
    best = max(accuracies, default=None)
    return Result(config.learning_rate, config.batch_size, config.seed, state, best, seconds, speed)


def _line(result: Result, _: Language) -> str:
    pair = _("{rate} with batches of {size}", rate=_.significant(result.learning_rate),
             size=_.number(result.batch_size))  # fmt: skip
    return f"{pair}: {_cell([result], _)} · {_.seconds(result.seconds)}"


def _show(spec: SweepSpec, results: Sequence[Result], _: Language) -> None:
    """The map as a table, and which pair is best, if one has learned anything."""
    width = 12
    print("".join(text.rjust(width) for text in ("", *(_.number(size) for size in spec.batch_sizes))))
    for rate in spec.learning_rates:
        row = [_cell(_of((rate, size), results), _) for size in spec.batch_sizes]
        print("".join(text.rjust(width) for text in (_.significant(rate), *row)))
    means = {pair: _mean(_of(pair, results)) for pair in spec.pairs}
    known = {
        pair: mean
        for pair, mean in means.items()
        if mean is not None and beats_guessing(_accuracies(_of(pair, results)), spec.base.test_images)
    }
    if known:
        best = max(known, key=known.__getitem__)
        seconds = [result.seconds for result in _of(best, results) if result.state == "done"]
        print(
            _("{rate} with batches of {size} is best: {accuracy} in {seconds}.",
              rate=_.significant(best[0]), size=_.number(best[1]), accuracy=_.percent(known[best], 1),
              seconds=_.seconds(sum(seconds) / len(seconds)))
        )  # fmt: skip
    elif any(mean is not None for mean in means.values()):
        print(_("No cell is certainly better than guessing, which gets {share} right.", share=_.percent(GUESSING)))


def _of(pair: tuple[float, int], results: Sequence[Result]) -> list[Result]:
    return [one for one in results if (one.learning_rate, one.batch_size) == pair]


def _mean(results: Sequence[Result]) -> float | None:
    """The mean over the seeds; None if none is done, or one of them diverged."""
    if any(one.state == "diverged" for one in results):
        return None
    known = _accuracies(results)
    return sum(known) / len(known) if known else None


def _accuracies(results: Sequence[Result]) -> list[float]:
    return [one.best_test_accuracy for one in results if one.state == "done" and one.best_test_accuracy is not None]


def _cell(results: Sequence[Result], _: Language) -> str:
    """The mean, or what became of the runs."""
    mean = _mean(results)
    if mean is not None:
        return _.percent(mean, 1)
    state = next((one.state for one in results if one.state == "diverged"), results[0].state if results else "")
    return _(state) if state else "–"
