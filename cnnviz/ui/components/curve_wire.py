"""What travels from the server to the live curves: one block of bytes per tick, a few hundred points at most.

A run with a ticket is sent once, whole; from then on the browser fetches its points itself (see `ui.curve_feed`), in
the same format.

JSON would need three times as many bytes. Each part of a run carries the step before its first point, so the browser
knows whether it joins on to what it has. No streamlit here; the session's memory is handed in.
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.figures.curves import RunCurves, columns, extremes, tail

HISTORY: Final = 1500
"""The most training points of a run that a browser gets at once."""
TAIL: Final = 100
"""The most training points in one update, all running runs together."""
NOT_A_NUMBER: Final = 65535
"""Stands for an accuracy that is not known; shares of one are 0 to 65,534."""

REMINDER: Final = 8
"""A run that stands still says only every so many messages where it stands."""
_ALT: Final = " alt"  # no run's id
Memory = MutableMapping[str, Any]
"""What a browser has been sent: per run its revision, the digest of its look, the last two positions; plain data."""


def message(
    frame: Mapping[str, Any], alt: str, series: Sequence[RunCurves], memory: Memory,
    words: Mapping[str, Any] | None = None,
) -> bytes:  # fmt: skip
    """What to send now, given what was sent before; `memory` is brought up to date.

    The frame, the sentence for a screen reader, and a run's name, colour and marks are sent when they have changed. A
    run that the browser does not know is sent whole, reduced to `HISTORY` points. One that it knows is sent from where
    it stood two messages ago, so that one lost message leaves no gap, or from the last one if that would be too much.
    """
    header: dict[str, Any] = {"runs": []}
    if words is not None:  # whole each time: the browser has heard newer ones meanwhile
        header["words"] = dict(words)
    if memory.get(_ALT) != _digest(alt):
        memory[_ALT] = _digest(alt)
        header["alt"] = alt
    if memory.get("") != _digest(frame):
        memory[""] = _digest(frame)
        header["frame"] = dict(frame)
    moving = sum(_known(run, memory) and _last(run.train_steps) > memory[run.id]["train"][1] for run in series)
    limit = max(TAIL // max(moving, 1), 16)
    blocks: list[NDArray[Any]] = []
    for run in series:
        header["runs"].append(_run(run, memory, limit, blocks))
    for gone in memory.keys() - {run.id for run in series} - {"", _ALT}:
        del memory[gone]
    return encode(header, blocks)


def _known(run: RunCurves, memory: Memory) -> bool:
    return run.id in memory and memory[run.id]["revision"] == run.revision


def _run(run: RunCurves, memory: Memory, limit: int, blocks: list[NDArray[Any]]) -> dict[str, Any]:
    """One run's part of the header; its arrays are appended to `blocks`."""
    train = columns(run.train_steps, run.train_loss, run.train_accuracy)
    test = columns(run.test_steps, run.test_loss, run.test_accuracy)
    last = {"train": _last(train[0]) or run.previous_step, "test": _last(test[0])}
    look = {
        "name": run.name,
        "color": run.color,
        "dash": run.dash,
        "perEpoch": run.steps_per_epoch,
        "total": run.total_steps,
        "marks": [[mark.step, mark.label] for mark in run.marks],
        "band": run.band,
    }
    known = _known(run, memory)
    sent = memory.get(run.id, {})
    entry: dict[str, Any] = {"id": run.id, "rev": run.revision}
    if run.measured:
        entry["measured"] = True
    if not known or sent["look"] != _digest(look):
        entry["look"] = look
    if run.ticket and run.state:
        entry["follow"], entry["state"] = run.ticket, run.state
    positions = _digest(run.positions)
    if not known or sent["positions"] != positions:
        entry["at"] = [[step, float(f"{position:.6g}")] for step, position in run.positions]
    start = {"train": 0, "test": 0}
    if known:
        start["train"] = tail(train[0], sent["train"][0])
        if len(train[0]) - start["train"] > limit:  # rather every new point than old ones again
            start["train"] = tail(train[0], sent["train"][1])
        start["test"] = tail(test[0], sent["test"][0])
    still = known and all(tuple(sent[part]) == (last[part], last[part]) for part in ("train", "test"))
    quiet = sent["quiet"] + 1 if still else 0
    if quiet % REMINDER == 0 and not (known and run.ticket):
        for name, arrays, before in (("train", train, run.previous_step), ("test", test, 0)):
            most = (limit if name == "train" else limit // 2) if known else HISTORY
            at = start[name]
            rest = tuple(array[at:] for array in arrays)
            measured = run.measured and name == "train"
            entry[name] = part(rest, most, int(arrays[0][at - 1]) if at else before, blocks, measured=measured)
    memory[run.id] = {
        "revision": run.revision,
        "quiet": quiet,
        "look": _digest(look),
        "positions": positions,
        **{part: (sent[part][1] if known else last[part], last[part]) for part in ("train", "test")},
    }
    return entry


def part(
    series: Sequence[ArrayLike], limit: int, before: int, blocks: list[NDArray[Any]], *, measured: bool = False
) -> list[int]:
    """Points as [step before them, how many, first step, last step]; their arrays are appended to `blocks`.

    Losses are float32, accuracies 16-bit shares of one. Steps are sent where they are not consecutive: as 16-bit
    distances from the first one, or as int32 where these do not suffice.

    Args:
        series: steps, losses and accuracies of equal length.
        limit: the most points to send; more are reduced to their outline.
        before: the step before the first of them.
        blocks: the arrays of the message so far.
        measured: whether there is another measure in place of the accuracies, sent as float32.
    """
    steps, loss, accuracy = columns(*series)
    if len(steps) > limit:
        # Half of the points keep the outline of the loss, half that of the accuracy.
        half = max(limit // 2, 4)
        chosen = np.union1d(extremes(loss, half), extremes(accuracy, half))
        steps, loss, accuracy = steps[chosen], loss[chosen], accuracy[chosen]
    count = len(steps)
    if not count:
        return [before, 0, 0, before]
    first, last = int(steps[0]), int(steps[-1])
    if last - first != count - 1:
        blocks.append((steps - first).astype("<u2") if last - first < 2**16 else steps.astype("<i4"))
    blocks += [loss.astype("<f4"), accuracy.astype("<f4") if measured else _shares(accuracy)]
    return [before, count, first, last]


def _shares(accuracy: NDArray[Any]) -> NDArray[Any]:
    """Shares of one as 16-bit integers, exact to 0.00001."""
    whole = np.round(np.nan_to_num(np.clip(accuracy, 0, 1), nan=0) * (NOT_A_NUMBER - 1))
    return np.where(np.isnan(accuracy), NOT_A_NUMBER, whole).astype("<u2")


def encode(header: Mapping[str, Any], blocks: Iterable[NDArray[Any]]) -> bytes:
    """The header's length (uint32), the header as JSON, then the arrays; little-endian, each padded to 4 bytes.

    Raises:
        ValueError: if the header contains a number that JSON cannot express.
    """
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + b"".join(_padded(block.tobytes()) for block in blocks)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _last(steps: Any) -> int:
    return int(steps[-1]) if len(steps) else 0
