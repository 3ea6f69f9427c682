"""What a run takes of a cluster's machines, and how many runs they have room for; plain numbers, without Ray."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cnnviz.errors import CnnvizError
from cnnviz.training.settings import number, whole_number

CPUS: Final = "CNNVIZ_RAY_CPUS"
GPUS: Final = "CNNVIZ_RAY_GPUS"
Resources = Mapping[str, float]
"""What a machine has or has left: "CPU", "GPU" and whatever else Ray counts."""

_NEARLY: Final = 1e-6  # of a share: three thirds of a GPU are a whole one


@dataclass(frozen=True, slots=True)
class Share:
    """What one process of a run takes of its machine.

    Processes that share a run each take whole GPUs, since two of them cannot exchange anything on the same one.

    Attributes:
        cpus: cores.
        gpus: of a GPU, or several; 0 for none.
    """

    cpus: int
    gpus: float

    def of_run(self, processes: int) -> dict[str, float]:
        """What a run of so many processes takes, all of it on one machine, as Ray's actors take it."""
        gpus = self.gpus if processes == 1 else processes * math.ceil(self.gpus)
        return {"num_cpus": float(processes * self.cpus), "num_gpus": float(gpus)}

    def seats_of(self, processes: int) -> int:
        """How many runs of one process would have had that room."""
        taken = self.of_run(processes)
        by_gpu = taken["num_gpus"] / self.gpus if self.gpus else 0.0
        return math.ceil(max(taken["num_cpus"] / self.cpus, by_gpu) - _NEARLY)

    def seats(self, machines: Iterable[Resources]) -> int:
        """How many runs of one process the machines have room for, each on one of them."""
        return sum(self._fit(machine, self.gpus) for machine in machines)

    def most_processes(self, machines: Iterable[Resources]) -> int:
        """Between how many processes a run could be shared on the largest of the machines; at least 1."""
        return max((self._fit(machine, math.ceil(self.gpus)) for machine in machines), default=1) or 1

    def _fit(self, machine: Resources, gpus: float) -> int:
        found = machine.get("CPU", 0) / self.cpus
        if gpus:
            found = min(found, machine.get("GPU", 0) / gpus)
        return int(found + _NEARLY)


def asked_share() -> tuple[int, float | None]:
    """(cores, GPUs) of a process as the environment asks for them; None where it leaves the GPUs open.

    Raises:
        CnnvizError: if it asks for what cannot be.
    """
    cpus = whole_number(CPUS, 1, lowest=1, highest=1024)
    gpus = number(GPUS, lowest=0, highest=64)
    if gpus is not None and gpus > 1 and gpus != int(gpus):
        raise CnnvizError("value_not_allowed", field=GPUS, label=GPUS, value=gpus, allowed="0–1, 2, 3, …, 64")
    return cpus, gpus


def share_for(machines: Iterable[Resources]) -> Share:
    """The share of one process: a GPU of its own where any machine has one, unless the environment says otherwise.

    Raises:
        CnnvizError: as `asked_share`.
    """
    cpus, gpus = asked_share()
    if gpus is None:
        gpus = 1.0 if any(machine.get("GPU", 0) >= 1 for machine in machines) else 0.0
    return Share(cpus, gpus)


def visible(share: Share, processes: int) -> dict[str, str]:
    """What a worker's environment says: its cores, and that it sees no GPU where it has asked for none."""
    hidden = {} if share.gpus else {"CUDA_VISIBLE_DEVICES": ""}
    return {"CNNVIZ_CORES": str(processes * share.cpus), **hidden}
