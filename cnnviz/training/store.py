"""The run store: every run's settings, state, events and steps, in one SQLite file that survives whatever happens.

Writers call `append` with the events of a run; pages only read. Steps are kept as float32 arrays, block by block, each
other event as its JSON. An ended run never comes back to life by a late event.
"""

import json
import os
import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy

from cnnviz.errors import CnnvizError
from cnnviz.events import Controlled, Evaluated, Event, Failed, Finished, Started, Steps, parse_event
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.database import Database
from cnnviz.training.instances import Instance
from cnnviz.training.records import ENDED, UNFINISHED, Failure, RunRecord, State, StepArrays

PROJECT: Final = Path(__file__).parents[2]
_ID: Final = re.compile(r"[a-z2-9]{10}")
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: ids are read aloud
_NAME_LENGTH: Final = 80
METRICS: Final = (
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "images_per_second",
    "learning_rate",
)
_NOT_CHOSEN: Final = {"kind", "version", "step", "epoch", "seconds", "total_steps"}
_AFTER: Final[dict[str, State]] = {
    "pause": "paused",
    "resume": "running",
    "step": "paused",
    "stop": "stopping",
}


def default_folder() -> Path:
    """Where runs are kept: `CNNVIZ_HOME`, else `.cnnviz` in the project's folder."""
    return Path(os.environ.get("CNNVIZ_HOME") or PROJECT / ".cnnviz")


