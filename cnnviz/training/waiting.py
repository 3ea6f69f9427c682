"""The queue of runs, fair between owners: whoever was served longest ago comes next."""

from collections import Counter, deque
from collections.abc import Container, Iterator
from typing import Final, NamedTuple

_REMEMBERED: Final = 1000  # owners, and addresses


class Waiting(NamedTuple):
    """A run that waits: its number in the order of arrival, its id, and the address that it was asked for from."""

    number: int
    run_id: str
    address: str


class FairQueue:
    """Runs that wait; not safe between threads by itself.

    Each owner's runs keep their order. Between owners the next is the one whose last run began longest ago, those who
    had none first: nobody waits for another's second run before their own first. Those who had none take turns between
    their addresses, then by arrival: whoever invents a hundred people at one machine is one of many all the same.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Waiting]] = {}
        self._served: dict[str, int] = {}
        self._turns: dict[str, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, owner: str, run_id: str, address: str = "") -> None:
        """Wait behind the owner's own runs; an owner whose address nobody knows has one of their own."""
        self._count += 1
        self._waiting.setdefault(owner, deque()).append(Waiting(self._count, run_id, address or owner))

    def count(self, owner: str) -> int:
        """How many runs of an owner wait."""
        return len(self._waiting.get(owner, ()))

    def peek(self, busy: Container[str | None] = ()) -> tuple[str, str] | None:
        """(owner, run) that `pop` would take out, or None."""
        return next(((owner, run) for owner, run in self.in_order() if owner not in busy), None)

    def pop(self, busy: Container[str | None] = ()) -> str | None:
        """Take out the next run of an owner who is not busy; None if there is none.

        Args:
            busy: owners who have as many runs going as they may.
        """
        following = self.peek(busy)
        if following is None:
            return None
        owner, run_id = following
        self._count += 1
        for served, who in ((self._served, owner), (self._turns, self._waiting[owner][0].address)):
            served.pop(who, None)
            served[who] = self._count
            if len(served) > _REMEMBERED:
                del served[next(iter(served))]
        self.remove(run_id)
        return run_id

    def remove(self, run_id: str) -> bool:
        """Take a run out; returns whether it was there."""
        for owner, runs in self._waiting.items():
            for entry in runs:
                if entry.run_id == run_id:
                    runs.remove(entry)
                    if not runs:
                        del self._waiting[owner]
                    return True
        return False

    def surplus(self, owner: str, address: str = "") -> str | None:
        """The run that makes room for a newcomer where no more may wait; None if nobody has more than they will.

        It is the newest one of whoever has most, at the address that has most. Where that is the newcomer's own, or
        nobody knows addresses, people are compared and not machines.
        """
        runs = [(run, who) for who, own in self._waiting.items() for run in own]
        of_address, of_owner = Counter(run.address for run, _who in runs), Counter(who for _run, who in runs)
        address = address or owner
        most, count = max(of_address.items(), key=lambda entry: entry[1], default=("", 0))
        if count <= of_address[address] + 1:
            most = address
        there = [(of_owner[who], run) for run, who in runs if run.address == most]
        held, newest = max(there, default=(0, None))
        if newest is None or (most == address and held <= of_owner[owner] + 1):
            return None
        return newest.run_id

    def position(self, run_id: str) -> int | None:
        """1 for the run that comes next, 2 for the one after it, None for one that does not wait."""
        return next((place for place, (_, other) in enumerate(self.in_order(), 1) if other == run_id), None)

    def in_order(self) -> Iterator[tuple[str, str]]:
        """(owner, run) as they will be served if nobody comes or leaves."""
        waiting = {owner: deque(runs) for owner, runs in self._waiting.items()}
        served, turns, count = dict(self._served), dict(self._turns), self._count

        def rank(owner: str) -> tuple[int, int, int]:
            first = waiting[owner][0]
            return served.get(owner, 0), turns.get(first.address, 0), first.number

        while waiting:
            owner = min(waiting, key=rank)
            run = waiting[owner].popleft()
            yield owner, run.run_id
            count += 1
            served[owner] = turns[run.address] = count
            if not waiting[owner]:
                del waiting[owner]
