"""The hand on a run: a thread-safe mailbox between whoever commands and the loop, which looks into it between steps."""

import math
import threading
from collections import deque
from dataclasses import dataclass

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import LEARNING_RATES, Action


@dataclass(frozen=True, slots=True)
class Command:
    """One wish, and for "learning_rate" the new rate."""

    action: Action
    learning_rate: float | None = None


def check_learning_rate(value: object) -> float:
    """A learning rate that a run can go on with.

    Raises:
        CnnvizError: if it is no number or outside 1e-6 to 10.
    """
    label = "learning_rate"
    lowest, highest = LEARNING_RATES
    try:
        rate = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        rate = math.nan
    if math.isnan(rate):
        raise CnnvizError("value_not_a_number", field=label, label=label, value=str(value)[:60])
    if rate < lowest:
        raise CnnvizError("value_too_small", field=label, label=label, value=rate, limit=lowest)
    if rate > highest:
        raise CnnvizError("value_too_large", field=label, label=label, value=rate, limit=highest)
    return rate


class Control:
    """Pause, go on, single step, stop and a new learning rate, from any thread.

    The loop obeys between two steps, in the order of the calls. A paused run waits until it is told to go on or to
    stop. Stop is final: everything sent after it is ignored.

    Example:
        >>> control = Control()
        >>> for event in train(config, control=control):
        ...     if event.kind == "evaluated" and event.test_accuracy > 0.8:
        ...         control.stop()
    """

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._commands: deque[Command] = deque()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether Stop was pressed; the loop also asks in the middle of a measurement of the test set."""
        return self._stopping

    def pause(self) -> None:
        """Hold after the step that is being computed."""
        self.send(Command("pause"))

    def resume(self) -> None:
        """Go on after a pause."""
        self.send(Command("resume"))

    def step(self) -> None:
        """Compute exactly one more step, then hold."""
        self.send(Command("step"))

    def stop(self) -> None:
        """End the run after the step that is being computed; a second Stop changes nothing."""
        self.send(Command("stop"))

    def set_learning_rate(self, learning_rate: float) -> None:
        """Go on with another learning rate.

        Raises:
            CnnvizError: if it is outside 1e-6 to 10.
        """
        self.send(Command("learning_rate", check_learning_rate(learning_rate)))

    def send(self, command: Command) -> None:
        """Put a command into the mailbox."""
        with self._arrived:
            if self._stopping:
                return
            self._stopping = command.action == "stop"
            self._commands.append(command)
            self._arrived.notify_all()

    def take(self, *, wait: bool = False) -> tuple[Command, ...]:
        """The commands since the last call, oldest first; `wait` sleeps until there is one."""
        with self._arrived:
            if wait:
                self._arrived.wait_for(lambda: self._commands)
            commands = tuple(self._commands)
            self._commands.clear()
        return commands