class RunStore:
    """Runs in a folder; safe to share between threads, and between servers on one machine.

    Args:
        folder: where to keep them; `default_folder()` if None.

    Raises:
        CnnvizError: if the folder cannot be used, with the reason.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = (Path(folder) if folder is not None else default_folder()).absolute()
        self._database = Database(self.folder / "runs.sqlite3")
        try:
            self._instance = Instance(self.folder)
        except OSError as error:
            self._database.close()
            raise CnnvizError("store_unusable", folder=str(self.folder), reason=str(error)) from error

    def close(self) -> None:
        """Give up the files; runs that are still unfinished count as interrupted for whoever comes next."""
        self._database.close()
        self._instance.close()

    def run_folder(self, run_id: str) -> Path:
        """Where a run keeps its checkpoints; it need not exist.

        Raises:
            CnnvizError: if it is no run's id.
        """
        return self.folder / "runs" / _checked(run_id)

    # writing

    def create(
        self, config: TrainingConfig, *, owner: str, name: str = "", group: str | None = None, state: State = "queued"
    ) -> str:
        """A new run; returns its id.

        Args:
            config: every setting.
            owner: whose it is.
            name: for people, at most 80 characters are kept.
            group: what it belongs to, or None.
            state: "queued", unless training begins at once.
        """
        run_id = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        with self._database.writing() as connection:
            connection.execute(
                'INSERT INTO runs (id, instance, owner, "group", name, config, state, created, total_steps, '
                "learning_rate, schema_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run_id, self._instance.id, owner, group, _one_line(name), config.model_dump_json(), state,
                    time.time(), config.total_steps, config.learning_rate, self._database.version,
                ),
            )  # fmt: skip
        return run_id

    def append(self, run_id: str, events: Iterable[Event]) -> None:
        """Keep events of a run, all or none of them.

        Raises:
            CnnvizError: if there is no such run or the store cannot be written; nothing was kept then.
        """
        with self._database.writing() as connection:
            row = _row(connection, run_id)
            changes: dict[str, Any] = {}
            seen = dict(row)
            for event in events:
                if isinstance(event, Steps):
                    _insert_block(connection, run_id, event, since=float(seen["seconds"]))
                else:
                    connection.execute(
                        "INSERT INTO events (run_id, data) VALUES (?, ?)", (run_id, event.model_dump_json())
                    )
                update = _consequences(event, seen)
                seen |= update
                changes |= update
            if changes:
                assignments = ", ".join(f"{column} = ?" for column in changes)
                connection.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*changes.values(), run_id))

    def set_state(self, run_id: str, state: State, *, unless: Sequence[State] = ENDED) -> bool:
        """Move a run to another state unless it is in one of some; returns whether it moved.

        Raises:
            CnnvizError: if there is no such run.
        """
        with self._database.writing() as connection:
            if _row(connection, run_id)["state"] in unless:
                return False
            connection.execute("UPDATE runs SET state = ? WHERE id = ?", (state, run_id))
        return True

    def requeue(self, run_id: str, config: TrainingConfig | None = None) -> None:
        """Let an ended run wait for its continuation, here; `config` replaces its settings (more epochs, say).

        Raises:
            CnnvizError: if there is no such run, or it has not ended.
        """
        with self._database.writing() as connection:
            row = _row(connection, run_id)
            if row["state"] not in ENDED:
                raise CnnvizError("run_active")
            config = config or TrainingConfig.model_validate_json(row["config"])
            connection.execute(
                "UPDATE runs SET state = 'queued', instance = ?, config = ?, total_steps = ?, finished = NULL, "
                "failure = NULL WHERE id = ?",
                (self._instance.id, config.model_dump_json(), config.total_steps, run_id),
            )

    def rename(self, run_id: str, name: str) -> None:
        """Call a run something else; line breaks become spaces, 80 characters are kept.

        Raises:
            CnnvizError: if there is no such run.
        """
        with self._database.writing() as connection:
            _row(connection, run_id)
            connection.execute("UPDATE runs SET name = ? WHERE id = ?", (_one_line(name), run_id))

    def delete(self, run_id: str) -> None:
        """Forget a run that has ended, its checkpoints included.

        Raises:
            CnnvizError: if there is no such run, or it is still going.
        """
        with self._database.writing() as connection:
            if _row(connection, run_id)["state"] not in ENDED:
                raise CnnvizError("run_active")
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        shutil.rmtree(self.run_folder(run_id), ignore_errors=True)

    def mark_interrupted(self, *, own: bool = False) -> tuple[str, ...]:
        """Say of every unfinished run whose server is gone that it was interrupted; returns their ids.

        Queued runs too: those who asked for them may have left, and can ask again with one click.

        Args:
            own: count this server as gone too, at its orderly end.
        """
        with self._database.writing() as connection:
            marks = ", ".join("?" * len(UNFINISHED))
            rows = connection.execute(
                f"SELECT id, instance, step FROM runs WHERE state IN ({marks})", UNFINISHED
            ).fetchall()
            dead = {row["instance"] for row in rows}
            dead = {name for name in dead if self._instance.is_dead(name) or (own and name == self._instance.id)}
            lost = [row for row in rows if row["instance"] in dead]
            for row in lost:
                failure = Failure("server_lost", {"step": row["step"]})
                connection.execute(
                    "UPDATE runs SET state = 'interrupted', finished = ?, failure = ? WHERE id = ?",
                    (time.time(), _failure_json(failure), row["id"]),
                )
        return tuple(row["id"] for row in lost)

    # reading

    def record(self, run_id: str) -> RunRecord:
        """What is known of a run now.

        Raises:
            CnnvizError: if there is no such run.
        """
        with self._database.reading() as connection:
            return _record(_row(connection, run_id))

    def records(
        self,
        *,
        owner: str | None = None,
        group: str | None = None,
        states: Sequence[State] | None = None,
        limit: int = 200,
    ) -> tuple[RunRecord, ...]:
        """Runs, newest first, of one owner, of one group, in some states, or all."""
        conditions: list[str] = []
        values: list[Any] = []
        for column, value in (("owner", owner), ('"group"', group)):
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        if states is not None:
            conditions.append(f"state IN ({', '.join('?' * len(states))})")
            values.extend(states)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT * FROM runs {where} ORDER BY created DESC, rowid DESC LIMIT ?", (*values, limit)
            ).fetchall()
        return tuple(map(_record, rows))

    def events(self, run_id: str, after: int = 0) -> tuple[tuple[int, Event], ...]:
        """The events of a run except its steps, each with its number; `after` leaves out those up to a number.

        Raises:
            CnnvizError: if there is no such run.
        """
        with self._database.reading() as connection:
            _row(connection, run_id)
            rows = connection.execute(
                "SELECT sequence, data FROM events WHERE run_id = ? AND sequence > ? ORDER BY sequence", (run_id, after)
            ).fetchall()
        return tuple((row["sequence"], parse_event(row["data"])) for row in rows)

    def steps(self, run_id: str, after_step: int = 0) -> StepArrays:
        """The steps of a run after a step, in order, each once.

        A continued run repeats what came after its last checkpoint: the later values stand.

        Raises:
            CnnvizError: if there is no such run.
        """
        with self._database.reading() as connection:
            _row(connection, run_id)
            rows = connection.execute(
                "SELECT steps, losses, accuracies, seconds, learning_rates, speeds FROM blocks "
                "WHERE run_id = ? AND step > ? ORDER BY sequence",
                (run_id, after_step),
            ).fetchall()
        step = numpy.frombuffer(b"".join(row[0] for row in rows), dtype="<i4")
        columns = [numpy.frombuffer(b"".join(row[i] for row in rows), dtype="<f4") for i in range(1, 6)]
        if len(step) and not (step[0] > after_step and bool((numpy.diff(step) > 0).all())):
            _, last = numpy.unique(step[::-1], return_index=True)  # the first from behind is the latest
            order = len(step) - 1 - last
            order = order[step[order] > after_step]
            step, columns = step[order], [column[order] for column in columns]
        return StepArrays(step, *columns)


def _checked(run_id: str) -> str:
    """An id fit for a path and a query: ids come from links, so they may be anything."""
    if not isinstance(run_id, str) or not _ID.fullmatch(run_id):
        raise CnnvizError("run_unknown", value=str(run_id)[:40])
    return run_id


def _row(connection: sqlite3.Connection, run_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM runs WHERE id = ?", (_checked(run_id),)).fetchone()
    if row is None:
        raise CnnvizError("run_unknown", value=run_id)
    return row


def _one_line(text: str) -> str:
    return " ".join(str(text).split())[:_NAME_LENGTH]


def _failure_json(failure: Failure) -> str:
    return json.dumps({"code": failure.code, "parameters": dict(failure.parameters), "detail": failure.detail})


def _record(row: sqlite3.Row) -> RunRecord:
    fields = dict(row)
    del fields["instance"]
    fields["config"] = TrainingConfig.model_validate_json(fields["config"])
    fields["choices"] = json.loads(fields["choices"])
    fields["failure"] = Failure(**json.loads(fields["failure"])) if fields["failure"] else None
    return RunRecord(**fields)


def _insert_block(connection: sqlite3.Connection, run_id: str, block: Steps, since: float) -> None:
    count = len(block.losses)
    since = min(since, block.seconds)  # a continued run's clock begins at its checkpoint
    spread = numpy.linspace(since, block.seconds, count + 1, dtype="<f4")[1:]
    connection.execute(
        "INSERT INTO blocks (run_id, step, steps, losses, accuracies, seconds, learning_rates, speeds) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run_id,
            block.step,
            numpy.arange(block.first_step, block.first_step + count, dtype="<i4").tobytes(),
            numpy.asarray(block.losses, dtype="<f4").tobytes(),
            numpy.asarray(block.accuracies, dtype="<f4").tobytes(),
            spread.tobytes(),
            numpy.full(count, block.learning_rate, dtype="<f4").tobytes(),
            numpy.full(count, block.images_per_second, dtype="<f4").tobytes(),
        ),
    )


def _consequences(event: Event, row: dict[str, Any]) -> dict[str, Any]:
    """What an event changes in the row of its run."""
    changes: dict[str, Any] = {"step": event.step, "epoch": event.epoch, "seconds": event.seconds}
    ended = row["state"] in ENDED
    if isinstance(event, Started):
        changes |= {"total_steps": event.total_steps, "choices": event.model_dump_json(exclude=_NOT_CHOSEN)}
        if row["started"] is None:
            changes["started"] = time.time()
        if row["state"] == "queued":
            changes["state"] = "running"
    elif isinstance(event, Steps | Evaluated | Finished):
        changes |= {name: getattr(event, name) for name in METRICS if getattr(event, name, None) is not None}
        if isinstance(event, Evaluated):
            changes["best_test_accuracy"] = max(event.test_accuracy, row["best_test_accuracy"] or 0.0)
    elif isinstance(event, Controlled):
        if event.learning_rate is not None:
            changes["learning_rate"] = event.learning_rate
        if event.action in _AFTER and row["state"] != "stopping" and not ended:
            changes["state"] = _AFTER[event.action]
    if isinstance(event, Finished) and not ended:
        changes |= {"state": "finished" if event.reason == "completed" else "stopped", "finished": time.time()}
    if isinstance(event, Failed):
        changes = {}
        if not ended:
            failure = Failure(event.code, event.parameters, event.detail)
            changes |= {"state": "failed", "finished": time.time(), "failure": _failure_json(failure)}
    return changes
