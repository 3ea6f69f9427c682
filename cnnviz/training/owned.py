"""Runs in the hands of one person: whatever a page does to a run goes through here, and only to that person's own.

A page's buttons are a convenience; a forged click reaches the same methods and finds the same check. What belongs to
everybody (reading, following) is the store's and needs no owner.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import Action, TrainingConfig
from cnnviz.training.executor import Executor
from cnnviz.training.pace import RateLimit


class Owned(Protocol):
    """What belongs to somebody: a run, a race."""

    @property
    def owner(self) -> str:
        """Whose it is."""
        ...


class OwnedRuns:
    """The hand of one owner on the runs of an executor.

    Every method that names a run raises `CnnvizError` with the code "run_unknown" if there is none and "run_not_yours"
    if it belongs to somebody else.

    Args:
        executor: where runs go.
        owner: whose hand it is.
        all_runs: whether it may reach everybody's runs, as a teacher's may.
        pace: how fast it may start runs; None for as fast as it likes.
    """

    def __init__(
        self, executor: Executor, owner: str, *, all_runs: bool = False, pace: RateLimit | None = None
    ) -> None:
        self._executor = executor
        self._store = executor.store
        self.owner = owner
        self._all_runs = all_runs
        self._pace = pace

    def may(self, record: Owned) -> bool:
        """Whether this hand reaches a run or a race."""
        return self._all_runs or record.owner == self.owner

    @property
    def most_epochs(self) -> int:
        """The most epochs that a run of this hand may have; 0 where nothing but the settings bounds them."""
        return 0

    def within(self, config: TrainingConfig) -> TrainingConfig:
        """The settings as this hand may use them.

        Raises:
            CnnvizError: if it may not (see `classroom.ClassRuns`); here everything is allowed.
        """
        return config

    def submit(self, config: TrainingConfig, *, name: str = "", group: str | None = None) -> str:
        """See `Executor.submit`.

        Raises:
            CnnvizError: also if this hand starts runs too fast.
        """
        self._hurry()
        return self._executor.submit(config, owner=self.owner, name=name, group=group)

    @contextmanager
    def admitted(self, configs: Sequence[TrainingConfig]) -> Iterator[tuple[TrainingConfig, ...]]:
        """Runs that begin with one press (a race, a sweep), at the pace of one: their settings as they may be used.

        They are begun, or written down to begin, inside the `with` block; if it raises, nothing has begun.

        Raises:
            CnnvizError: if this hand may not start one of them, or starts too fast.
        """
        allowed = tuple(map(self.within, configs))
        self._hurry()
        yield allowed

    def submit_all(
        self, configs: Sequence[TrainingConfig], *, names: Sequence[str] = (), group: str | None = None
    ) -> tuple[str, ...]:
        """See `Executor.submit_all`.

        Raises:
            CnnvizError: also if this hand may not start one of them, or starts too fast; none has begun then.
        """
        with self.admitted(configs) as allowed:
            return self._executor.submit_all(allowed, owner=self.owner, names=names, group=group)

    def command(self, run_id: str, action: Action, *, learning_rate: float | None = None) -> bool:
        """See `Executor.command`."""
        self._check(run_id)
        return self._executor.command(run_id, action, learning_rate=learning_rate)

    def continue_run(self, run_id: str, config: TrainingConfig | None = None) -> None:
        """See `Executor.continue_run`."""
        self._check(run_id)
        self._hurry()
        self._executor.continue_run(run_id, config)

    def extend(self, run_id: str, epochs: int) -> None:
        """See `Executor.extend`."""
        self._check(run_id)
        self._hurry()
        self._executor.extend(run_id, epochs)

    def update(
        self,
        run_id: str,
        *,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        notes: str | None = None,
        pinned: bool | None = None,
    ) -> None:
        """See `RunStore.update`."""
        self._check(run_id)
        self._store.update(run_id, name=name, tags=tags, notes=notes, pinned=pinned)

    def delete(self, run_id: str) -> None:
        """See `RunStore.delete`."""
        self._check(run_id)
        self._store.delete(run_id)

    def _hurry(self) -> None:
        """One more run is to begin."""
        if self._pace is not None:
            self._pace.use(self.owner)

    def _check(self, run_id: str) -> None:
        """An owner never changes, so asking before doing is enough."""
        if not self.may(self._store.record(run_id)):
            raise CnnvizError("run_not_yours", value=run_id)
