"""The executor for a cluster: the same queue and the same rules, with workers wherever Ray finds room for them.

`CNNVIZ_RAY_ADDRESS` names a cluster; without it one is started here that only this machine reaches. Each machine needs
the same Python packages and this project at the same place, as the same container image gives it. One run takes
`CNNVIZ_RAY_CPUS` cores and `CNNVIZ_RAY_GPUS` of a GPU, which may be a fraction.
"""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

# Once its cluster is gone Ray would start another one at the next call, open to the network; it reads this at import.
os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
import ray

from cnnviz.errors import CnnvizError
from cnnviz.training.dispatch import QueueExecutor
from cnnviz.training.process import QUIET_THREADS
from cnnviz.training.ray_worker import RayWorker
from cnnviz.training.seats import WorkerLink
from cnnviz.training.settings import slot_count, whole_number
from cnnviz.training.store import PROJECT, RunStore

ADDRESS: Final = "CNNVIZ_RAY_ADDRESS"
WAITING_PER_OWNER: Final = 24  # a sweep of five learning rates by five batch sizes, one of them training
_LOOPBACK: Final = "127.0.0.1"
_KNOCK: Final = 5.0  # seconds


class RayExecutor(QueueExecutor):
    """Runs in a cluster.

    One person's runs may take half of the seats, so that a sweep fans out and a newcomer still finds room.

    Args:
        store: where runs are kept.
        slots: how many may run at once; as many as the cluster has room for if None and `CNNVIZ_SLOTS` is not set.
        apart: behave as if no machine shared the store's folder.
        patience: see `QueueExecutor`.
    """

    def __init__(
        self, store: RunStore, *, slots: int | None = None, apart: bool = False, patience: float | None = None
    ) -> None:
        self._apart = apart
        self._fixed = slots is not None or bool(os.environ.get("CNNVIZ_SLOTS", "").strip())
        self._needs = needs()
        self._started_here = connect()
        super().__init__(store, slots=slots, waiting_per_owner=WAITING_PER_OWNER, patience=patience)

    def hire(self) -> WorkerLink:
        """An actor wherever there is room.

        Raises:
            OSError: if the cluster is gone.
        """
        options: dict[str, Any] = {**self._needs, "runtime_env": {"env_vars": environment()}}
        if not ray.is_initialized():
            raise OSError("the connection to the cluster is closed")
        try:
            return RayWorker(options, self.store.mark, apart=self._apart)
        except ray.exceptions.RayError as error:
            raise OSError(str(error)) from error

    def default_slots(self) -> int:
        """What the environment says, else how many runs the cluster has room for now."""
        return slot_count() if os.environ.get("CNNVIZ_SLOTS", "").strip() else room(self._needs)

    @property
    def seats(self) -> int:
        """A cluster grows and shrinks; so does the number of its seats, unless it was fixed."""
        return self.slots if self._fixed else self.default_slots()

    @property
    def seats_per_owner(self) -> int:
        """Half of them, at least one."""
        return max(1, self.seats // 2)

    def close(self) -> None:
        """See `Executor.close`; a cluster that was started here ends with it."""
        super().close()
        if self._started_here and ray.is_initialized():
            ray.shutdown()


def connect() -> bool:
    """Connect to the cluster, or start one on this machine's loopback; returns whether one was started.

    Raises:
        CnnvizError: if the cluster does not answer.
    """
    if ray.is_initialized():
        return False
    address = os.environ.get(ADDRESS, "").strip()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing about the people in the class leaves this machine
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False, "namespace": "cnnviz"}
    try:
        with _on_loopback():
            if address:
                _knock(address)
                ray.init(address=address, **options)
            else:
                # Newer versions of Ray ask for a token; from the environment it needs no file in somebody's home.
                os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
                ray.init(address="local", include_dashboard=False, _node_ip_address=_LOOPBACK, **options)
    except (OSError, RuntimeError, ValueError) as error:
        raise CnnvizError("cluster_missing", address=address or _LOOPBACK, reason=str(error)[:200]) from error
    return not address


def _knock(address: str) -> None:
    """Ray waits minutes for a cluster that is not there.

    Raises:
        OSError: if nobody listens at host:port; other forms of address are left to Ray.
    """
    host, _colon, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Ray takes 127.0.0.1 for a slip and puts the machine's outer address in its place; here it is meant."""
    services: Any = ray._private.services
    resolve = services.resolve_ip_for_localhost
    services.resolve_ip_for_localhost = lambda host: host
    try:
        yield
    finally:
        services.resolve_ip_for_localhost = resolve


def needs() -> dict[str, float]:
    """What a run takes of its machine: cores, and a share of a GPU.

    Raises:
        CnnvizError: if the environment asks for what cannot be.
    """
    cores = whole_number("CNNVIZ_RAY_CPUS", 1, lowest=1, highest=1024)
    text = os.environ.get("CNNVIZ_RAY_GPUS", "").strip()
    try:
        gpus = float(text or 0)
    except ValueError:
        raise CnnvizError(
            "value_not_a_number", field="CNNVIZ_RAY_GPUS", label="CNNVIZ_RAY_GPUS", value=text[:60]
        ) from None
    if not 0 <= gpus <= 64:
        raise CnnvizError("value_too_large", field="CNNVIZ_RAY_GPUS", label="CNNVIZ_RAY_GPUS", value=text, limit=64)
    return {"num_cpus": float(cores), "num_gpus": gpus}


def room(wanted: dict[str, float]) -> int:
    """How many runs the machines of the cluster hold, each on one of them; at least 1, also when it is gone."""
    if not ray.is_initialized():
        return 1
    found = 0
    for node in ray.nodes():
        if node["Alive"]:
            has = node["Resources"]
            counts = [int(has.get("CPU", 0) // wanted["num_cpus"])]
            if wanted["num_gpus"]:
                counts.append(int(has.get("GPU", 0) / wanted["num_gpus"] + 1e-9))
            found += min(counts)
    return max(1, found)


def environment() -> dict[str, str]:
    """What a worker's machine has to know."""
    path = os.pathsep.join(filter(None, (str(Path(PROJECT)), os.environ.get("PYTHONPATH"))))
    return {**QUIET_THREADS, "PYTHONPATH": path}
