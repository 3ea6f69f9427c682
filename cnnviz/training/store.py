"""The run store: every run's settings, state, events and steps, in one SQLite file that survives whatever happens.

Writers call `append` with the events of a run; pages only read (`reading`). Steps are kept as float32 arrays, block by
block, each other event as its JSON. An ended run never comes back to life by a late event.
"""

import json
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.events import Controlled, Event, Steps
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.consequences import consequences, failure_json, insert_block
from cnnviz.training.database import Database
from cnnviz.training.details import clean_name, clean_notes, clean_tags, pack_tags
from cnnviz.training.eviction import LASTING, PINNED, evict, evict_curves
from cnnviz.training.instances import Instance
from cnnviz.training.reading import RunReader, row_of
from cnnviz.training.records import ENDED, UNFINISHED, Failure, State
from cnnviz.training.same import config_hash

PROJECT: Final = Path(__file__).parents[2]
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: ids are read aloud
_FIXED: Final = ("architecture", "batch_size", "train_images", "optimizer", "seed")  # what a checkpoint stands on


def default_folder() -> Path:
    """Where runs are kept: `CNNVIZ_HOME`, else `.cnnviz` in the project's folder."""
    return Path(os.environ.get("CNNVIZ_HOME") or PROJECT / ".cnnviz")


