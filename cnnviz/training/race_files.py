"""Races as they are kept: each is a file beside the runs, and only so many of them.

Whose a race is and when it began is remembered, so that a list of somebody's races opens only theirs.
"""

import json
import re
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.race import RaceSpec, within_budget

KEPT_OF_OWNER: Final = 20
KEPT: Final = 500
"""Files; the oldest make room, one's own first."""
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_ID: Final = re.compile(r"[a-z2-9]{8}")


@dataclass(frozen=True, slots=True)
class RaceRecord:
    """A race as it is kept.

    Attributes:
        id: short, random, safe in a link.
        owner: whose it is.
        spec: who races and for how much.
        runs: the id of each contestant's run; "" before its first turn.
        macs: of each contestant's network for one image, forward.
        configs: what each contestant's run may use up in all; a time budget in it is the class's.
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
    configs: tuple[TrainingConfig, ...]
    expected: tuple[float, ...] = ()
    out: tuple[int, ...] = ()
    prediction: tuple[int, float | None] | None = None
    created: float = 0.0


def new_race_id() -> str:
    """Short, random, safe in a link."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


class RaceFiles:
    """The races in a folder; safe to share between threads.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, float]] = {}  # id → owner, created

    def read(self, race_id: str) -> RaceRecord:
        """A race.

        Raises:
            CnnvizError: if there is none.
        """
        try:
            if not _ID.fullmatch(race_id):
                raise ValueError(race_id)
            data: dict[str, Any] = json.loads(self._path(race_id).read_text("utf-8"))
            prediction, spec, macs = data["prediction"], RaceSpec.parse(data["spec"]), tuple(data["macs"])
            return RaceRecord(
                id=data["id"],
                owner=data["owner"],
                spec=spec,
                runs=tuple(data["runs"]),
                macs=macs,
                configs=_configs(data, spec, macs),
                expected=tuple(data["expected"]),
                out=tuple(data["out"]),
                prediction=None if prediction is None else (int(prediction[0]), prediction[1]),
                created=float(data["created"]),
            )
        except (OSError, TypeError, ValueError, KeyError) as error:
            raise CnnvizError("race_unknown", value=str(race_id)[:40]) from error

    def latest(self, owner: str, limit: int) -> tuple[RaceRecord, ...]:
        """The newest races of an owner; no others are read."""
        mine = [(created, race_id) for race_id, (whose, created) in self._look().items() if whose == owner]
        return tuple(self.read(race_id) for _created, race_id in sorted(mine, reverse=True)[:limit])

    def keep(self, race: RaceRecord) -> None:
        """Write a race down.

        Raises:
            CnnvizError: if that cannot be done; what was kept of it before is still there then.
        """
        data: dict[str, Any] = {
            "id": race.id, "owner": race.owner, "spec": race.spec.model_dump(mode="json"), "runs": race.runs,
            "macs": race.macs, "configs": [config.model_dump(mode="json") for config in race.configs],
            "expected": race.expected, "out": race.out, "prediction": race.prediction, "created": race.created,
        }  # fmt: skip
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = self._path(race.id).with_suffix(".unfinished")
            unfinished.write_text(json.dumps(data), "utf-8")
            unfinished.replace(self._path(race.id))
        except OSError as error:
            raise CnnvizError("store_unusable", folder=str(self._folder), reason=str(error)) from error

    def make_room(self, owner: str, going: set[str]) -> None:
        """Let the oldest races go until one more of an owner has room; their runs stay.

        Args:
            owner: whose race is about to be kept.
            going: ids of races that stay.
        """
        known = self._look()
        oldest = sorted((created, race_id) for race_id, (_whose, created) in known.items() if race_id not in going)
        mine = [race_id for _created, race_id in oldest if known[race_id][0] == owner]
        everybody = [race_id for _created, race_id in oldest if race_id not in mine]
        own = sum(whose == owner for whose, _created in known.values())
        gone = mine[: max(0, own - KEPT_OF_OWNER + 1)]
        gone += everybody[: max(0, len(known) - len(gone) - KEPT + 1)]
        for race_id in gone:
            self._path(race_id).unlink(missing_ok=True)

    def _look(self) -> dict[str, tuple[str, float]]:
        """Owner and beginning of every race that is there; a file is opened once in the life of a server."""
        with self._lock:
            there = {path.stem for path in self._folder.glob("*.json") if _ID.fullmatch(path.stem)}
            for race_id in there - self._known.keys():
                try:
                    race = self.read(race_id)
                    self._known[race_id] = race.owner, race.created
                except CnnvizError:  # of another version: nobody's, and the first to make room
                    self._known[race_id] = "", 0.0
            self._known = {race_id: head for race_id, head in self._known.items() if race_id in there}
            return dict(self._known)

    def _path(self, race_id: str) -> Path:
        return self._folder / f"{race_id}.json"


def _configs(data: dict[str, Any], spec: RaceSpec, macs: tuple[int, ...]) -> tuple[TrainingConfig, ...]:
    """What the runs may use up; a race that was kept before this was written down had no rules."""
    if "configs" in data:
        return tuple(map(TrainingConfig.parse, data["configs"]))
    return tuple(
        within_budget(config, spec.budget, spec.amount, cost)
        for config, cost in zip(spec.contestants, macs, strict=True)
    )
