"""The hand of one person of a class on their own runs: like any other's, within the class's rules."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

from cnnviz.classroom.desk import Classroom
from cnnviz.errors import CnnvizError
from cnnviz.specs.range_test import is_range_test
from cnnviz.specs.training import Action, TrainingConfig
from cnnviz.training.executor import Executor
from cnnviz.training.owned import OwnedRuns, noting_refusals
from cnnviz.training.pace import PersonLimit

PINS: Final = 10
"""Runs that one person of a class may keep pinned."""


class ClassRuns(OwnedRuns):
    """See `OwnedRuns`; what begins a run also raises `CnnvizError` where it breaks a rule of the class.

    Args:
        executor: where runs go.
        owner: whose hand it is.
        classroom: who takes part, under which rules.
        pace: how fast it may start runs.
        address: from where it acts, "" where nobody knows.
    """

    pins = PINS

    def __init__(
        self,
        executor: Executor,
        owner: str,
        classroom: Classroom,
        *,
        pace: PersonLimit | None = None,
        address: str = "",
    ) -> None:
        super().__init__(executor, owner, pace=pace, address=address)
        self._classroom = classroom

    def within(self, config: TrainingConfig) -> TrainingConfig:
        """See `ClassRules.check`."""
        return self._classroom.rules().check(config)

    @property
    def most_epochs(self) -> int:
        """See `OwnedRuns.most_epochs`."""
        return self._classroom.rules().most_epochs

    def command(self, run_id: str, action: Action, *, learning_rate: float | None = None) -> bool:
        """See `OwnedRuns.command`; a frozen learning rate stays."""
        frozen = self._classroom.rules().frozen
        if action == "learning_rate" and "learning_rate" in frozen:
            raise CnnvizError(
                "setting_frozen", field="learning_rate", label="learning_rate", value=frozen["learning_rate"]
            )
        return super().command(run_id, action, learning_rate=learning_rate)

    def continue_run(self, run_id: str, config: TrainingConfig | None = None) -> None:
        """See `OwnedRuns.continue_run`; a range test that becomes something else counts as a run."""
        self._check(run_id)
        before = self._store.record(run_id).config
        with ExitStack() as stack:
            with noting_refusals():
                allowed = self.within(config or before)
                if is_range_test(before) and not is_range_test(allowed):
                    stack.enter_context(self._counted([allowed]))
            super().continue_run(run_id, None if allowed == before else allowed)

    def extend(self, run_id: str, epochs: int) -> None:
        """See `OwnedRuns.extend`."""
        self._check(run_id)
        before = self._store.record(run_id).config
        if epochs > before.epochs:
            self.continue_run(run_id, before.replace(epochs=epochs))
        else:
            super().extend(run_id, epochs)

    @contextmanager
    def _counted(self, configs: Sequence[TrainingConfig]) -> Iterator[None]:
        """So many more of this person's runs, range tests left out; they do not count if they never came to be."""
        allowed = [self.within(config) for config in configs]  # wrong settings are said before a wrong number
        count = sum(not is_range_test(config) for config in allowed)
        if count:
            self._classroom.count_start(self.owner, self._classroom.rules().most_runs, count)
        elif self._classroom.person(self.owner) is None:
            raise CnnvizError("join_first")
        try:
            yield
        except BaseException:
            if count:
                with suppress(CnnvizError):
                    self._classroom.take_back_start(self.owner, count)
            raise
