"""What a run takes of its machine: memory and load, looked at no more than once a second."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import torch

_PAUSE: Final = 1.0  # seconds between two looks
_STATM: Final = Path("/proc/self/statm")


def process_memory() -> int | None:
    """Bytes of this process that lie in memory now; where the system only tells the most it ever took, that."""
    with suppress(OSError, ValueError, IndexError):
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    with suppress(ImportError):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return None


class Resources:
    """The latest memory and load of a run.

    On a GPU the memory is what torch's tensors take there and the load the driver's own figure, where it is to be had;
    else the memory is the process's and the load its computing time over all cores of this machine, 0 to 1.

    Args:
        device: where it trains.
        clock: a monotonic clock in seconds.
        work: seconds that this process has computed.
    """

    def __init__(
        self,
        device: torch.device,
        clock: Callable[[], float] = time.monotonic,
        work: Callable[[], float] = time.process_time,
    ) -> None:
        self._device, self._clock, self._work = device, clock, work
        self._looked = clock(), work()
        self._cores = os.cpu_count() or 1
        self._gpu_tells = device.type == "cuda"
        self.memory_bytes: int | None = None
        self.load: float | None = None

    def look(self) -> None:
        """Look again if the last look is a second old; the first memory is looked at at once."""
        now = self._clock()
        if self.memory_bytes is None:
            self.memory_bytes = self._memory()
        passed = now - self._looked[0]
        if passed < _PAUSE:
            return
        worked = self._work()
        self.memory_bytes = self._memory()
        self.load = self._gpu_load()
        if self.load is None:
            self.load = min(1.0, max(0.0, (worked - self._looked[1]) / passed / self._cores))
        self._looked = now, worked

    def _memory(self) -> int | None:
        if self._device.type == "cuda":
            return int(torch.cuda.memory_allocated(self._device))
        return process_memory()

    def _gpu_load(self) -> float | None:
        if self._gpu_tells:
            try:
                return torch.cuda.utilization(self._device) / 100
            except (ImportError, RuntimeError):  # the driver's library is not installed
                self._gpu_tells = False
        return None
