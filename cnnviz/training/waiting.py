"""The queue of runs, fair between owners: whoever was served longest ago comes next."""

from collections import deque
from collections.abc import Container, Iterator
from typing import Final

_REMEMBERED: Final = 1000  # owners


class FairQueue:
    """Runs that wait; not safe between threads by itself.

    Each owner's runs keep their order. Between owners the next is the one whose last run began longest ago, those who
    had none first, then by arrival: nobody waits for another's second run before their own first.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[int, str]]] = {}
        self._served: dict[str, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, owner: str, run_id: str) -> None:
        """Wait behind the owner's own runs."""
        self._count += 1
        self._waiting.setdefault(owner, deque()).append((self._count, run_id))

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
        self._served.pop(owner, None)
        self._served[owner] = self._count
        if len(self._served) > _REMEMBERED:
            del self._served[next(iter(self._served))]
        self.remove(run_id)
        return run_id

    def remove(self, run_id: str) -> bool:
        """Take a run out; returns whether it was there."""
        for owner, runs in self._waiting.items():
            for entry in runs:
                if entry[1] == run_id:
                    runs.remove(entry)
                    if not runs:
                        del self._waiting[owner]
                    return True
        return False

    def position(self, run_id: str) -> int | None:
        """1 for the run that comes next, 2 for the one after it, None for one that does not wait."""
        return next((place for place, (_, other) in enumerate(self.in_order(), 1) if other == run_id), None)

    def in_order(self) -> Iterator[tuple[str, str]]:
        """(owner, run) as they will be served if nobody comes or leaves."""
        waiting = {owner: deque(runs) for owner, runs in self._waiting.items()}
        served, count = dict(self._served), self._count
        while waiting:
            owner = min(waiting, key=lambda owner: (served.get(owner, 0), waiting[owner][0]))
            yield owner, waiting[owner].popleft()[1]
            count += 1
            served[owner] = count
            if not waiting[owner]:
                del waiting[owner]
