"""The files of checkpoints: their names, which of them to keep along a curve, and how much disk they take.

Everything here works without torch. A name that two checkpoints share on the disk counts once.
"""

import json
import re
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

LAST: Final = "last.safetensors"
BEST: Final = "best.safetensors"
HISTORY_LENGTH: Final = 24
HISTORY_BYTES: Final = 256 * 2**20  # of one run; a larger network keeps fewer
_STEP_FILE: Final = re.compile(r"step-(\d{7,})\.safetensors")
_HEADER_LIMIT: Final = 100_000_000


def step_file(step: int) -> str:
    """The name of the checkpoint that keeps a step of the history."""
    return f"step-{step:07d}.safetensors"


def history(folder: Path) -> tuple[tuple[int, Path], ...]:
    """The checkpoints along a run's curve, (step, file), in order; empty if there are none."""
    found = []
    if folder.is_dir():
        for path in folder.iterdir():
            match = _STEP_FILE.fullmatch(path.name)
            if match:
                found.append((int(match[1]), path))
    return tuple(sorted(found))


def step_of(path: Path) -> int | None:
    """The step that a checkpoint was written after, from its header alone; None if it cannot be read."""
    try:
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            if size > _HEADER_LIMIT:
                return None
            header = json.loads(file.read(size))
        return int(json.loads(header["__metadata__"]["position"])["step"])
    except (OSError, struct.error, KeyError, TypeError, ValueError):
        return None


def capacity(size: int) -> int:
    """How many checkpoints of a size, in bytes, a run keeps along its curve: 24, or fewer of large ones."""
    return min(HISTORY_LENGTH, HISTORY_BYTES // max(1, size))


def dispensable(steps: Sequence[int], keep: int) -> tuple[int, ...]:
    """Which steps to let go so that `keep` are left, spread as evenly as those that there are allow.

    The first and the last stay as long as two may. Of the others the one goes whose neighbours are closest together,
    the earliest first.

    Args:
        steps: in increasing order.
        keep: how many may stay.
    """
    if keep < 2:
        return tuple(steps) if keep < 1 else tuple(steps[:-1])
    left = list(steps)
    gone = []
    while len(left) > keep:
        place = min(range(1, len(left) - 1), key=lambda i: left[i + 1] - left[i - 1])
        gone.append(left.pop(place))
    return tuple(gone)


def disk_usage(files: Iterable[Path]) -> int:
    """Bytes that files take, each once however many names it has."""
    sizes = {}
    for path in files:
        try:
            status = path.stat()
        except OSError:  # gone in the meantime
            continue
        sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())
