"""What a run will take before it starts: seconds and memory on this device, and the refusal of one that cannot fit.

Seconds come from a model of a training step with five terms, whose constants were fitted to the class presets of all
networks on two cores (docs/measurements.md) and reproduce each of them within a factor 0.7 to 1.2:

    start + images · (MACs · s/MAC + bytes of all outputs · s/byte) + steps · (layers · s/layer + s/step)

An image of the test set, which has no backward pass, counts as a third of a training image. Earlier runs on this
machine, where there are any, say how much faster or slower it is than the model; the closer they are to the run that
is asked about, the narrower the range. On a GPU nothing is said before the first run.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.memory import figures_of, memory_available, memory_needed

if TYPE_CHECKING:
    from cnnviz.training.records import RunRecord

Basis = Literal["same", "family", "machine", "report", "unknown"]

START: Final = 2.0  # s: weights, first steps, first checkpoint
PER_MAC: Final = 2.4e-11  # s, forward and backward together: about 3 forward passes
PER_BYTE: Final = 3.6e-10  # s for each byte of float32 output: batch norm, activations and poolings are memory traffic
PER_LAYER: Final = 7.6e-5  # s a step
PER_STEP: Final = 6e-3  # s
_TEST_SHARE: Final = 1 / 3
_REFERENCE: Final = 2.0  # workers in the fit: two threads in float32, or one in bfloat16
_SCALING: Final = 0.7  # seconds fall with the threads to this power
_RANGE: Final = {"same": 1.25, "family": 1.6, "machine": 1.8, "report": 2.0}  # low = expected / this, high = · this
_MOST_RUNS: Final = 3


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds: what is expected, between a low and a high bound."""

    low: float
    expected: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take.

    Attributes:
        seconds: of training and of measuring the test set, or None where nothing is known yet (a GPU's first run).
        memory_bytes: peak of the process that trains, or on a GPU of what it takes there.
        memory_available: what there is for it now; None if nobody knows.
        largest_batch: the largest batch that fits, 0 if none does; None if `memory_available` is None.
        device: "cpu", "cuda" or "mps".
        precision: "float32" or "bfloat16", as it will be chosen.
        threads: of the process that trains.
        basis: where the seconds come from: earlier runs of the "same" network and batch, of its "family", of any
            network on this "machine"; the cost "report" alone; or "unknown".
    """

    seconds: Span | None
    memory_bytes: int
    memory_available: int | None
    largest_batch: int | None
    device: str
    precision: str
    threads: int
    basis: Basis

    @property
    def fits(self) -> bool:
        """Whether there is memory for it, as far as anybody knows."""
        return self.memory_available is None or self.memory_bytes <= self.memory_available


def estimate(config: TrainingConfig, *, speeds: Iterable["RunRecord"] = ()) -> Estimate:
    """How long a run will take on this machine and how much memory it will need, before it starts.

    Args:
        config: every setting.
        speeds: this machine's earlier runs, newest first; those on another device are left out.

    Raises:
        CnnvizError: a device that is not there, or a network that cannot be built or cannot take its input.
    """
    from cnnviz.training.choices import choose

    device = choose(config).device
    threads, precision = _foreseen(config, device.type)
    need = memory_needed(config, device.type, precision)
    available = memory_available(device)
    seconds, basis = _seconds(config, device.type, threads, precision, tuple(speeds))
    return Estimate(
        seconds=seconds,
        memory_bytes=need.at(config.batch_size),
        memory_available=available,
        largest_batch=None if available is None else need.largest_batch(available),
        device=device.type,
        precision=precision,
        threads=threads,
        basis=basis,
    )


def refuse_if_too_large(found: Estimate, config: TrainingConfig) -> None:
    """Let pass what fits, or what nobody can tell.

    Raises:
        CnnvizError: "memory_too_small" with the largest batch that fits, or "memory_too_small_for_network" where not
            even one image does.
    """
    if found.fits or found.memory_available is None:
        return
    amounts = {"needed": _gib(found.memory_bytes), "available": _gib(found.memory_available)}
    if found.largest_batch:
        raise CnnvizError(
            "memory_too_small",
            field="batch_size",
            batch_size=config.batch_size,
            largest=found.largest_batch,
            **amounts,
        )
    raise CnnvizError(
        "memory_too_small_for_network", field="image_size", image_size=config.architecture.image_size, **amounts
    )


def _gib(count: float) -> float:
    return float(f"{count / 2**30:.2g}")


def _foreseen(config: TrainingConfig, device: str) -> tuple[int, str]:
    """(threads, precision) of the process that will train, which is not this one."""
    from cnnviz.training.choices import automatic_precision, automatic_threads

    threads = config.threads or automatic_threads(config)
    precision = automatic_precision(config, device) if config.precision == "auto" else config.precision
    return threads, precision


# seconds


def _seconds(
    config: TrainingConfig, device: str, threads: int, precision: str, runs: Sequence["RunRecord"]
) -> tuple[Span | None, Basis]:
    here = [run for run in runs if _usable(run, device)]
    for basis, alike in (("same", _same), ("family", _family), ("machine", _anything)):
        chosen = [run for run in here if alike(run.config, config)][:_MOST_RUNS]
        if chosen:
            slowness = statistics.median(_slowness(run) for run in chosen)
            return _span(config, threads, precision, slowness, basis), basis  # type: ignore[return-value]
    if device != "cpu":
        return None, "unknown"
    return _span(config, threads, precision, 1.0, "report"), "report"


def _usable(run: "RunRecord", device: str) -> bool:
    return bool(run.images_per_second) and run.step >= 3 and run.choices.get("device") == device


def _same(run: TrainingConfig, config: TrainingConfig) -> bool:
    return run.architecture == config.architecture and run.batch_size == config.batch_size


def _family(run: TrainingConfig, config: TrainingConfig) -> bool:
    return run.architecture.family == config.architecture.family


def _anything(_run: TrainingConfig, _config: TrainingConfig) -> bool:
    return True


def _slowness(run: "RunRecord") -> float:
    """Seconds that a run took for each second of the model."""
    assert run.images_per_second is not None
    threads, precision = int(run.choices.get("threads", 2)), str(run.choices.get("precision", "float32"))
    modelled = _seconds_of_step(run.config, threads, precision) / run.config.batch_size
    return 1 / run.images_per_second / modelled


def _span(config: TrainingConfig, threads: int, precision: str, slowness: float, basis: str) -> Span:
    steps = config.total_steps * _seconds_of_step(config, threads, precision)
    tests = len(config.evaluation_steps) * config.test_images * _TEST_SHARE * _seconds_of_image(config)
    expected = START + slowness * (steps + tests * _share_of_time(config, threads, precision))
    limit = config.time_budget or math.inf  # seconds; what early stopping saves, nobody knows before
    return Span(*(min(limit, seconds) for seconds in (expected / _RANGE[basis], expected, expected * _RANGE[basis])))


def _seconds_of_step(config: TrainingConfig, threads: int, precision: str) -> float:
    """Of the model, for one full batch."""
    images = config.batch_size * _seconds_of_image(config) * _share_of_time(config, threads, precision)
    return images + figures_of(config.architecture).layers * PER_LAYER + PER_STEP


def _seconds_of_image(config: TrainingConfig) -> float:
    figures = figures_of(config.architecture)
    return figures.macs * PER_MAC + figures.output_bytes * PER_BYTE


def _share_of_time(config: TrainingConfig, threads: int, precision: str) -> float:
    """How much longer than in the fit an image takes with other threads.

    A thread in bfloat16 does the work of two, and so does one that trains LeNet with `training.kernels`. Processes that
    share a run count as so many times the threads.
    """
    double = precision == "bfloat16" or config.architecture.family == "lenet"
    return float((_REFERENCE / (threads * config.processes * (2 if double else 1))) ** _SCALING)
