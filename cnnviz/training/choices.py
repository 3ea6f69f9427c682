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
        fused: whether the optimiser updates all weights in one kernel.
    """

    device: torch.device
    device_name: str
    precision: Precision
    channels_last: bool
    fused: bool


def choose(config: TrainingConfig) -> Choices:
    """Device, precision and memory format for a run.

    Raises:
        CnnvizError: if the device asked for is not there.
    """
    device = torch.device(_device(config.device))
    precision = _precision(config, device) if config.precision == "auto" else config.precision
    return Choices(device, _name(device), precision, _channels_last(config, device), _fused(config, device))


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


def _precision(config: TrainingConfig, device: torch.device) -> Precision:
    """Bfloat16 on processors that compute with it, except for LeNet, whose layers are too small to gain.

    Measured on two cores with AVX-512 BF16: 0.55 to 0.95 of the time for every other network, LeNet 1 to 1.5 times.
    A fixed rule and no trial, so that a run repeats. Graphics cards keep float32 until it is measured on one.
    """
    small = config.architecture.family == "lenet"
    return "bfloat16" if device.type == "cpu" and _computes_bfloat16() and not small else "float32"


def _channels_last(config: TrainingConfig, device: torch.device) -> bool:
    """Pixel by pixel on processors, except for LeNet with batch norm.

    Measured on two cores: 0.7 to 1 of the time for every network and 0.6 for LeNet; but batch norm over 6 and 16
    channels takes 1.5 times as long. A fixed rule, as for the precision.
    """
    spec = config.architecture
    return device.type == "cpu" and not (spec.family == "lenet" and getattr(spec, "norm", "none") != "none")


def _fused(config: TrainingConfig, device: torch.device) -> bool:
    """Everywhere, except plain SGD on a processor, which is one addition per tensor: the fused kernel takes 3 times."""
    plain = config.optimizer == "sgd" and not config.momentum and not config.weight_decay
    return not (device.type == "cpu" and plain)


def _computes_bfloat16() -> bool:
    """Whether this processor has instructions for it (AVX-512 BF16 or AMX); without them it is slower than float32."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in names)


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
