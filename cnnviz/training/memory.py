"""How much memory a run will need, from the cost report, and how much there is.

Needed, on a processor: a process that has torch and the data in it; weights, gradients and what the optimiser keeps of
each weight; what autograd keeps of a batch and the kernels' workspace beside it, which measured as a multiple of it.
Measured against the peak of real processes for networks from LeNet to ResNet-50, see docs/measurements.md.
"""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cnnviz.inspection import report_of
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.training import TrainingConfig

if TYPE_CHECKING:
    import torch

MIB: Final = 2**20
PROCESS: Final = 840 * MIB  # of a worker in the middle of the smallest run: torch, its kernels, the data set
WARM: Final = 600 * MIB  # of it that a waiting worker holds already, so that it is no longer free
ON_GPU: Final = 600 * MIB  # CUDA's context, cuDNN and the data set
_OPTIMIZER: Final = {"sgd": 0, "adam": 2, "adamw": 2}  # values kept for each weight
_KEPT: Final = {"float32": 1.55, "bfloat16": 0.85}  # peak of a batch over the report's saved bytes, workspace included
_ALIVE: Final = 3  # largest outputs at once while the test set is measured: input, output and a copy in bfloat16
_TEST_PIXELS: Final = 1_000_000  # of one test batch, as in `batches`
_REPORT_BATCH: Final = 8
_UNLIMITED: Final = 2**60  # what cgroup v1 writes when there is no limit is just below 2**63


@dataclass(frozen=True, slots=True)
class Figures:
    """What an estimate needs from a network's cost report; bytes and MACs are for one image.

    Attributes:
        weight_bytes: of all parameters in float32.
        macs: of the forward pass.
        output_bytes: of all layers' outputs together.
        largest_output: of the layer with the largest output.
        saved_bytes: what autograd keeps.
        layers: how many single layers there are.
    """

    weight_bytes: int
    macs: int
    output_bytes: float
    largest_output: float
    saved_bytes: float
    layers: int


@lru_cache(maxsize=512)
def figures_of(spec: ArchitectureSpec) -> Figures:
    """The figures of a network, worked out once.

    Raises:
        CnnvizError: if the network cannot be built or cannot take its input.
    """
    report = report_of(spec, _REPORT_BATCH)
    outputs = [row.output_bytes / _REPORT_BATCH for row in report.leaves]
    return Figures(
        weight_bytes=report.weight_bytes,
        macs=report.macs,
        output_bytes=sum(outputs),
        largest_output=max(outputs, default=0.0),
        saved_bytes=report.saved_bytes / _REPORT_BATCH,
        layers=len(outputs),
    )


@dataclass(frozen=True, slots=True)
class Need:
    """Memory of a run in bytes, as far as it depends on the batch and as far as it does not.

    Attributes:
        fixed: process or GPU context, weights, gradients, optimiser.
        per_image: for each image of a batch.
        testing: for measuring the test set, while no batch is kept.
    """

    fixed: float
    per_image: float
    testing: float

    def at(self, batch_size: int) -> int:
        """Peak with batches of so many images."""
        return round(self.fixed + max(self.testing, batch_size * self.per_image))

    def largest_batch(self, available: float) -> int:
        """The most images for which `at` stays within `available`; 0 if not even one does."""
        if self.fixed + self.testing > available:
            return 0
        return max(0, int((available - self.fixed) / max(self.per_image, 1.0)))


def memory_needed(config: TrainingConfig, device: str, precision: str) -> Need:
    """What a run needs on the device that it computes on; of several GPUs, on each.

    Args:
        config: every setting.
        device: "cpu", "cuda" or "mps".
        precision: "float32" or "bfloat16", as it will be chosen.

    Raises:
        CnnvizError: if the network cannot be built or cannot take its input.
    """
    figures = figures_of(config.architecture)
    momentum = 1.0 if config.optimizer == "sgd" and config.momentum else 0.0
    copies = 2 + _OPTIMIZER.get(config.optimizer, 2) + momentum  # weights and gradients first
    copies += 0.5 if precision == "bfloat16" else 0.0  # the weights once more, for the forward pass
    processes = config.processes
    shared = processes if device == "cuda" else 1  # a GPU has its share of a batch, a computer's memory has all of it
    test_batch = min(config.test_images, max(32, min(1000, _TEST_PIXELS // config.architecture.image_size**2)))
    return Need(
        fixed=((ON_GPU if device == "cuda" else PROCESS) + copies * figures.weight_bytes) * processes / shared,
        per_image=_KEPT[precision] * figures.saved_bytes / shared,
        testing=_ALIVE * test_batch * figures.largest_output,
    )


def memory_available(device: "torch.device") -> int | None:
    """Bytes that a run may take on a device, what a waiting worker holds already included; None if nobody knows.

    For a processor: what the system says is available (Linux), within the limits of the control groups that this
    process is in; elsewhere all the memory that the machine has. For an NVIDIA GPU: what is free on it.
    """
    if device.type == "cuda":
        import torch

        free, _total = torch.cuda.mem_get_info(device)
        return int(free)
    if platform.system() == "Linux":
        amounts = [amount for amount in (_free_in_system(), *_free_in_groups()) if amount is not None]
        return max(0, min(amounts)) + WARM if amounts else None
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no such call
        return None


def _free_in_system(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    for line in _text(meminfo).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _free_in_groups(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> Iterator[int]:
    """What each control group around this process leaves it: limit less use, where pages of files count as free."""
    for line in _text(membership).splitlines():
        _number, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base = root / "memory" if controllers else root
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        folder = base / path.lstrip("/")
        while folder == base or base in folder.parents:
            limit, used = (_text(folder / name).strip() for name in names)
            if limit.isdigit() and used.isdigit() and int(limit) < _UNLIMITED:
                yield int(limit) - int(used) + _file_pages(folder / "memory.stat")
            folder = folder.parent


def _file_pages(stat: Path) -> int:
    wanted = ("inactive_file", "total_inactive_file")
    pairs = (line.split() for line in _text(stat).splitlines())
    return max((int(value) for name, value in pairs if name in wanted), default=0)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
