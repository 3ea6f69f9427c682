"""The class's desk: who takes part and under which rules, kept in the run store's file."""

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cnnviz.classroom.nicknames import clean_nickname, folded
from cnnviz.classroom.rules import ClassRules
from cnnviz.errors import CnnvizError
from cnnviz.training.journal import note
from cnnviz.training.store import RunStore

MOST_PEOPLE: Final = 500
"""Who have joined and were not forgotten: a school's classes of a month."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes part.

    Attributes:
        owner: whose runs are theirs, see `RunRecord.owner`.
        nickname: plain text.
        joined: seconds since 1970.
        started: how many runs they have started that count.
    """

    owner: str
    nickname: str
    joined: float
    started: int = 0


class Classroom:
    """People and rules of a class; safe to share between threads and between servers on one machine.

    Args:
        store: the run store whose file it shares.
    """

    def __init__(self, store: RunStore) -> None:
        self._database = store.database

    # people

    def join(self, owner: str, nickname: str) -> str:
        """Take part, or change one's nickname; returns it as it is kept.

        Raises:
            CnnvizError: if it cannot be used, somebody else has it, or too many people take part.
        """
        name = clean_nickname(nickname)
        now = time.time()
        with self._database.writing() as connection:
            taken = connection.execute(
                "SELECT 1 FROM people WHERE folded = ? AND owner != ?", (folded(name), owner)
            ).fetchone()
            if taken:
                raise CnnvizError("nickname_taken", field="nickname", nickname=name)
            others = connection.execute("SELECT count(*) FROM people WHERE owner != ?", (owner,)).fetchone()[0]
            if others >= MOST_PEOPLE:
                raise CnnvizError("class_full", limit=MOST_PEOPLE)
            connection.execute(
                "INSERT INTO people (owner, nickname, folded, joined, seen) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (owner) DO UPDATE SET nickname = excluded.nickname, folded = excluded.folded, "
                "seen = excluded.seen",
                (owner, name, folded(name), now, now),
            )
        return name

    def leave(self, owner: str) -> None:
        """Take part no more; the runs stay."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM people WHERE owner = ?", (owner,))

    def leave_idle(self) -> None:
        """Whoever has started no run takes part no more."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM people WHERE started = 0")

    def person(self, owner: str) -> Person | None:
        """Who this is, or None for somebody who has not joined."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT owner, nickname, joined, started FROM people WHERE owner = ?", (owner,)
            ).fetchone()
        return None if row is None else Person(**row)

    def people(self) -> tuple[Person, ...]:
        """Everybody, in the order of joining."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT owner, nickname, joined, started FROM people ORDER BY rowid").fetchall()
        return tuple(Person(**row) for row in rows)

    def nicknames(self) -> Mapping[str, str]:
        """Nicknames by owner."""
        return {person.owner: person.nickname for person in self.people()}

    def count_start(self, owner: str, limit: int, count: int = 1) -> None:
        """One more run of somebody, or several at once.

        Args:
            owner: who.
            limit: how many they may start in all; 0 for any number.
            count: how many these are.

        Raises:
            CnnvizError: if they have not joined, or may not start so many more; none is counted then.
        """
        with self._database.writing() as connection:
            row = connection.execute("SELECT started FROM people WHERE owner = ?", (owner,)).fetchone()
            if row is None:
                raise CnnvizError("join_first")
            left = limit - row["started"]
            if limit and left < count:
                raise CnnvizError("class_runs_left", limit=limit, left=left, count=count) if left > 0 else CnnvizError(
                    "class_runs", limit=limit
                )  # fmt: skip
            connection.execute(
                "UPDATE people SET started = started + ?, seen = ? WHERE owner = ?", (count, time.time(), owner)
            )

    def take_back_start(self, owner: str, count: int = 1) -> None:
        """The runs that were counted last never came to be."""
        with self._database.writing() as connection:
            connection.execute("UPDATE people SET started = max(0, started - ?) WHERE owner = ?", (count, owner))

    def reset_starts(self) -> None:
        """Count everybody's runs from zero again."""
        with self._database.writing() as connection:
            connection.execute("UPDATE people SET started = 0")
        note("class rules changed", changed="starts counted from zero")

    # rules

    def rules(self) -> ClassRules:
        """What holds now; rules of an older program that mean nothing today are left out."""
        with self._database.reading() as connection:
            return _rules(connection)

    def change(self, **changes: Any) -> ClassRules:
        """Settle something else; returns all rules.

        Raises:
            CnnvizError: if it cannot be used; nothing was changed then.
        """
        with self._database.writing() as connection:
            rules = _rules(connection).replace(**changes)
            self._write(connection, rules)
        note("class rules changed", **{name: getattr(rules, name) for name in changes})
        return rules

    def show(self, page: str, query: Mapping[str, str]) -> ClassRules:
        """Show a page of this app to every screen; "" takes it back."""
        with self._database.writing() as connection:
            before = _rules(connection)
            number = before.shown_number + 1
            rules = before.replace(shown_page=page, shown_query=dict(query), shown_number=number)
            self._write(connection, rules)
        note("class rules changed", shown_page=page)
        return rules

    @staticmethod
    def _write(connection: sqlite3.Connection, rules: ClassRules) -> None:
        connection.execute(
            "INSERT INTO classroom (name, value) VALUES ('rules', ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (rules.model_dump_json(),),
        )


def _rules(connection: sqlite3.Connection) -> ClassRules:
    row = connection.execute("SELECT value FROM classroom WHERE name = 'rules'").fetchone()
    if row is None:
        return ClassRules()
    kept = {name: value for name, value in json.loads(row[0]).items() if name in ClassRules.model_fields}
    try:
        return ClassRules.parse(kept)
    except CnnvizError:
        return ClassRules(queue_held=bool(kept.get("queue_held", False)))
