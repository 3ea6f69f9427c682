"""What an executor is: the one thing between a page that wants a run and wherever runs are computed.

Pages submit and command, through `owned.OwnedRuns`; they read everything else from the store, which the executor fills.
Each method returns at once. `local.LocalExecutor` is the one for one machine.
"""

from collections.abc import Sequence
from typing import Protocol

from cnnviz.specs.training import Action, TrainingConfig
from cnnviz.training.store import RunStore


class Executor(Protocol):
    """Takes runs, brings them to an end, and writes what happens into a run store."""

    store: RunStore

    def submit(
        self, config: TrainingConfig, *, owner: str, name: str = "", group: str | None = None, address: str = ""
    ) -> str:
        """Queue a run; returns its id.

        Where as many wait as may, it takes the place of the newest run of whoever has most of them, unless that is the
        owner: first by the address that they were asked for from, "" where nobody knows, then by owner.

        Raises:
            CnnvizError: if the store cannot be written, as many runs wait as may, of this owner or in all, or the run
                asks for more processes than there may be here.
        """
        ...

    def submit_all(
        self,
        configs: Sequence[TrainingConfig],
        *,
        owner: str,
        names: Sequence[str] = (),
        group: str | None = None,
        address: str = "",
    ) -> tuple[str, ...]:
        """Queue runs that belong together, all or none of them; returns their ids.

        Args:
            configs: their settings; more of them may wait than of single runs.
            owner: whose they are.
            names: of each, or nothing.
            group: what they belong to.
            address: see `submit`.

        Raises:
            CnnvizError: if the store cannot be written, or they and the owner's other runs are too many to wait.
        """
        ...

    @property
    def seats_per_owner(self) -> int:
        """How many runs of one owner may train at once while nobody else waits."""
        ...

    def continue_run(self, run_id: str, config: TrainingConfig | None = None, *, address: str = "") -> None:
        """Queue an ended run again, to go on from its last checkpoint; `config` may give it more epochs.

        Where that checkpoint was evicted, or there never was one, it begins again.

        Raises:
            CnnvizError: if there is no such run, it has not ended, as many wait as may (see `submit`), or the new
                settings do not fit its checkpoint.
        """
        ...

    def extend(self, run_id: str, epochs: int, *, address: str = "") -> None:
        """Let an ended run go on until it has so many epochs in all.

        Raises:
            CnnvizError: as `continue_run`, and if that is not more than it was made for.
        """
        ...

    def command(self, run_id: str, action: Action, *, learning_rate: float | None = None) -> bool:
        """Pause, go on, step, stop or change the learning rate; returns whether the run can still obey.

        The record shows the new state when this returns. A run that was told to stop has ended two seconds later.

        Raises:
            CnnvizError: if there is no such run, or the learning rate is out of bounds.
        """
        ...

    def is_parked(self, run_id: str) -> bool:
        """Whether a paused run gave its seat to somebody who waited; it goes on when it is told to, in its turn."""
        ...

    def queue_position(self, run_id: str) -> int | None:
        """1 for the run that comes next; None for one that does not wait."""
        ...

    def expected_start(self, run_id: str) -> float | None:
        """Seconds until a waiting run begins, if all goes on as it has; None if nobody knows, or it does not wait."""
        ...

    def unfinished(self) -> tuple[str, ...]:
        """Every run that it has: those with a seat, those that wait, the next one first, and those that are parked."""
        ...

    @property
    def waiting(self) -> int:
        """How many runs wait for their turn."""
        ...

    @property
    def held(self) -> bool:
        """Whether no waiting run may begin at present."""
        ...

    def hold(self, held: bool) -> None:
        """Let no waiting run begin until this is taken back; what trains goes on."""
        ...

    def clear(self) -> int:
        """Stop every waiting run; returns how many there were."""
        ...

    def close(self) -> None:
        """End every worker; unfinished runs are marked as interrupted."""
        ...
