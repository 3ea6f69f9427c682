"""Runs in the hands of one person: whatever a page does to a run goes through here, and only to that person's own.

A page's buttons are a convenience; a forged click reaches the same methods and finds the same check. What belongs to
everybody (reading, following) is the store's and needs no owner.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import Action, TrainingConfig
from cnnviz.training.executor import Executor
from cnnviz.training.journal import note
from cnnviz.training.pace import PersonLimit


class Owned(Protocol):
    """What belongs to somebody: a run, a race."""

    @property
    def owner(self) -> str:
        """Whose it is."""
        ...


OF_A_LEADER: Final[frozenset[Action]] = frozenset({"pause", "resume", "stop"})
"""What whoever leads a class may do to everybody's runs: the queue is theirs, the work is not."""


class OwnedRuns:
    """The hand of one owner on the runs of an executor.

    Attributes:
        pins: how many runs it may keep pinned; None for any number, and for good.

    Every method that names a run raises `CnnvizError` with the code "run_unknown" if there is none and "run_not_yours"
    if it belongs to somebody else.

    Args:
        executor: where runs go.
        owner: whose hand it is.
        leads: whether it may also hold and stop everybody's runs, as a teacher's may.
        pace: how fast it may start runs; None for as fast as it likes.
        address: from where it acts, "" where nobody knows.
    """

    pins: int | None = None

    def __init__(
        self,
        executor: Executor,
        owner: str,
        *,
        leads: bool = False,
        pace: PersonLimit | None = None,
        address: str = "",
    ) -> None:
        self._executor = executor
        self._store = executor.store
        self.owner = owner
        self._leads = leads
        self._pace = pace
        self._address = address

    def may(self, record: Owned) -> bool:
        """Whether a run or a race is this hand's own, to do anything with."""
        return record.owner == self.owner

    def may_command(self, record: Owned, action: Action) -> bool:
        """Whether this hand may tell a run this while it goes."""
        return self.may(record) or (self._leads and action in OF_A_LEADER)

    def may_pin(self, record: Owned) -> bool:
        """Whether this hand may have a run kept, or not kept any longer: a leader sees to it that no work gets lost."""
        return self.may(record) or self._leads

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
            CnnvizError: also if this hand may not start it, or starts runs too fast.
        """
        with self.admitted((config,)) as (allowed,):
            return self._executor.submit(allowed, owner=self.owner, name=name, group=group, address=self._address)

    @contextmanager
    def admitted(self, configs: Sequence[TrainingConfig]) -> Iterator[tuple[TrainingConfig, ...]]:
        """Runs that begin with one press (a race, a sweep), at the pace of one: their settings as they may be used.

        They are begun, or written down to begin, inside the `with` block; if it raises, nothing has begun.

        Raises:
            CnnvizError: if this hand may not start one of them, or starts too fast.
        """
        with noting_refusals(), self._counted(configs):
            allowed = tuple(map(self.within, configs))
            self._hurry()
            yield allowed

    @contextmanager
    def _counted(self, configs: Sequence[TrainingConfig]) -> Iterator[None]:
        """So many runs more, unless they come to nothing; nobody counts them here."""
        yield

    def submit_all(
        self, configs: Sequence[TrainingConfig], *, names: Sequence[str] = (), group: str | None = None
    ) -> tuple[str, ...]:
        """See `Executor.submit_all`.

        Raises:
            CnnvizError: also if this hand may not start one of them, or starts too fast; none has begun then.
        """
        with self.admitted(configs) as allowed:
            return self._executor.submit_all(allowed, owner=self.owner, names=names, group=group, address=self._address)

    def command(self, run_id: str, action: Action, *, learning_rate: float | None = None) -> bool:
        """See `Executor.command`."""
        record = self._store.record(run_id)
        if not self.may_command(record, action):
            raise CnnvizError("run_not_yours", value=run_id)
        if not self.may(record):
            note("teacher acts on a run", act=action, run=run_id)
        return self._executor.command(run_id, action, learning_rate=learning_rate)

    def continue_run(self, run_id: str, config: TrainingConfig | None = None) -> None:
        """See `Executor.continue_run`."""
        self._check(run_id)
        with noting_refusals():
            self._hurry()
            self._executor.continue_run(run_id, config, address=self._address)

    def extend(self, run_id: str, epochs: int) -> None:
        """See `Executor.extend`."""
        self._check(run_id)
        with noting_refusals():
            self._hurry()
            self._executor.extend(run_id, epochs, address=self._address)

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
        record = self._store.record(run_id)
        if (name, tags, notes) != (None, None, None) or not self.may_pin(record):
            self._check(run_id)
        elif not self.may(record):
            note("teacher acts on a run", act="keep" if pinned else "keep no longer", run=run_id)
        self._store.update(run_id, name=name, tags=tags, notes=notes, pinned=pinned, pins=self.pins)

    def delete(self, run_id: str) -> None:
        """See `RunStore.delete`."""
        self._check(run_id)
        self._store.delete(run_id)

    def _hurry(self) -> None:
        """One more run is to begin."""
        if self._pace is not None:
            self._pace.use(self.owner, self._address)

    def _check(self, run_id: str) -> None:
        """An owner never changes, so asking before doing is enough."""
        if not self.may(self._store.record(run_id)):
            raise CnnvizError("run_not_yours", value=run_id)


@contextmanager
def noting_refusals() -> Iterator[None]:
    """Whoever may not start a run now is told so on the page; the log says how often that happens, and why."""
    try:
        yield
    except CnnvizError as error:
        note("start refused", level=logging.WARNING, reason=error.code)
        raise
