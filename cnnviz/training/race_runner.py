"""Races on a server: each is a file beside the runs, and a thread that gives the turns through the executor.

A turn is the run's own time budget: the run ends at it in good order, keeps its state, and is continued at its next
turn. Between two turns anybody's run may come in, as the queue decides. A server that ends leaves its races where they
stood; `resume` goes on with them.
"""

import json
import math
import re
import secrets
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.events import Evaluated, Started
from cnnviz.training.executor import Executor
from cnnviz.training.race import (
    Budget,
    Lane,
    Measured,
    RaceSpec,
    Winner,
    lane_of,
    next_turn,
    points_on,
    winner,
    within_budget,
)
from cnnviz.training.records import RunRecord

_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_ID: Final = re.compile(r"[a-z2-9]{8}")
_LOOK: Final = 0.05  # seconds between two looks at the run whose turn it is
_WAIT: Final = 1.0  # seconds before a refused turn is asked for again


@dataclass(frozen=True, slots=True)
class RaceRecord:
    """A race as it is kept.

    Attributes:
        id: short, random, safe in a link.
        owner: whose it is.
        spec: who races and for how much.
        runs: the id of each contestant's run; "" before its first turn.
        macs: of each contestant's network for one image, forward.
        expected: seconds that each will need in all, as was expected; 0 where nobody knew.
        out: the numbers of those taken out by hand.
        prediction: what was said before it began: the number of the winner, an accuracy (share of one) of it or None.
        created: seconds since 1970, for showing.
    """

    id: str
    owner: str
    spec: RaceSpec
    runs: tuple[str, ...]
    macs: tuple[int, ...]
    expected: tuple[float, ...] = ()
    out: tuple[int, ...] = ()
    prediction: tuple[int, float | None] | None = None
    created: float = 0.0


