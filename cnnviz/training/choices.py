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
from cnnviz.training.kernels import BFLOAT16_CONVOLUTIONS, HALVED_POOLING, SPLIT_CONVOLUTIONS, TWO_PASS_BATCH_NORM
from cnnviz.training.settings import whole_number

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
        kernels: what takes the place of torch's own kernels; see `training.kernels`.
    """

    device: torch.device
    device_name: str
    precision: Precision
    channels_last: bool
    fused: bool
    kernels: tuple[str, ...] = ()


def choose(config: TrainingConfig) -> Choices:
    """Device, precision and memory format for a run.

    Raises:
        CnnvizError: if the device asked for is not there.
    """
    device = torch.device(_device(config.device))
    precision = automatic_precision(config, device.type) if config.precision == "auto" else config.precision
    return Choices(
        device,
        _name(device),
        precision,
        _channels_last(config, device),
        _fused(config, device),
        _kernels(config, device, precision),
    )


def automatic_threads(config: TrainingConfig | None = None) -> int:
    """Threads for a process that trains: one for each core it may use, but a single one for LeNet on two cores.

    Its kernels are so short that waking a second thread takes as long as it saves (0.9 to 1.1 times alone on the
    machine, 1.5 times as long beside other work), and one core is left to the page. Processes that share a run share
    the cores. `CNNVIZ_CORES` says that fewer are its own: a cluster's machine has other runs on the others.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(cores, whole_number("CNNVIZ_CORES", cores, lowest=1, highest=2**16))
    if cores == 2 and config is not None and config.architecture.family == "lenet":
        return 1
    return max(1, cores // (1 if config is None else config.processes))


def automatic_precision(config: TrainingConfig, device: str) -> Precision:
    """Bfloat16 on a processor that computes with it; fixed rules and no trial, so that a run repeats.

    It takes 0.5 to 0.7 of float32's time, by several threads only with `kernels.SPLIT_CONVOLUTIONS`. Graphics cards
    keep float32 until bfloat16 is measured on one.

    Args:
        config: the run.
        device: "cpu", "cuda" or "mps".
    """
    return "bfloat16" if device == "cpu" and _gains_from_bfloat16(config) else "float32"


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


def _kernels(config: TrainingConfig, device: torch.device, precision: Precision) -> tuple[str, ...]:
    """What `kernels` says is faster on processors, each for the kind of run that has something for it to do."""
    if device.type != "cpu":
        return ()
    if precision == "bfloat16":
        return (SPLIT_CONVOLUTIONS,) if torch.get_num_threads() > 1 else ()
    if config.architecture.family != "lenet":
        return ()
    exact = HALVED_POOLING, TWO_PASS_BATCH_NORM
    return (*exact, BFLOAT16_CONVOLUTIONS) if config.precision == "auto" and _has_bfloat16() else exact


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
    """Whether this processor computes with it and the network is not as small as LeNet."""
    return _has_bfloat16() and config.architecture.family != "lenet"


@cache
def _has_bfloat16() -> bool:
    """Whether this processor has instructions for it (AVX-512 BF16 or AMX)."""
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
