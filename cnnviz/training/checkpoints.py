"""Checkpoints: everything that a run needs to go on, in one safetensors file that is either whole or refused.

A file is written beside its place, flushed to the disk and then moved there, so a reader or a crash never meets half of
one. It holds the weights (`model/…`), the optimiser's state (`optimizer/…`), the states of the run's random generators
(`random/…`) and, as metadata, the position, the settings and a checksum. Which of them a run keeps is up to `keeper`.
"""

import errno
import json
import os
import re
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from cnnviz.errors import CnnvizError
from cnnviz.training.history import BEST, LAST

__all__ = ["BEST", "LAST", "Position", "Saved", "link", "optimizer_tensors", "read", "restore_optimizer", "write"]
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands, apart from its tensors.

    Attributes:
        config: its settings as plain data.
        step: steps done.
        seconds: time spent, pauses left out.
        base_rate: the learning rate before the schedule, as last set by hand.
        loss_sum: sum of the losses of the epoch's images so far.
        right: how many of them were right.
        images: how many they are.
        evaluation: the latest measurement of the test set, (loss, accuracy), or None.
        best_accuracy: the best one so far, or None.
    """

    config: Mapping[str, Any]
    step: int
    seconds: float
    base_rate: float
    loss_sum: float = 0.0
    right: float = 0.0
    images: int = 0
    evaluation: tuple[float, float] | None = None
    best_accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint in memory, its tensors on the CPU under their names without the prefix."""

    position: Position
    model: dict[str, Tensor] = field(default_factory=dict)
    optimizer: dict[str, Tensor] = field(default_factory=dict)
    random: dict[str, Tensor] = field(default_factory=dict)


def write(path: Path, saved: Saved) -> int:
    """Write a checkpoint, whole or not at all; returns its size in bytes.

    Raises:
        OSError: if the disk is full or the folder cannot be written; what was there before is still there.
    """
    tensors = {
        f"{part}/{name}": tensor.detach().to("cpu").contiguous()
        for part in ("model", "optimizer", "random")
        for name, tensor in getattr(saved, part).items()
    }
    metadata = {
        "format": str(FORMAT),
        "position": json.dumps(asdict(saved.position)),
        "checksum": str(_checksum(tensors)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    try:
        save_file(tensors, unfinished, metadata)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    except SafetensorError as error:  # the library wraps what the system refused
        number = re.search(r"os error (\d+)", str(error))
        raise OSError(int(number[1]) if number else errno.EIO, str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    _flush_folder(path.parent)
    return path.stat().st_size


def read(path: Path) -> Saved:
    """Read a checkpoint.

    Raises:
        CnnvizError: if it is missing, damaged or of a newer format.
    """
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}, "random": {}}
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        if int(metadata["format"]) > FORMAT or int(metadata["checksum"]) != _checksum(tensors):
            raise ValueError("another format, or bytes have changed")
        position = json.loads(metadata["position"])
        position["evaluation"] = position["evaluation"] and tuple(position["evaluation"])
        for name, tensor in tensors.items():
            part, _, rest = name.partition("/")
            parts[part][rest] = tensor
        return Saved(Position(**position), **parts)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CnnvizError("checkpoint_damaged") from error


def link(path: Path, other: Path, *, copy: bool = True) -> None:
    """Keep a checkpoint under another name too: the same bytes on the disk where it can do that, else a copy.

    Args:
        path: the checkpoint.
        other: its second name.
        copy: whether a copy will do where the disk knows no second names.

    Raises:
        OSError: if the disk refuses.
    """
    if other.exists() and other.samefile(path):  # moving one name onto another of the same file would do nothing
        return
    unfinished = other.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        os.link(path, unfinished)
    except OSError:
        if not copy:
            raise
        shutil.copyfile(path, unfinished)
    unfinished.replace(other)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an optimiser as named tensors: "<number of the parameter>/<name>"."""
    state = optimizer.state_dict()["state"]
    return {
        f"{number}/{name}": value
        for number, entries in state.items()
        for name, value in entries.items()
        if isinstance(value, Tensor)
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimiser the state that `optimizer_tensors` took, each tensor laid out like its parameter.

    Fused kernels walk through memory, so a buffer in another order would belong to the wrong weights.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, entry = name.partition("/")
        parameter = parameters[int(number)]
        alike = tensor.shape == parameter.shape and entry != "step"
        value = torch.empty_like(parameter, dtype=tensor.dtype).copy_(tensor) if alike else tensor
        state.setdefault(int(number), {})[entry] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _checksum(tensors: Mapping[str, Tensor]) -> int:
    checksum = 0
    for name in sorted(tensors):
        checksum = zlib.crc32(name.encode(), checksum)
        flat = tensors[name].reshape(-1)
        if flat.numel():
            checksum = zlib.crc32(flat.view(torch.uint8).numpy().data, checksum)
    return checksum


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":  # makes the new name itself survive a power cut; Windows has no such call
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
