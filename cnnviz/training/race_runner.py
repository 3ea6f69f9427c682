"""Races on a server: each has a thread that gives the turns through the executor (`race_files` keeps them).

A turn is the run's own time budget: the run ends at it in good order, keeps its state, and is continued at its next
turn. Between two turns anybody's run may come in, as the queue decides. A server that ends leaves its races where they
stood; `resume` goes on with them.

Where one person may have several seats at once, as in a cluster, the contestants of a race for images or MACs train
side by side, each to its end: their budgets are no time. A race for seconds has turns everywhere, since two runs on one
machine take each other's time.

A race begins and ends through a person's hand, which holds it to what that person may do.
"""

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cnnviz.errors import CnnvizError
from cnnviz.events import Evaluated, Started
from cnnviz.specs.training import Action
from cnnviz.training.executor import Executor
from cnnviz.training.owned import OwnedRuns
from cnnviz.training.race import (
    Budget,
    Lane,
    Measured,
    RaceSpec,
    Turn,
    Winner,
    lane_of,
    next_turn,
    points_on,
    winner,
    within_budget,
)
from cnnviz.training.race_files import RaceFiles, RaceRecord, new_race_id
from cnnviz.training.records import RunRecord

GOING_OF_OWNER: Final = 2
GOING: Final = 60
"""Races at once, of one owner and of everybody: each is a thread."""
_LOOK: Final = 0.05  # seconds between two looks at a run whose turn it is
_WAIT: Final = 0.5  # seconds between two looks at one that waits, and before a refused turn is asked for again
_STORE: Final = "store_unusable"  # the code of what passes: a disk is full or away, somebody holds the database


