"""What the store knows of a sweep: its cells, which of them is best, what is missing. No torch.

Nothing of a sweep is kept but its runs: a run repeats itself exactly, so whatever was trained with the settings of a
cell, by whom and why ever, is its result.
"""

import csv
import io
import math
import secrets
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cnnviz.specs.sweep import SweepSpec
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.comparing import measuring_error
from cnnviz.training.records import RunRecord

CellState = Literal["open", "waits", "runs", "paused", "done", "diverged", "failed", "stopped"]
GUESSING: Final = 0.1
"""What guessing one of ten classes gets right."""
_CERTAIN: Final = 2  # times the error of measuring: less is no difference


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair of a learning rate and a batch size.

    Attributes:
        learning_rate: of its runs.
        batch_size: of its runs.
        runs: one for each seed, None where there is none.
    """

    learning_rate: float
    batch_size: int
    runs: tuple[RunRecord | None, ...]

    @property
    def state(self) -> CellState:
        """Where it stands: what goes on comes first; then one seed that diverged, and one that is done, is enough."""
        states = [_state_of(run) for run in self.runs]
        order: tuple[CellState, ...] = ("runs", "paused", "waits", "diverged", "done", "failed", "stopped")
        return next((state for state in order if state in states), "open")

    @property
    def failed(self) -> bool:
        """Whether one of its runs failed for another reason than its settings."""
        return any(_state_of(run) == "failed" for run in self.runs)

    @property
    def done(self) -> int:
        """How many of its runs are finished."""
        return sum(_state_of(run) == "done" for run in self.runs)

    @property
    def accuracy(self) -> float | None:
        """Best test accuracy so far, over the seeds that have one the mean."""
        return _mean([run.best_test_accuracy for run in self.runs if run is not None])

    @property
    def seconds(self) -> float | None:
        """That a run took, the mean."""
        return _mean([run.seconds for run in self.runs if run is not None and run.step])

    @property
    def images_per_second(self) -> float | None:
        """Of a run, the mean."""
        return _mean([run.images_per_second for run in self.runs if run is not None])

    @property
    def error(self) -> float:
        """Standard error of its accuracy: from its seeds where there are several, else from the pictures it is of."""
        return _error(self._known, self._test_images)

    @property
    def learned(self) -> bool:
        """Whether its accuracy is certainly more than guessing gets."""
        return beats_guessing(self._known, self._test_images)

    @property
    def _known(self) -> list[float]:
        return [run.best_test_accuracy for run in self.runs if run is not None and run.best_test_accuracy is not None]

    @property
    def _test_images(self) -> int:
        return next((run.config.test_images for run in self.runs if run is not None), 1)


def beats_guessing(accuracies: Sequence[float], images: int) -> bool:
    """Whether an accuracy is certainly more than guessing gets.

    Args:
        accuracies: shares of one, one for each seed; their mean is what counts, and without any it does not.
        images: test images of each.
    """
    mean = _mean(list(accuracies))
    if mean is None:
        return False
    error = max(_error(accuracies, images), measuring_error(mean, images))
    return mean - _CERTAIN * error > GUESSING


def _error(accuracies: Sequence[float], images: int) -> float:
    if len(accuracies) > 1:
        return statistics.stdev(accuracies) / math.sqrt(len(accuracies))
    return measuring_error(accuracies[0] if accuracies else 0.0, images)


def new_group() -> str:
    """The group of the runs that one press of Start begins."""
    return f"sweep {secrets.token_hex(4)}"


def cells_of(spec: SweepSpec, found: Sequence[RunRecord | None]) -> tuple[Cell, ...]:
    """The cells of a sweep, row by row.

    Args:
        spec: the sweep.
        found: for each of `spec.configs()`, in their order, the run that shows it, or None.
    """
    pairs = spec.pairs
    return tuple(Cell(*pair, tuple(found[number :: len(pairs)])) for number, pair in enumerate(pairs))


def best_of(cells: Sequence[Cell]) -> Cell | None:
    """The cell with the highest accuracy among those that are done and have learned; None before there is one."""
    done = [cell for cell in cells if cell.state == "done" and cell.learned]
    return max(done, key=lambda cell: cell.accuracy or 0.0, default=None)


def level_with(best: Cell, cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The other cells whose accuracy is not certainly less than the best one's, the highest first."""
    found = [
        cell
        for cell in cells
        if cell is not best and cell.state == "done" and cell.accuracy is not None
        and (best.accuracy or 0.0) - cell.accuracy <= _CERTAIN * math.hypot(best.error, cell.error)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda cell: -(cell.accuracy or 0.0)))


def missing(configs: Sequence[TrainingConfig], found: Sequence[RunRecord | None]) -> tuple[TrainingConfig, ...]:
    """The settings whose runs are neither there nor on their way."""
    return tuple(
        config
        for config, run in zip(configs, found, strict=True)
        if _state_of(run) in ("open", "failed", "stopped")
    )  # fmt: skip


def sweep_csv(spec: SweepSpec, found: Sequence[RunRecord | None]) -> str:
    """One line for each run, for spreadsheets and programs: accuracies as shares of one, times in seconds."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        ["learning_rate", "batch_size", "seed", "state", "best_test_accuracy", "test_accuracy", "seconds",
         "images_per_second", "run"]
    )  # fmt: skip
    for config, run in zip(spec.configs(), found, strict=True):
        setting = [f"{config.learning_rate:g}", config.batch_size, config.seed, _state_of(run)]
        if run is None:
            writer.writerow([*setting, "", "", "", "", ""])
        else:
            figures = (run.best_test_accuracy, run.test_accuracy, run.seconds, run.images_per_second)
            writer.writerow([*setting, *("" if one is None else f"{one:.6g}" for one in figures), run.id])
    return file.getvalue()


def _state_of(run: RunRecord | None) -> CellState:
    if run is None:
        return "open"
    if run.state == "queued":
        return "waits"
    if run.state in ("running", "stopping"):
        return "runs"
    if run.state == "paused":
        return "paused"
    if run.state == "failed":
        return "diverged" if run.failure is not None and run.failure.code == "loss_not_finite" else "failed"
    return "done" if run.state == "finished" else "stopped"


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
