"""The training loop: a plain generator of events that obeys a `Control` between steps.

What is computed stands in `steps`, where in `choices`, on which images in `batches`, which figures are kept in
`recorder`. This module decides when: control first, then a step, then the reading of the block, a measurement of the
test set and a checkpoint where they are due.
"""

import errno
import math
import platform
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import torch

from cnnviz import __version__
from cnnviz.data import DATA_MD5
from cnnviz.errors import CnnvizError
from cnnviz.events import Checkpoint, Controlled, Evaluated, Event, Failed, Finished, Reason, Started, Steps
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import checkpoints
from cnnviz.training.batches import Batches
from cnnviz.training.checkpoints import Position, Saved
from cnnviz.training.choices import Choices, choose
from cnnviz.training.control import Command, Control
from cnnviz.training.keeper import Keeper
from cnnviz.training.limit import Limits
from cnnviz.training.machine import LostError, Machine
from cnnviz.training.recorder import Block, Means, Stopwatch
from cnnviz.training.resources import Resources

_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def train(
    config: TrainingConfig,
    *,
    control: Control | None = None,
    resume: str | Path | None = None,
    folder: str | Path | None = None,
) -> Iterator[Event]:
    """Train a network on Fashion-MNIST, event by event.

    The same settings on a CPU with the same number of threads give the same numbers again, bit for bit, and torch's
    global random state is left alone. `config.threads` is obeyed by the worker and the command line, which own their
    process; here the threads are those that torch has, and `Started` says how many.

    Args:
        config: every setting.
        control: the hand on the run; obeyed between steps.
        resume: a checkpoint to go on from; on a CPU the curve is the one that an uninterrupted run would have had.
        folder: where to keep checkpoints, the latest and the best; None keeps none.

    Yields:
        `Started`; `Steps`, `Evaluated`, `Checkpoint` and `Controlled` as they come; at last `Finished` or `Failed`.

    Raises:
        CnnvizError: before the first event: a device that is not there, a network that cannot take its input, a
            checkpoint that is damaged or belongs to other settings.
    """
    run, held = None, ExitStack()
    try:
        run = _Run(config, control or Control(), None if folder is None else Path(folder), held)
        if resume is not None:
            run.restore(checkpoints.read(Path(resume)))
        yield from run.events(resumed=resume is not None)
    except _BrokenError as broken:
        yield broken.event
    except (RuntimeError, MemoryError) as error:
        place = {} if run is None else run.place()
        if _is_out_of_memory(error):
            parameters = {"device": config.device if run is None else run.device, "batch_size": config.batch_size}
            yield Failed(**place, code="out_of_memory", parameters=parameters, detail=str(error))
        elif isinstance(error, LostError):
            parameters = {"processes": config.processes, "reason": error.reason}
            yield Failed(**place, code="process_lost", parameters=parameters, detail=str(error))
        else:
            raise
    finally:
        held.close()


class _BrokenError(Exception):
    """Carries a run's last event out of the loop."""

    def __init__(self, event: Failed | Finished) -> None:
        super().__init__(event.kind)
        self.event = event


