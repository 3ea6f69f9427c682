"""The files of races beside the runs, as far as copying and forgetting go: which there are, and whose they are.

What a race is, and how it goes on, is `race_runner`'s to know.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cnnviz.training.database import Database
from cnnviz.training.records import UNFINISHED

FOLDER: Final = "races"
NAME: Final = re.compile(r"[a-z2-9]{8}\.json")


@dataclass(frozen=True, slots=True)
class KeptRace:
    """What forgetting needs of a race.

    Attributes:
        path: its file.
        owner: whose it is, "" where that cannot be read.
        created: seconds since 1970; 0, and so old, where that cannot be read.
        runs: ids of its runs.
    """

    path: Path
    owner: str = ""
    created: float = 0.0
    runs: tuple[str, ...] = ()


def kept_races(folder: Path) -> Iterator[KeptRace]:
    """The races in a run store's folder."""
    for path in sorted((folder / FOLDER).glob("*.json")):
        if NAME.fullmatch(path.name):
            try:
                data = json.loads(path.read_text("utf-8"))
                yield KeptRace(path, str(data["owner"]), float(data["created"]), tuple(map(str, data["runs"])))
            except (OSError, TypeError, ValueError, KeyError):
                yield KeptRace(path)


def delete_races(database: Database, folder: Path, wanted: Callable[[KeptRace], bool]) -> int:
    """Delete the races that are wanted gone, except those whose runs still go; returns how many.

    Raises:
        CnnvizError: if the store cannot be read.
    """
    marks = ", ".join("?" * len(UNFINISHED))
    with database.reading() as connection:
        going = {row[0] for row in connection.execute(f"SELECT id FROM runs WHERE state IN ({marks})", UNFINISHED)}
    gone = [race.path for race in kept_races(folder) if wanted(race) and not going.intersection(race.runs)]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)
