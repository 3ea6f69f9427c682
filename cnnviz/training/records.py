"""What is known of a run without opening its curve: a frozen row, readable without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import TrainingConfig

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Int32 = numpy.typing.NDArray[numpy.int32]
    Float32 = numpy.typing.NDArray[numpy.float32]

State = Literal["queued", "running", "paused", "stopping", "finished", "stopped", "failed", "interrupted"]
UNFINISHED: Final[tuple[State, ...]] = ("queued", "running", "paused", "stopping")
RECORDED: Final = "recorded"
"""The owner of the runs that ship with the app: nobody, so nobody can change them, and another machine's speed."""
ENDED: Final[tuple[State, ...]] = ("finished", "stopped", "failed", "interrupted")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run ended badly: a code of `errors.MESSAGES`, its parameters, and what a developer would want to read."""

    code: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""

    @property
    def error(self) -> CnnvizError:
        """The failure as an error that every language can say."""
        return CnnvizError(self.code, **self.parameters)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the store knows it now.

    Attributes:
        id: short, random, safe in a link.
        owner: whose run it is, an opaque text.
        group: what it belongs to (a race, a band of seeds, a sweep), or None.
        name: what a person called it, "" if nobody did.
        config: every setting.
        state: where it stands; the last four of `State` are ends.
        created: seconds since 1970 by the wall clock, for showing; durations never come from these three.
        started: when training began, or None.
        finished: when it ended, or None.
        step: steps recorded so far.
        total_steps: steps of the whole run.
        epoch: passes over the training images so far, fractional.
        seconds: time spent, pauses left out (see `events`).
        train_loss: cross-entropy in nats: of the latest block of steps, and of the last epoch once the run has ended.
        train_accuracy: share of one, likewise.
        test_loss: of the latest measurement.
        test_accuracy: of the latest measurement.
        best_test_accuracy: the highest so far.
        images_per_second: speed of the latest block of steps, and of all of them once the run has ended.
        learning_rate: in force now.
        choices: what `Started` recorded: device, precision, threads, versions, …; empty before the start.
        failure: why it ended badly, or None.
        reason: why it finished or was stopped, as `Finished` says it, or None.
        tags: words that a person sorted it under.
        notes: what a person wrote about it, plain text of any number of lines.
        pinned: whether its checkpoints and its curve are kept when others make room.
        evicted: what of it had to make room for others: of its checkpoints "history", "best", "last"; its "curve".
        config_hash: the key of its settings (see `same.config_hash`); None when its numbers no longer follow from
            them, since its learning rate was changed by hand or it was extended.
        schema_version: of the store that wrote it.
    """

    id: str
    owner: str
    group: str | None
    name: str
    config: TrainingConfig
    state: State
    created: float
    started: float | None = None
    finished: float | None = None
    step: int = 0
    total_steps: int = 0
    epoch: float = 0.0
    seconds: float = 0.0
    train_loss: float | None = None
    train_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    best_test_accuracy: float | None = None
    images_per_second: float | None = None
    learning_rate: float | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)
    failure: Failure | None = None
    reason: str | None = None
    tags: tuple[str, ...] = ()
    notes: str = ""
    pinned: bool = False
    evicted: tuple[str, ...] = ()
    config_hash: str | None = None
    schema_version: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ENDED

    @property
    def share_done(self) -> float:
        """Steps recorded over steps planned, 0 to 1."""
        return min(1.0, self.step / self.total_steps) if self.total_steps else 0.0


@dataclass(frozen=True, slots=True)
class StepArrays:
    """Steps of a run as parallel arrays of equal length.

    Attributes:
        step: step numbers from 1, increasing, int32.
        loss: cross-entropy of the step's batch in nats, float32.
        accuracy: share of the batch that was right, float32.
        seconds: time spent when the step was done, spread evenly over the steps of a block, float32.
        learning_rate: in force at the step, float32.
        images_per_second: speed of the block the step came in, float32.
        memory: bytes that the device or the process took then, float32; not a number where nobody knows.
        load: of the device or of all cores, a share of one, float32; not a number where nobody knows.
    """

    step: "Int32"
    loss: "Float32"
    accuracy: "Float32"
    seconds: "Float32"
    learning_rate: "Float32"
    images_per_second: "Float32"
    memory: "Float32 | None" = None
    load: "Float32 | None" = None

    def __len__(self) -> int:
        return len(self.step)


def time_left(record: RunRecord) -> float | None:
    """Seconds until a run ends if it goes on as it has so far; None while nothing is known.

    What was spent, measurements of the test set and checkpoints included, grows with the steps, so the rest is in
    proportion. In the first moments the start's own cost would dominate: nothing is said then.
    """
    if record.ended:
        return 0.0
    known = record.seconds > 0.3 if record.step >= 3 else record.seconds > 3 and record.step >= 1
    if not known or not record.total_steps:
        return None
    return record.seconds / record.step * max(0, record.total_steps - record.step)
