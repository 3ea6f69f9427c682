"""The events of a training run: typed, versioned, small, and the same in process, on the wire and in the store.

`train` yields them, a worker prints them as JSON lines, the executor moves them, the store keeps them, pages and
notebooks read them. The scalar names are the same wherever they apply: step, epoch, train_loss, train_accuracy,
test_loss, test_accuracy, images_per_second, learning_rate. Losses are cross-entropies in nats, accuracies shares of
one. Steps travel in blocks of arrays. New fields get defaults, so a newer reader understands an older event. In JSON a
value that is not finite is the string "NaN" or "Infinity", since JSON has no such numbers.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

EVENT_VERSION: Final = 1
Reason = Literal["completed", "stopped", "early_stopped", "time_budget", "diverged"]


class _Event(BaseModel):
    """What every event has: the version, the steps done so far, the epochs (fractional), seconds since the start.

    `seconds` runs on a monotonic clock from the moment the network is ready; measuring the test set and writing
    checkpoints are included, pauses and the time between an interruption and its continuation are not.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")

    version: int = EVENT_VERSION
    step: int = 0
    epoch: float = 0.0
    seconds: float = 0.0


class Started(_Event):
    """Training begins or goes on; every choice that was made automatically stands here.

    `device` is "cpu", "cuda" or "mps" and `device_name` what the maker calls it; `precision` is "float32" or "bfloat16"
    (autocast: weights stay in float32); `threads` are those of this process; `versions` name Python, torch and cnnviz;
    `kernels` took the place of torch's own (see `training.kernels`); `data_md5` has the checksum of each data file.
    """

    kind: Literal["started"] = "started"
    total_steps: int
    steps_per_epoch: int
    parameters: int
    train_images: int
    test_images: int
    device: str
    device_name: str
    precision: str
    threads: int
    channels_last: bool = False
    fused_optimizer: bool = False
    kernels: tuple[str, ...] = ()
    resumed: bool = False
    versions: dict[str, str] = Field(default_factory=dict)
    data_md5: dict[str, str] = Field(default_factory=dict)


class Steps(_Event):
    """A block of steps: `step` is the last one, `first_step` the first; scalars are the block's means.

    `images_per_second` is the speed of these steps alone; `learning_rates` has the rate of each step where they are not
    all the same, else it is empty and `learning_rate`, the last one, is everybody's. `memory_bytes` and `load` (a share
    of one) are the latest of the device or the process, looked at once a second; None where nobody knows.
    """

    kind: Literal["steps"] = "steps"
    first_step: int
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    train_loss: float
    train_accuracy: float
    learning_rate: float
    images_per_second: float
    learning_rates: tuple[float, ...] = ()
    memory_bytes: int | None = None
    load: float | None = None


class Evaluated(_Event):
    """The test set, in evaluation mode, without gradients; train figures are the means of the epoch's steps so far."""

    kind: Literal["evaluated"] = "evaluated"
    test_loss: float
    test_accuracy: float
    train_loss: float
    train_accuracy: float
    learning_rate: float
    images_per_second: float
    test_images: int


class Checkpoint(_Event):
    """Weights, optimiser and position were written, whole, to a file of the run's folder."""

    kind: Literal["checkpoint"] = "checkpoint"
    file: str
    bytes: int


class Controlled(_Event):
    """Somebody's hand on the run: paused, resumed, stepped, stopping, a new learning rate, or going on after its end.

    "continue" comes from the store when an ended run is queued again; `epochs` is how many it shall have in all.
    """

    kind: Literal["controlled"] = "controlled"
    action: Literal["pause", "resume", "step", "stop", "learning_rate", "continue"]
    learning_rate: float | None = None
    epochs: int | None = None


class Finished(_Event):
    """The run is over in good order; `reason` says whether it went to its end, was stopped, or why it ended early.

    "early_stopped": no better test accuracy for as long as was asked; "time_budget": its seconds are used up;
    "diverged": a range test has seen the loss explode.
    """

    kind: Literal["finished"] = "finished"
    reason: Reason = "completed"
    train_loss: float | None = None
    train_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    images_per_second: float | None = None
    learning_rate: float | None = None


class Failed(_Event):
    """The run ended badly: a code of `errors.MESSAGES` and its parameters, for a page to say it in any language."""

    kind: Literal["failed"] = "failed"
    code: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    detail: str = ""


Event = Annotated[
    Started | Steps | Evaluated | Checkpoint | Controlled | Finished | Failed,
    Field(discriminator="kind"),
]
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def parse_event(data: str | bytes | dict[str, Any]) -> Event:
    """An event from a JSON line or plain data.

    Raises:
        ValueError: if it is not an event.
    """
    if isinstance(data, dict):
        return _ADAPTER.validate_python(data)
    return _ADAPTER.validate_json(data)