class Races:
    """The races of a server.

    Args:
        executor: where the runs go.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._folder = executor.store.folder / "races"
        self._lock = threading.RLock()
        self._threads: dict[str, threading.Thread] = {}

    def start(
        self,
        spec: RaceSpec,
        *,
        owner: str,
        macs: tuple[int, ...],
        expected: tuple[float, ...] = (),
        prediction: tuple[int, float | None] | None = None,
    ) -> str:
        """Begin a race; returns its id.

        Raises:
            CnnvizError: if the budget cannot be used by one of the contestants, or the store cannot be written.
        """
        for config, cost in zip(spec.contestants, macs, strict=True):
            within_budget(config, spec.budget, spec.amount, cost)
        race_id = "".join(secrets.choice(_ALPHABET) for _ in range(8))
        race = RaceRecord(
            race_id, owner, spec, ("",) * len(spec.contestants), macs, expected, (), prediction, time.time()
        )
        self._keep(race)
        self.resume(race_id)
        return race_id

    def record(self, race_id: str) -> RaceRecord:
        """A race.

        Raises:
            CnnvizError: if there is none.
        """
        try:
            if not _ID.fullmatch(race_id):
                raise ValueError(race_id)
            data: dict[str, Any] = json.loads(self._path(race_id).read_text("utf-8"))
            prediction = data["prediction"]
            return RaceRecord(
                id=data["id"],
                owner=data["owner"],
                spec=RaceSpec.parse(data["spec"]),
                runs=tuple(data["runs"]),
                macs=tuple(data["macs"]),
                expected=tuple(data["expected"]),
                out=tuple(data["out"]),
                prediction=None if prediction is None else (int(prediction[0]), prediction[1]),
                created=float(data["created"]),
            )
        except (OSError, TypeError, ValueError, KeyError) as error:
            raise CnnvizError("race_unknown", value=str(race_id)[:40]) from error

    def latest(self, owner: str, limit: int = 5) -> tuple[RaceRecord, ...]:
        """The newest races of an owner."""
        found = []
        for path in self._folder.glob("*.json") if self._folder.is_dir() else ():
            try:
                found.append(self.record(path.stem))
            except CnnvizError:  # half written by a server of another version
                continue
        mine = [race for race in found if race.owner == owner]
        return tuple(sorted(mine, key=lambda race: -race.created)[:limit])

    def going(self, race_id: str) -> bool:
        """Whether turns are given on this server now."""
        with self._lock:
            thread = self._threads.get(race_id)
            return thread is not None and thread.is_alive()

    def resume(self, race_id: str) -> None:
        """Give turns from here on, unless that goes on already.

        Raises:
            CnnvizError: if there is no such race.
        """
        self.record(race_id)
        with self._lock:
            if self.going(race_id):
                return
            self._threads = {other: thread for other, thread in self._threads.items() if thread.is_alive()}
            thread = threading.Thread(target=self._run, args=(race_id,), name=f"race {race_id}", daemon=True)
            self._threads[race_id] = thread
            thread.start()

    def take_out(self, race_id: str, number: int) -> None:
        """A contestant gives up; the others keep their budgets.

        Raises:
            CnnvizError: if there is no such race.
        """
        with self._lock:
            race = self.record(race_id)
            if number not in range(len(race.runs)) or number in race.out:
                return
            self._keep(replace(race, out=(*race.out, number)))
        if race.runs[number]:
            self._executor.command(race.runs[number], "stop")

    def stop(self, race_id: str) -> None:
        """Everybody gives up.

        Raises:
            CnnvizError: if there is no such race.
        """
        for number in range(len(self.record(race_id).runs)):
            self.take_out(race_id, number)

    # how it stands

    def exists(self, run_id: str) -> bool:
        """Whether a run is still there: its owner may have deleted it."""
        try:
            self._executor.store.record(run_id)
        except CnnvizError:
            return False
        return True

    def lanes(self, race: RaceRecord) -> tuple[Lane, ...]:
        """How far each contestant is."""
        return tuple(self._lane(race, number) for number in range(len(race.runs)))

    def winners(self, race: RaceRecord) -> dict[Budget, Winner]:
        """Who is ahead on each axis, as far as that can be said."""
        store = self._executor.store
        found: dict[Budget, Winner] = {}
        axes: tuple[Budget, ...] = ("seconds", "images", "macs")
        for axis in axes:
            contestants = []
            for number, run_id in enumerate(race.runs):
                there = bool(run_id) and self.exists(run_id)
                events = [event for _sequence, event in store.events(run_id)] if there else []
                clock = store.steps(run_id).seconds.tolist() if there else []
                config = store.record(run_id).config if there else race.spec.contestants[number]
                tests = [event for event in events if isinstance(event, Evaluated)]
                starts = [event.seconds for event in events if isinstance(event, Started)]
                points = points_on(axis, config, tests, starts, clock, race.macs[number])
                contestants.append(Measured(str(number), points))
            ahead = winner(axis, contestants)
            if ahead is not None:
                found[axis] = ahead
        return found

    # the thread of a race

    def _run(self, race_id: str) -> None:
        while True:
            race = self.record(race_id)
            turn = next_turn(self.lanes(race), race.spec.budget, race.spec.amount, race.expected)
            if turn is None:
                return
            try:
                run_id = self._give(race, turn.contestant, turn.seconds)
            except CnnvizError as error:
                if error.code != "queue_full_for_owner":
                    self._keep(replace(self.record(race_id), out=tuple(range(len(race.runs)))))
                    return
                time.sleep(_WAIT)  # the owner's other runs are waiting: theirs first
                continue
            while self.exists(run_id) and not self._executor.store.record(run_id).ended:
                time.sleep(_LOOK)
            if self.exists(run_id) and self._executor.store.record(run_id).state == "interrupted":  # the server ends
                return

    def _give(self, race: RaceRecord, number: int, seconds: float) -> str:
        """Let a contestant train for so many seconds; returns its run."""
        store, run_id = self._executor.store, race.runs[number]
        spec = race.spec
        limit = 0.0 if math.isinf(seconds) else seconds
        if not run_id:
            config = within_budget(spec.contestants[number], spec.budget, spec.amount, race.macs[number])
            name = spec.names[number] if number < len(spec.names) else ""
            run_id = self._executor.submit(
                config.replace(time_budget=limit), owner=race.owner, name=name, group=f"race {race.id}"
            )
            with self._lock:
                race = self.record(race.id)
                runs = tuple(run_id if other == number else run for other, run in enumerate(race.runs))
                self._keep(replace(race, runs=runs))
            return run_id
        record = store.record(run_id)
        self._executor.continue_run(run_id, record.config.replace(time_budget=limit and record.seconds + limit))
        return run_id

    def _lane(self, race: RaceRecord, number: int) -> Lane:
        store, run_id = self._executor.store, race.runs[number]
        if not run_id:
            return Lane(out=number in race.out)
        try:
            record: RunRecord = store.record(run_id)
        except CnnvizError:  # its owner has deleted it
            return Lane(out=True)
        events = [event for _sequence, event in store.events(run_id)]
        return lane_of(
            record, events, store.steps(run_id).seconds.tolist(), race.spec.budget, race.spec.amount,
            out=number in race.out,
        )  # fmt: skip

    def _path(self, race_id: str) -> Path:
        return self._folder / f"{race_id}.json"

    def _keep(self, race: RaceRecord) -> None:
        data: dict[str, Any] = {
            "id": race.id, "owner": race.owner, "spec": race.spec.model_dump(mode="json"), "runs": race.runs,
            "macs": race.macs, "expected": race.expected, "out": race.out, "prediction": race.prediction,
            "created": race.created,
        }  # fmt: skip
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = self._path(race.id).with_suffix(".unfinished")
            unfinished.write_text(json.dumps(data), "utf-8")
            unfinished.replace(self._path(race.id))
        except OSError as error:
            raise CnnvizError("store_unusable", folder=str(self._folder), reason=str(error)) from error