class Races:
    """The races of a server.

    Args:
        executor: where the runs go.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._files = RaceFiles(executor.store.folder / "races")
        self._lock = threading.RLock()
        self._threads: dict[str, tuple[threading.Thread, str]] = {}  # id → thread, owner

    def start(
        self,
        spec: RaceSpec,
        hand: OwnedRuns,
        *,
        macs: tuple[int, ...],
        expected: tuple[float, ...] = (),
        prediction: tuple[int, float | None] | None = None,
    ) -> str:
        """Begin a race; returns its id.

        Args:
            spec: who races and for how much.
            hand: whose race it is; each contestant is one run that this hand starts, all of them with one press.
            macs: of each contestant's network for one image, forward.
            expected: seconds that each will need in all; 0 where nobody knows.
            prediction: see `RaceRecord`.

        Raises:
            CnnvizError: if the budget cannot be used by one of the contestants, the hand may not start them, too many
                races are going, or the store cannot be written.
        """
        asked = [
            within_budget(config, spec.budget, spec.amount, cost, most_epochs=hand.most_epochs)
            for config, cost in zip(spec.contestants, macs, strict=True)
        ]
        for_seconds = spec.budget == "seconds"
        if for_seconds:  # as the run of one contestant it would be one with this limit
            asked = [config.replace(time_budget=spec.amount) for config in asked]
        with self._lock:
            self._refuse_one_more(hand.owner)
            with hand.admitted(asked) as allowed:
                configs = tuple(config.replace(time_budget=0.0) for config in allowed) if for_seconds else allowed
                race = RaceRecord(
                    new_race_id(), hand.owner, spec, ("",) * len(configs), macs, configs, expected, (), prediction,
                    time.time(),
                )  # fmt: skip
                self._files.make_room(hand.owner, set(self._threads))
                self._files.keep(race)
            self._begin(race)
        return race.id

    def record(self, race_id: str) -> RaceRecord:
        """A race.

        Raises:
            CnnvizError: if there is none.
        """
        return self._files.read(race_id)

    def latest(self, owner: str, limit: int = 5) -> tuple[RaceRecord, ...]:
        """The newest races of an owner."""
        return self._files.latest(owner, limit)

    def going(self, race_id: str) -> bool:
        """Whether turns are given on this server now."""
        with self._lock:
            return race_id in self._alive()

    def resume(self, race_id: str, hand: OwnedRuns) -> None:
        """Give turns from here on, unless that goes on already.

        Raises:
            CnnvizError: if there is no such race, it is somebody else's, or too many are going.
        """
        race = self._of(hand, race_id, "resume")
        with self._lock:
            if not self.going(race_id):
                self._refuse_one_more(race.owner)
                self._begin(race)

    def take_out(self, race_id: str, number: int, hand: OwnedRuns) -> None:
        """A contestant gives up; the others keep their budgets.

        Raises:
            CnnvizError: if there is no such race, or it is somebody else's.
        """
        with self._lock:
            race = self._of(hand, race_id, "stop")
            if number not in range(len(race.runs)) or number in race.out:
                return
            self._files.keep(replace(race, out=(*race.out, number)))
        if race.runs[number]:
            self._executor.command(race.runs[number], "stop")

    def stop(self, race_id: str, hand: OwnedRuns) -> None:
        """Everybody gives up.

        Raises:
            CnnvizError: if there is no such race, or it is somebody else's.
        """
        for number in range(len(self.record(race_id).runs)):
            self.take_out(race_id, number, hand)

    def _of(self, hand: OwnedRuns, race_id: str, action: Action) -> RaceRecord:
        """A race that this hand may end or lead on; an owner never changes, so asking before doing is enough."""
        race = self.record(race_id)
        if not hand.may_command(race, action):
            raise CnnvizError("race_not_yours", value=race_id)
        return race

    def _alive(self) -> dict[str, str]:
        """The owners of the races that are going; with the lock held."""
        self._threads = {race_id: one for race_id, one in self._threads.items() if one[0].is_alive()}
        return {race_id: owner for race_id, (_thread, owner) in self._threads.items()}

    def _refuse_one_more(self, owner: str) -> None:
        going = list(self._alive().values())
        if going.count(owner) >= GOING_OF_OWNER:
            raise CnnvizError("races_of_owner", limit=GOING_OF_OWNER)
        if len(going) >= GOING:
            raise CnnvizError("races_full", limit=GOING)

    def _begin(self, race: RaceRecord) -> None:
        thread = threading.Thread(target=self._run, args=(race.id,), name=f"race {race.id}", daemon=True)
        self._threads[race.id] = thread, race.owner
        thread.start()

    # how it stands

    def exists(self, run_id: str) -> bool:
        """Whether a run is still there: its owner may have deleted it.

        Raises:
            CnnvizError: if the store cannot be read now.
        """
        try:
            self._executor.store.record(run_id)
        except CnnvizError as error:
            if error.code == _STORE:
                raise
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
        """Turn after turn; a store that cannot be used now is waited for, a race that was forgotten is over."""
        going = True
        while going:
            try:
                going = self._go_on(race_id)
            except CnnvizError as error:
                if error.code != _STORE:
                    return
                time.sleep(_WAIT)

    def _go_on(self, race_id: str) -> bool:
        """Give the next turn, or all at once, and wait for its end; returns whether there may be another one."""
        race = self.record(race_id)
        turns = self._turns(race)
        if not turns:
            return False
        given: list[str] = []
        try:
            for turn in turns:
                given.append(self._give(race, turn.contestant, turn.seconds))
                race = self.record(race_id)
        except CnnvizError as error:
            if error.code == _STORE:
                raise
            if not error.code.startswith("queue_full"):
                self._files.keep(replace(self.record(race_id), out=tuple(range(len(race.runs)))))
                return False
            time.sleep(_WAIT)  # others are waiting: theirs first
        return all(self._wait_for(run_id) != "interrupted" for run_id in given)  # the server ends

    def _turns(self, race: RaceRecord) -> Sequence[Turn]:
        """Who trains next: one of them; all at once where their budget is no time and there are seats for several."""
        lanes = self.lanes(race)
        if race.spec.budget != "seconds" and self._executor.seats_per_owner > 1:
            return [Turn(number, math.inf) for number, lane in enumerate(lanes) if lane.waits]
        turn = next_turn(lanes, race.spec.budget, race.spec.amount, race.expected)
        return [] if turn is None else [turn]

    def _wait_for(self, run_id: str) -> str:
        """How a run has ended; "" for one that was deleted."""
        while self.exists(run_id):
            record = self._executor.store.record(run_id)
            if record.ended:
                return record.state
            time.sleep(_WAIT if record.state == "queued" else _LOOK)
        return ""

    def _give(self, race: RaceRecord, number: int, seconds: float) -> str:
        """Let a contestant train for so many seconds; returns its run."""
        store, run_id, whole = self._executor.store, race.runs[number], race.configs[number]
        used = store.record(run_id).seconds if run_id else 0.0
        limits = [one for one in (whole.time_budget, used + seconds) if one and not math.isinf(one)]
        config = whole.replace(time_budget=min(limits, default=0.0))
        if run_id:
            self._executor.continue_run(run_id, config)
        else:
            name = race.spec.names[number] if number < len(race.spec.names) else ""
            run_id = self._executor.submit(config, owner=race.owner, name=name, group=f"race {race.id}")
            try:
                self._note_run(race.id, number, run_id)
            except CnnvizError:  # no contestant may have two runs
                self._executor.command(run_id, "stop")
                raise
        if number in self.record(race.id).out:  # taken out in this moment, by somebody who saw no run to stop
            self._executor.command(run_id, "stop")
        return run_id

    def _note_run(self, race_id: str, number: int, run_id: str) -> None:
        with self._lock:
            race = self.record(race_id)
            runs = tuple(run_id if other == number else run for other, run in enumerate(race.runs))
            self._files.keep(replace(race, runs=runs))

    def _lane(self, race: RaceRecord, number: int) -> Lane:
        store, run_id = self._executor.store, race.runs[number]
        if not run_id:
            return Lane(out=number in race.out)
        if not self.exists(run_id):  # its owner has deleted it
            return Lane(out=True)
        record: RunRecord = store.record(run_id)
        events = [event for _sequence, event in store.events(run_id)]
        return lane_of(
            record, events, store.steps(run_id).seconds.tolist(), race.spec.budget, race.spec.amount,
            out=number in race.out, limit=race.configs[number].time_budget,
        )  # fmt: skip
