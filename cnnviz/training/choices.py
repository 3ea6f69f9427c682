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


def automatic_threads(config: TrainingConfig | None = None) -> int:
    """Threads for a process that trains: one for each core it may use, or fewer where that is as fast.

    With two cores one thread in bfloat16 is as fast as two in float32 (0.9 to 1.1 times) and leaves one to the page.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores == 2 and config is not None and config.precision != "float32" and _gains_from_bfloat16(config):
        return 1
    return max(1, cores)


def set_threads(config: TrainingConfig) -> None:
    """Give torch the threads that a run asks for, or the automatic number; only for a process that owns itself."""
    torch.set_num_threads(config.threads or automatic_threads(config))


def _device(wanted: str) -> str:
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, there in available.items() if there)
    if not available[wanted]:
        raise CnnvizError("device_missing", field="device", value=wanted)
    return wanted


def _precision(config: TrainingConfig, device: torch.device) -> Precision:
    """Bfloat16 on a processor that computes with it, by one thread; fixed rules and no trial, so that a run repeats.

    By one thread it takes 0.5 to 0.7 of float32's time. By several, oneDNN's kernel for the weights' gradient of a 3×3
    convolution waits in a spinning barrier: alone on the machine it is faster still, but as soon as anything else wants
    a core, a browser say, a step takes 20 to 40 times as long, where float32 loses its fair share. Graphics cards keep
    float32 until bfloat16 is measured on one.
    """
    one_thread = device.type == "cpu" and torch.get_num_threads() == 1
    return "bfloat16" if one_thread and _gains_from_bfloat16(config) else "float32"


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


def _gains_from_bfloat16(config: TrainingConfig) -> bool:
    """Whether this processor has instructions for it (AVX-512 BF16 or AMX) and the network is not as small as LeNet."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    has_instructions = any(getattr(torch.cpu, name, lambda: False)() for name in names)
    return has_instructions and config.architecture.family != "lenet"


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
