"""Reading the run store: records, events, steps, and the checkpoints that belong to them. Needs no torch."""

import json
import math
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy

from cnnviz.errors import CnnvizError
from cnnviz.events import Event, parse_event
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.database import Database
from cnnviz.training.details import unpack_tags
from cnnviz.training.finding import conditions
from cnnviz.training.history import LAST, history, step_of
from cnnviz.training.records import Failure, RunRecord, State, StepArrays
from cnnviz.training.same import config_hash

RUN_ID: Final = re.compile(r"[a-z2-9]{10}")


class RunReader:
    """What there is to read in a run store.

    Args:
        folder: where it lies.
        database: its file.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self._database = database

    @property
    def database(self) -> Database:
        """The file, for what else is kept in it (see `classroom`)."""
        return self._database

    def run_folder(self, run_id: str) -> Path:
        """Where a run keeps its checkpoints; it need not exist.

        Raises:
            CnnvizError: if it is no run's id.
        """
        return self.folder / "runs" / _checked(run_id)

    def record(self, run_id: str) -> RunRecord:
        """What is known of a run now.

        Raises:
            CnnvizError: if there is no such run.
        """
        with self._database.reading() as connection:
            return _record(row_of(connection, run_id))

    def records(
        self,
        *,
        owner: str | None = None,
        group: str | None = None,
        states: Sequence[State] | None = None,
        text: str = "",
        tags: Sequence[str] = (),
        architecture: str | None = None,
        limit: int = 200,
    ) -> tuple[RunRecord, ...]:
        """Runs, newest first: all of them, or those for which everything given is true.

        Args:
            owner: whose.
            group: which they belong to.
            states: one of them is theirs.
            text: words, each to be found in the name, the notes, a tag or the network's key; no pattern, case apart.
            tags: all of them are among theirs.
            architecture: the network's key.
            limit: how many at most.
        """
        where, values = conditions(
            owner=owner, group=group, states=states, text=text, tags=tags, architecture=architecture
        )
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT * FROM runs {where} ORDER BY rowid DESC LIMIT ?", (*values, max(0, limit))
            ).fetchall()
        return tuple(map(_record, rows))

    def counts(self, *, owner: str | None = None) -> dict[State, int]:
        """How many runs there are in each state, of everybody or of one owner; states without runs are left out."""
        where, values = conditions(owner=owner)
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT state, count(*) FROM runs {where} GROUP BY state", values).fetchall()
        return {row[0]: int(row[1]) for row in rows}

    def find_same(self, config: TrainingConfig, *, owner: str | None = None) -> RunRecord | None:
        """A run with the same settings and seed: finished, or one that goes on and can be followed.

        A finished one comes before a training one, that before a waiting one, then the newest. A run whose learning
        rate was changed by hand, or that was extended, is not the same; what is left to the machine is the same when
        both leave it to the machine (see `same.config_hash`), and the record's `choices` say what it chose. One whose
        curve made room has nothing to show.

        Args:
            config: every setting.
            owner: only this one's runs; None looks at everybody's.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM runs WHERE config_hash = ? AND state IN ('finished', 'running', 'paused', 'queued') "
                "AND evicted NOT LIKE '%\"curve\"%' "
                "AND (? IS NULL OR owner = ?) ORDER BY CASE state WHEN 'finished' THEN 0 WHEN 'running' THEN 1 "
                "ELSE 2 END, rowid DESC LIMIT 20",
                (config_hash(config), owner, owner),
            ).fetchall()
        return next((record for record in map(_record, rows) if record.config == config), None)

    def find_each(self, configs: Sequence[TrainingConfig], *, owner: str | None = None) -> tuple[RunRecord | None, ...]:
        """For each of some settings the run that says most about them, or None.

        One that is finished, or whose loss was no longer a number: with the same settings it would come out the same.
        Then one that trains, one that waits, one that failed for another reason, and one that was stopped; of several
        the newest. What counts as the same is said at `find_same`.

        Args:
            configs: every setting of each.
            owner: only this one's runs; None looks at everybody's.
        """
        with self._database.reading() as connection:
            return tuple(_saying_most(connection, config, owner) for config in configs)

    def checkpoints_of(self, run_id: str) -> tuple[tuple[int, Path], ...]:
        """The checkpoints along a run's curve, (step, file), in order and each step once; maybe none.

        The latest is among them. Read one with `checkpoints.read(file)`; it may be evicted before you do.

        Raises:
            CnnvizError: if it is no run's id.
        """
        folder = self.run_folder(run_id)
        found = dict(history(folder))
        last = step_of(folder / LAST)
        if last is not None:
            found.setdefault(last, folder / LAST)
        return tuple(sorted(found.items()))

    def events(self, run_id: str, after: int = 0) -> tuple[tuple[int, Event], ...]:
        """The events of a run except its steps, each with its number; `after` leaves out those up to a number.

        Raises:
            CnnvizError: if there is no such run.
        """
        with self._database.reading() as connection:
            row_of(connection, run_id)
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
            row_of(connection, run_id)
            rows = connection.execute(
                "SELECT steps, losses, accuracies, seconds, learning_rates, speeds, memory, load FROM blocks "
                "WHERE run_id = ? AND step > ? ORDER BY sequence",
                (run_id, after_step),
            ).fetchall()
        step = numpy.frombuffer(b"".join(row[0] for row in rows), dtype="<i4")
        columns = [numpy.frombuffer(b"".join(row[i] for row in rows), dtype="<f4") for i in range(1, 6)]
        lengths = [len(row[0]) // 4 for row in rows]
        for i in (6, 7):  # one figure for a whole block, or none
            figures = numpy.array([math.nan if row[i] is None else row[i] for row in rows], dtype="<f4")
            columns.append(numpy.repeat(figures, lengths))
        if len(step) and not (step[0] > after_step and bool((numpy.diff(step) > 0).all())):
            _, last = numpy.unique(step[::-1], return_index=True)  # the first from behind is the latest
            order = len(step) - 1 - last
            order = order[step[order] > after_step]
            step, columns = step[order], [column[order] for column in columns]
        return StepArrays(step, *columns)


def _checked(run_id: str) -> str:
    """An id fit for a path and a query: ids come from links, so they may be anything."""
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        raise CnnvizError("run_unknown", value=str(run_id)[:40])
    return run_id


def row_of(connection: sqlite3.Connection, run_id: str) -> sqlite3.Row:
    """The row of a run.

    Raises:
        CnnvizError: if there is no such run.
    """
    row: sqlite3.Row | None = connection.execute("SELECT * FROM runs WHERE id = ?", (_checked(run_id),)).fetchone()
    if row is None:
        raise CnnvizError("run_unknown", value=run_id)
    return row


def _saying_most(connection: sqlite3.Connection, config: TrainingConfig, owner: str | None) -> RunRecord | None:
    rows = connection.execute(
        "SELECT * FROM runs WHERE config_hash = ? AND (? IS NULL OR owner = ?) ORDER BY CASE WHEN state = 'finished' "
        "OR (state = 'failed' AND json_extract(failure, '$.code') = 'loss_not_finite') THEN 0 "
        "WHEN state IN ('running', 'paused', 'stopping') THEN 1 WHEN state = 'queued' THEN 2 "
        "WHEN state = 'failed' THEN 3 ELSE 4 END, rowid DESC LIMIT 20",
        (config_hash(config), owner, owner),
    )
    return next((record for record in map(_record, rows) if record.config == config), None)


def _record(row: sqlite3.Row) -> RunRecord:
    fields = dict(row)
    for column in ("instance", "architecture"):
        del fields[column]
    fields["config"] = TrainingConfig.model_validate_json(fields["config"])
    fields["choices"] = json.loads(fields["choices"])
    fields["failure"] = Failure(**json.loads(fields["failure"])) if fields["failure"] else None
    fields["tags"] = unpack_tags(fields["tags"])
    fields["pinned"] = bool(fields["pinned"])
    fields["evicted"] = tuple(json.loads(fields["evicted"]))
    return RunRecord(**fields)