class _Run:
    """The state of a run while it goes; `held` closes what it holds besides memory."""

    def __init__(self, config: TrainingConfig, control: Control, folder: Path | None, held: ExitStack) -> None:
        self._config, self._control = config, control
        self._choices = choose(config)
        self._machine = _machine(config, self._choices)
        held.callback(self._machine.close)
        self._batches = Batches(config, self._choices, self._machine.augmentation)
        self._block = Block(self._choices.device)
        self._means = Means()
        self._clock = Stopwatch()
        self._resources = Resources(self._choices.device)
        self._keeper = Keeper(folder)
        self._limits = Limits(config)
        self._step = 0
        self._evaluation: tuple[float, float] | None = None
        self._best: float | None = None
        self._train_seconds, self._train_images = 0.0, 0
        self._base_rate = config.learning_rate

    @property
    def device(self) -> str:
        """Its name."""
        count = self._config.processes
        return self._choices.device_name if count == 1 else f"{count} × {self._choices.device_name}"

    @property
    def _rate(self) -> float:
        """The learning rate of the latest update, or of the first one."""
        return self._base_rate * self._config.rate_factor(max(0, self._step - 1))

    def place(self) -> dict[str, Any]:
        """The fields that every event has."""
        epoch = self._step / self._config.steps_per_epoch
        return {"step": self._step, "epoch": epoch, "seconds": self._clock.seconds}

    # the course of a run

    def events(self, *, resumed: bool) -> Iterator[Event]:
        """Everything from `Started` to `Finished`."""
        per_epoch = self._config.steps_per_epoch
        evaluations = frozenset(self._config.evaluation_steps)
        order = None
        allowance = math.inf  # steps until the run holds
        self._clock.start()
        yield self._started(resumed)
        if not resumed:
            yield from self._checkpoint()
        self._block.restart_clock()
        while self._step < self._config.total_steps:
            for command in self._commands(wait=allowance <= 0):
                if command.action == "stop":
                    yield from self._stop()
                    return
                allowance = yield from self._obey(command, allowance)
            if allowance <= 0:
                continue
            epoch, batch = divmod(self._step, per_epoch)
            if order is None or batch == 0:
                order = self._batches.order(epoch)
            self._advance(*self._batches.training(order, batch))
            allowance -= 1
            measure, epoch_ends = self._step in evaluations, batch + 1 == per_epoch
            if measure or epoch_ends or allowance <= 0 or self._block.due or self._keeper.due:
                yield from self._read_block()
            if measure:
                if not (yield from self._evaluate()):
                    yield from self._stop()
                    return
            elif self._keeper.due:
                yield from self._checkpoint()
            reason = self._limits.reached(self._clock.seconds)
            if reason is not None and self._step < self._config.total_steps:
                yield from self._end_early(reason, measured=measure)
                return
            if epoch_ends:
                self._means.start_epoch()
        yield self._finished("completed")

    def _commands(self, *, wait: bool) -> tuple[Command, ...]:
        if not wait:
            return self._control.take()
        with self._clock.paused():
            commands = self._control.take(wait=True)
        self._block.restart_clock()
        return commands

    def _obey(self, command: Command, allowance: float) -> Generator[Event, None, float]:
        """Record a command where it took effect; returns how many steps may follow."""
        yield from self._read_block()
        if command.action == "learning_rate" and command.learning_rate is not None:
            factor = self._config.rate_factor(self._step)
            self._base_rate = command.learning_rate / factor if factor else command.learning_rate
        yield Controlled(**self.place(), action=command.action, learning_rate=command.learning_rate)
        match command.action:
            case "pause":
                if self._keeper.quick:
                    yield from self._checkpoint()
                return 0
            case "resume":
                return math.inf
            case "step":
                return 1 if allowance == math.inf else allowance + 1
        return allowance

    def _stop(self) -> Iterator[Event]:
        yield from self._read_block()
        yield Controlled(**self.place(), action="stop")
        if self._keeper.quick:
            yield from self._checkpoint()
        yield self._finished("stopped")

    def _end_early(self, reason: Reason, *, measured: bool) -> Iterator[Event]:
        """A limit of the run's own is reached: measure the test set once more, keep the state, end in good order."""
        yield from self._read_block()
        if not measured and reason != "diverged" and not (yield from self._evaluate(last=True)):
            yield from self._stop()
            return
        if reason != "diverged":
            yield from self._checkpoint()
        yield self._finished(reason)

    # what happens in it

    def _advance(self, inputs: torch.Tensor, labels: torch.Tensor) -> None:
        rate = self._base_rate * self._config.rate_factor(self._step)
        try:
            loss, right = self._machine.train_step(inputs, labels, rate)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise _BrokenError(Failed(**self.place(), code="batch_of_one_needs_more", detail=str(error))) from error
        self._block.add(loss, right, len(labels))
        self._step += 1

    def _read_block(self) -> Iterator[Event]:
        if not len(self._block):
            return
        losses, right, sizes, seconds = self._block.read()
        first = self._step - len(losses) + 1
        good = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
        for loss, count, size in zip(losses[:good], right, sizes, strict=False):
            self._means.add(loss, count, size)
            self._limits.saw_loss(loss)
        self._train_seconds += seconds
        self._train_images += sum(sizes)
        if good:
            images = sum(sizes[:good])
            self._resources.look()
            yield Steps(
                **self.place() | {"step": first + good - 1},
                first_step=first,
                losses=tuple(losses[:good]),
                accuracies=tuple(count / size for count, size in zip(right[:good], sizes, strict=False)),
                train_loss=sum(loss * size for loss, size in zip(losses[:good], sizes, strict=False)) / images,
                train_accuracy=sum(right[:good]) / images,
                learning_rate=self._rate,
                images_per_second=sum(sizes) / max(seconds, 1e-9),
                learning_rates=self._rates(first, good),
                memory_bytes=self._resources.memory_bytes,
                load=self._resources.load,
            )
        if good < len(losses) and self._config.schedule == "range_test":
            raise _BrokenError(self._finished("diverged"))
        if good < len(losses):
            self._fail_of_nan(first + good)

    def _rates(self, first: int, count: int) -> tuple[float, ...]:
        """The learning rate of each of some steps, or nothing if it was the same for all."""
        rates = tuple(self._base_rate * self._config.rate_factor(step - 1) for step in range(first, first + count))
        return () if len(set(rates)) == 1 else rates

    def _refuse_nan(self) -> None:
        """A last update can spoil the weights after its own loss was still a number."""
        if not self._machine.finite:
            self._fail_of_nan(self._step)

    def _fail_of_nan(self, step: int) -> None:
        """End the run before anything spoilt is written; the checkpoint before stays."""
        parameters = {"step": step, "learning_rate": self._rate, "suggested": float(f"{self._rate / 10:.1g}")}
        raise _BrokenError(Failed(**self.place(), code="loss_not_finite", parameters=parameters))

    def _evaluate(self, *, last: bool = False) -> Generator[Event, None, bool]:
        """Measure the test set; returns whether it was measured to the end."""
        self._refuse_nan()
        measured = self._machine.evaluate(self._batches.testing(), stopping=lambda: self._control.stopping)
        self._block.restart_clock()
        if measured is None:
            return False
        loss, accuracy, images = measured
        self._evaluation = loss, accuracy
        better = self._best is None or accuracy > self._best
        self._best = accuracy if better else self._best
        self._limits.saw_accuracy(better)
        yield Evaluated(
            **self.place(), test_loss=loss, test_accuracy=accuracy, test_images=images, **self._train_figures()
        )
        ends = last or self._step == self._config.total_steps
        if ends or self._keeper.affordable:
            yield from self._checkpoint(best=better)
        return True

    def _checkpoint(self, *, best: bool = False) -> Iterator[Event]:
        self._refuse_nan()
        try:
            size = self._keeper.write(self._step, self._saved, best=best)
        except OSError as error:
            code, parameters = "store_unusable", {"folder": str(self._keeper.folder), "reason": str(error)}
            if error.errno in _DISK_FULL:
                code, parameters = "disk_full", {}
            raise _BrokenError(Failed(**self.place(), code=code, parameters=parameters, detail=str(error))) from error
        if size:
            yield Checkpoint(**self.place(), file=checkpoints.LAST, bytes=size)
        self._block.restart_clock()

    def _started(self, resumed: bool) -> Started:
        choices, config = self._choices, self._config
        return Started(
            **self.place(),
            total_steps=config.total_steps,
            steps_per_epoch=config.steps_per_epoch,
            parameters=self._machine.parameters,
            train_images=config.train_images,
            test_images=config.test_images,
            device=choices.device.type,
            device_name=self.device,
            precision=choices.precision,
            threads=torch.get_num_threads(),
            channels_last=choices.channels_last,
            fused_optimizer=choices.fused,
            kernels=choices.kernels,
            resumed=resumed,
            versions={
                "python": platform.python_version(),
                "torch": str(torch.__version__),
                "cnnviz": __version__,
            },
            data_md5=dict(DATA_MD5),
        )

    def _finished(self, reason: Any) -> Finished:
        test_loss, test_accuracy = self._evaluation or (None, None)
        figures = self._train_figures() if self._step else {"learning_rate": self._rate}
        return Finished(**self.place(), reason=reason, test_loss=test_loss, test_accuracy=test_accuracy, **figures)

    def _train_figures(self) -> dict[str, float]:
        loss, accuracy = self._means.values
        return {
            "train_loss": loss,
            "train_accuracy": accuracy,
            "learning_rate": self._rate,
            "images_per_second": self._train_images / max(self._train_seconds, 1e-9),
        }

    # keeping and going on

    def _saved(self) -> Saved:
        position = Position(
            config=self._config.model_dump(mode="json"),
            step=self._step,
            seconds=self._clock.seconds,
            base_rate=self._base_rate,
            loss_sum=self._means.loss_sum,
            right=self._means.right,
            images=self._means.images,
            evaluation=self._evaluation,
            best_accuracy=self._best,
        )
        return self._machine.saved(position)

    def restore(self, saved: Saved) -> None:
        """Stand where the checkpoint stood.

        Raises:
            CnnvizError: if it belongs to a run with other settings.
        """
        position = saved.position
        before = TrainingConfig.parse(dict(position.config))
        for name in ("architecture", "batch_size", "train_images", "optimizer", "seed"):
            if getattr(before, name) != getattr(self._config, name):
                raise CnnvizError("checkpoint_mismatch", field=name, label=name)
        self._machine.restore(saved)
        self._step = position.step
        self._clock = Stopwatch(position.seconds)
        self._means = Means(position.loss_sum, position.right, position.images)
        self._evaluation, self._best = position.evaluation, position.best_accuracy
        if before.learning_rate == self._config.learning_rate:  # otherwise the new settings ask for another one
            self._base_rate = position.base_rate


def _machine(config: TrainingConfig, choices: Choices) -> Machine:
    """This process alone, or together with others."""
    if config.processes == 1:
        return Machine(config, choices)
    from cnnviz.training.parallel import Leader

    return Leader(config, choices)


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: there is a class for a GPU's, and only a text for the computer's own."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error).lower() for words in ("out of memory", "can't allocate memory", "not enough memory"))
