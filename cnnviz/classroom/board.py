"""The board: whose run got the most accuracy out of a second, a multiply-accumulate or a parameter."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

CHANCE: Final = 0.1  # what guessing among ten classes gives

Cost = Literal["seconds", "macs", "parameters"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A run that could stand on the board.

    Attributes:
        run_id: which.
        owner: whose.
        nickname: plain text.
        network: the key of its network.
        accuracy: its best on the test set, share of one.
        seconds: it took, pauses left out.
        macs: multiply-accumulates of the network for one picture.
        parameters: of the network.
    """

    run_id: str
    owner: str
    nickname: str
    network: str
    accuracy: float
    seconds: float
    macs: int
    parameters: int

    def cost(self, kind: Cost) -> float:
        """Seconds, MACs or parameters."""
        return float(getattr(self, kind))


@dataclass(frozen=True, slots=True)
class Standing:
    """A line of the board.

    Attributes:
        place: from 1; equal yields share a place.
        entry: the run.
        yield_: percentage points above chance for one unit of cost.
        unbeaten: whether no run of the board reached as much for less, or more for as little.
    """

    place: int
    entry: Entry
    yield_: float
    unbeaten: bool


def yield_of(entry: Entry, kind: Cost) -> float:
    """Percentage points of test accuracy above chance (10 %) for a second, a MAC or a parameter."""
    return 100 * (entry.accuracy - CHANCE) / max(entry.cost(kind), 1e-9)


def standings(entries: Iterable[Entry], kind: Cost, threshold: float) -> tuple[Standing, ...]:
    """Everybody's best run by its yield, best first.

    Without a threshold the run that learns least would win, since the first points cost almost nothing.

    Args:
        entries: runs, any number of each person.
        kind: what accuracy is bought with.
        threshold: test accuracy from which a run counts, share of one.
    """
    counting = [entry for entry in entries if entry.accuracy >= threshold]
    best: dict[str, Entry] = {}
    for entry in counting:
        other = best.get(entry.owner)
        if other is None or yield_of(entry, kind) > yield_of(other, kind):
            best[entry.owner] = entry
    ranked = sorted(best.values(), key=lambda entry: (-yield_of(entry, kind), -entry.accuracy, entry.run_id))
    lines: list[Standing] = []
    for number, entry in enumerate(ranked, 1):
        worth = yield_of(entry, kind)
        tied = bool(lines) and lines[-1].yield_ == worth
        lines.append(Standing(lines[-1].place if tied else number, entry, worth, is_unbeaten(entry, counting, kind)))
    return tuple(lines)


def is_unbeaten(entry: Entry, others: Iterable[Entry], kind: Cost) -> bool:
    """Whether none of some runs is at least as accurate and as cheap, and better in one of both."""
    mine = entry.accuracy, -entry.cost(kind)
    pairs = ((other.accuracy, -other.cost(kind)) for other in others)
    return not any(pair != mine and pair[0] >= mine[0] and pair[1] >= mine[1] for pair in pairs)