class RunStore(RunReader):
    """Runs in a folder; safe to share between threads, and between servers on one machine.

    Args:
        folder: where to keep them; `default_folder()` if None.

    Raises:
        CnnvizError: if the folder cannot be used, with the reason.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        place = (Path(folder) if folder is not None else default_folder()).absolute()
        super().__init__(place, Database(place / "runs.sqlite3"))
        try:
            self._instance = Instance(self.folder)
        except OSError as error:
            self._database.close()
            raise CnnvizError("store_unusable", folder=str(self.folder), reason=str(error)) from error

    @property
    def mark(self) -> Path:
        """A file that exists while this server does: whoever sees it sees this folder."""
        return self._instance.file

    def close(self) -> None:
        """Give up the files; runs that are still unfinished count as interrupted for whoever comes next."""
        self._database.close()
        self._instance.close()

    def create(
        self, config: TrainingConfig, *, owner: str, name: str = "", group: str | None = None, state: State = "queued",
        run_id: str = "", created: float | None = None,
    ) -> str:  # fmt: skip
        """A new run; returns its id.

        Args:
            config: every setting.
            owner: whose it is.
            name: for people, at most 80 characters are kept.
            group: what it belongs to, or None.
            state: "queued", unless training begins at once.
            run_id: the id of a run that was made elsewhere and is brought in; it is not offered as `find_same`, since
                this machine would give other numbers.
            created: when that one was made; now if None.
        """
        key = None if run_id else config_hash(config)
        created = time.time() if created is None else created
        with self._database.writing() as connection:
            return self._insert(connection, run_id, config, owner, name, group, state, created, key)

    def create_all(
        self, configs: Sequence[TrainingConfig], *, owner: str, names: Sequence[str] = (), group: str | None = None
    ) -> tuple[str, ...]:
        """New runs that wait, all or none of them; returns their ids.

        Args:
            configs: every setting of each.
            owner: whose they are.
            names: of each, or nothing.
            group: what they belong to.
        """
        named = zip(configs, names or [""] * len(configs), strict=True)
        now = time.time()
        with self._database.writing() as connection:
            return tuple(
                self._insert(connection, "", config, owner, name, group, "queued", now, config_hash(config))
                for config, name in named
            )

    def _insert(
        self, connection: sqlite3.Connection, run_id: str, config: TrainingConfig, owner: str, name: str,
        group: str | None, state: State, created: float, key: str | None,
    ) -> str:  # fmt: skip
        run_id = run_id or "".join(secrets.choice(_ALPHABET) for _ in range(10))
        connection.execute(
            'INSERT INTO runs (id, instance, owner, "group", name, config, state, created, total_steps, '
            "learning_rate, schema_version, architecture, config_hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_id, self._instance.id, owner, group, clean_name(name), config.model_dump_json(), state, created,
                config.total_steps, config.learning_rate, self._database.version, config.architecture.key, key,
            ),
        )  # fmt: skip
        return run_id

    def append(self, run_id: str, events: Iterable[Event]) -> None:
        """Keep events of a run, all or none of them.

        Raises:
            CnnvizError: if there is no such run or the store cannot be written; nothing was kept then.
        """
        with self._database.writing() as connection:
            row = row_of(connection, run_id)
            changes: dict[str, Any] = {}
            seen = dict(row)
            for event in events:
                if isinstance(event, Steps):
                    insert_block(connection, run_id, event, since=float(seen["seconds"]))
                else:
                    _insert_event(connection, run_id, event)
                update = consequences(event, seen)
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
            if row_of(connection, run_id)["state"] in unless:
                return False
            connection.execute("UPDATE runs SET state = ? WHERE id = ?", (state, run_id))
        return True

    def requeue(self, run_id: str, config: TrainingConfig | None = None) -> None:
        """Let an ended run wait for its continuation, here; an event on its curve says where, and how far it will go.

        Args:
            run_id: which.
            config: its new settings (more epochs, another learning rate), or None for those that it has. A run whose
                settings change is no longer what its settings alone would give, so `find_same` does not offer it.

        Raises:
            CnnvizError: if there is no such run, it has not ended, or the new settings do not fit its checkpoint.
        """
        with self._database.writing() as connection:
            row = row_of(connection, run_id)
            if row["state"] not in ENDED:
                raise CnnvizError("run_active")
            before = TrainingConfig.model_validate_json(row["config"])
            config = config or before
            for name in _FIXED:
                if getattr(before, name) != getattr(config, name):
                    raise CnnvizError("checkpoint_mismatch", field=name, label=name)
            place = {name: row[name] for name in ("step", "epoch", "seconds")}
            _insert_event(connection, run_id, Controlled(**place, action="continue", epochs=config.epochs))
            connection.execute(
                "UPDATE runs SET state = 'queued', instance = ?, config = ?, total_steps = ?, finished = NULL, "
                "failure = NULL, reason = NULL, evicted = ?, config_hash = ? WHERE id = ?",
                (
                    self._instance.id, config.model_dump_json(), config.total_steps,
                    json.dumps([part for part in json.loads(row["evicted"]) if part != "last"]),
                    row["config_hash"] if config == before else None, run_id,
                ),
            )  # fmt: skip

    def update(
        self,
        run_id: str,
        *,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        notes: str | None = None,
        pinned: bool | None = None,
        pins: int | None = None,
    ) -> None:
        """Change what a person wrote about a run; None leaves a thing as it is.

        Args:
            run_id: which.
            name: line breaks become spaces, 80 characters are kept.
            tags: at most 12 of at most 30 characters; they replace those before.
            notes: plain text of at most 2,000 characters.
            pinned: whether its checkpoints and its curve are kept when others make room.
            pins: how many runs its owner may have pinned. Such a pin gives way once all that nobody pinned has gone,
                and in a class it ends with what is old; None pins for good.

        Raises:
            CnnvizError: if there is no such run, something is too long or the pins are used up; nothing was changed
                then.
        """
        changes: dict[str, Any] = {}
        if name is not None:
            changes["name"] = clean_name(name)
        if tags is not None:
            changes["tags"] = pack_tags(clean_tags(tags))
        if notes is not None:
            changes["notes"] = clean_notes(notes)
        with self._database.writing() as connection:
            row = row_of(connection, run_id)
            if pinned is not None:
                changes["pinned"] = _pin(connection, row, pins) if pinned else 0
            if changes:
                assignments = ", ".join(f"{column} = ?" for column in changes)
                connection.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*changes.values(), run_id))

    def delete(self, run_id: str) -> None:
        """Forget a run that has ended, its checkpoints included.

        Raises:
            CnnvizError: if there is no such run, or it is still going.
        """
        with self._database.writing() as connection:
            if row_of(connection, run_id)["state"] not in ENDED:
                raise CnnvizError("run_active")
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        shutil.rmtree(self.run_folder(run_id), ignore_errors=True)

    def make_room(
        self, limit: int | None = None, database_limit: int | None = None, *, full: bool = False
    ) -> tuple[str, ...]:
        """Let go what is more than may be kept of checkpoints and curves; returns the ids of the runs concerned.

        The histories of the oldest ended runs go first, then their best checkpoints, then the latest ones of finished
        runs, then those of other ended runs. Of the database the curves go (see `eviction.evict_curves`). Nothing goes
        of a run that has not ended or was pinned for good; what a person of a class pinned goes last. Each record says
        what it lost (`RunRecord.evicted`).

        Args:
            limit: bytes of checkpoints; `CNNVIZ_DISK_MB` megabytes (2,048 unless set) if None.
            database_limit: bytes of the database; `CNNVIZ_DATABASE_MB` megabytes (1,024 unless set) if None.
            full: whether the disk has less than that: then half of what checkpoints take now has to do.
        """
        runs = self.folder / "runs"
        touched = *evict(self._database, runs, limit, full=full), *evict_curves(self._database, runs, database_limit)
        return tuple(dict.fromkeys(touched))

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
                    (time.time(), failure_json(failure), row["id"]),
                )
        return tuple(row["id"] for row in lost)


def _pin(connection: sqlite3.Connection, row: sqlite3.Row, pins: int | None) -> int:
    """What a pin that is set now is worth; see `RunStore.update`."""
    if pins is None:
        return LASTING
    if row["pinned"]:
        return int(row["pinned"])
    used = connection.execute(
        "SELECT count(*) FROM runs WHERE owner = ? AND pinned = ?", (row["owner"], PINNED)
    ).fetchone()[0]
    if used >= pins:
        raise CnnvizError("pins_used_up", field="pinned", limit=pins)
    return PINNED


def _insert_event(connection: sqlite3.Connection, run_id: str, event: Event) -> None:
    connection.execute("INSERT INTO events (run_id, data) VALUES (?, ?)", (run_id, event.model_dump_json()))
