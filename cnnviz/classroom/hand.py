"""The hand of one person of a class on their own runs: like any other's, within the class's rules."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from cnnviz.classroom.desk import Classroom
from cnnviz.errors import CnnvizError
from cnnviz.specs.training import Action, TrainingConfig
from cnnviz.training.executor import Executor
from cnnviz.training.owned import OwnedRuns
from cnnviz.training.pace import RateLimit


class ClassRuns(OwnedRuns):
    """See `OwnedRuns`; what begins a run also raises `CnnvizError` where it breaks a rule of the class.

    Args:
        executor: where runs go.
        owner: whose hand it is.
        classroom: who takes part, under which rules.
        pace: how fast it may start runs.
    """

    def __init__(self, executor: Executor, owner: str, classroom: Classroom, *, pace: RateLimit | None = None) -> None:
        super().__init__(executor, owner, pace=pace)
        self._classroom = classroom

    def within(self, config: TrainingConfig) -> TrainingConfig:
        """See `ClassRules.check`."""
        return self._classroom.rules().check(config)

    def submit(self, config: TrainingConfig, *, name: str = "", group: str | None = None) -> str:
        """See `OwnedRuns.submit`; range tests are free."""
        config = self.within(config)
        counted = config.schedule != "range_test"
        if not counted and self._classroom.person(self.owner) is None:
            raise CnnvizError("join_first")
        if counted:
            self._classroom.count_start(self.owner, self._classroom.rules().most_runs)
        try:
            return super().submit(config, name=name, group=group)
        except BaseException:
            if counted:
                with suppress(CnnvizError):
                    self._classroom.take_back_start(self.owner)
            raise

    @property
    def most_epochs(self) -> int:
        """See `OwnedRuns.most_epochs`."""
        return self._classroom.rules().most_epochs

    @contextmanager
    def admitted(self, configs: Sequence[TrainingConfig]) -> Iterator[tuple[TrainingConfig, ...]]:
        """See `OwnedRuns.admitted`; each of the runs counts."""
        for config in configs:
            self.within(config)  # what is wrong with the settings is said before what is wrong with their number
        self._classroom.count_start(self.owner, self._classroom.rules().most_runs, len(configs))
        try:
            with super().admitted(configs) as allowed:
                yield allowed
        except BaseException:
            with suppress(CnnvizError):
                self._classroom.take_back_start(self.owner, len(configs))
            raise

    def command(self, run_id: str, action: Action, *, learning_rate: float | None = None) -> bool:
        """See `OwnedRuns.command`; a frozen learning rate stays."""
        frozen = self._classroom.rules().frozen
        if action == "learning_rate" and "learning_rate" in frozen:
            raise CnnvizError(
                "setting_frozen", field="learning_rate", label="learning_rate", value=frozen["learning_rate"]
            )
        return super().command(run_id, action, learning_rate=learning_rate)

    def continue_run(self, run_id: str, config: TrainingConfig | None = None) -> None:
        """See `OwnedRuns.continue_run`."""
        self._check(run_id)
        before = self._store.record(run_id).config
        allowed = self.within(config or before)
        super().continue_run(run_id, None if allowed == before else allowed)

    def extend(self, run_id: str, epochs: int) -> None:
        """See `OwnedRuns.extend`."""
        self._check(run_id)
        before = self._store.record(run_id).config
        if epochs > before.epochs:
            self.continue_run(run_id, before.replace(epochs=epochs))
        else:
            super().extend(run_id, epochs)
