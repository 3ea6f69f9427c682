"""What an executor is: the one thing between a page that wants a run and wherever runs are computed.

Pages submit and command; they read everything else from the store, which the executor fills. Each method returns at
once. `local.LocalExecutor` is the implementation for one machine.
"""

from typing import Protocol

from cnnviz.specs.training import Action, TrainingConfig


class Executor(Protocol):
    """Takes runs, brings them to an end, and writes what happens into a run store."""

    def submit(self, config: TrainingConfig, *, owner: str, name: str = "", group: str | None = None) -> str:
        """Queue a run; returns its id.

        Raises:
            CnnvizError: if the store cannot be written.
        """
        ...

    def continue_run(self, run_id: str, config: TrainingConfig | None = None) -> None:
        """Queue an ended run again, to go on from its last checkpoint; `config` may give it more epochs.

        Raises:
            CnnvizError: if there is no such run, or it has not ended.
        """
        ...

    def command(self, run_id: str, action: Action, *, learning_rate: float | None = None) -> bool:
        """Pause, go on, step, stop or change the learning rate; returns whether the run can still obey.

        The record shows the new state when this returns. A run that was told to stop has ended two seconds later.

        Raises:
            CnnvizError: if there is no such run, or the learning rate is out of bounds.
        """
        ...

    def queue_position(self, run_id: str) -> int | None:
        """1 for the run that comes next; None for one that does not wait."""
        ...

    def close(self) -> None:
        """End every worker; unfinished runs are marked as interrupted."""
        ...
