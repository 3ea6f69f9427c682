"""The executor for a cluster: the same queue and the same rules, with workers wherever Ray finds room for them.

`CNNVIZ_RAY_ADDRESS` names a cluster; without it one is started here that only this machine reaches. Each machine needs
the same Python packages and this project at the same place, as the same container image gives it. A run takes
`CNNVIZ_RAY_CPUS` cores and `CNNVIZ_RAY_GPUS` of a GPU, which may be a fraction, for each of its processes (`ray_room`).
"""

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

# Once its cluster is gone Ray would start another one at the next call, open to the network; it reads this at import.
os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
import ray

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.dispatch import QueueExecutor
from cnnviz.training.journal import Trouble
from cnnviz.training.process import QUIET_THREADS
from cnnviz.training.ray_room import Resources, Share, asked_share, share_for, visible
from cnnviz.training.ray_worker import RayWorker
from cnnviz.training.seats import WorkerLink
from cnnviz.training.settings import process_limit, slot_count
from cnnviz.training.store import PROJECT, RunStore

ADDRESS: Final = "CNNVIZ_RAY_ADDRESS"
WAITING_PER_OWNER: Final = 24  # a sweep of five learning rates by five batch sizes, one of them training
IDLE_SECONDS: Final = 60.0  # until a worker without a run gives its room back
_ROUND: Final = 2.0  # seconds between two looks at the cluster
_LOOPBACK: Final = "127.0.0.1"
_TOKEN: Final = "RAY_AUTH_TOKEN"
_KNOCK: Final = 5.0  # seconds


class RayExecutor(QueueExecutor):
    """Runs in a cluster.

    One person's runs may take half of the seats, so that a sweep fans out and a newcomer still finds room. A worker
    that has had nothing to do for a minute gives its room back; in a cluster of this machine alone one stays, so that
    a click is quick.

    Args:
        store: where runs are kept.
        slots: how many may run at once; as many as the cluster has room for if None and `CNNVIZ_SLOTS` is not set.
        waiting_per_owner: how many runs of one owner may wait.
        apart: behave as if no machine shared the store's folder.
        patience: see `QueueExecutor`.
    """

    def __init__(
        self,
        store: RunStore,
        *,
        slots: int | None = None,
        waiting_per_owner: int = WAITING_PER_OWNER,
        apart: bool = False,
        patience: float | None = None,
    ) -> None:
        self._apart = apart
        self._fixed = slots is not None or bool(os.environ.get("CNNVIZ_SLOTS", "").strip())
        asked_share()  # what cannot be is said before a cluster is looked for
        self._started_here = connect()
        super().__init__(store, slots=slots, waiting_per_owner=waiting_per_owner, patience=patience)
        self._house = threading.Thread(target=self._keep_house, name="cluster", daemon=True)
        self._house.start()

    def hire(self, shape: int) -> WorkerLink:
        """An actor wherever there is room for so many processes.

        Raises:
            OSError: if the cluster is gone.
        """
        if not ray.is_initialized():
            raise OSError("the connection to the cluster is closed")
        share = self._share
        options: dict[str, Any] = {
            **share.of_run(shape),
            "runtime_env": {"env_vars": {**environment(), **visible(share, shape)}},
        }
        try:
            return RayWorker(options, self.store.mark, apart=self._apart)
        except ray.exceptions.RayError as error:
            raise OSError(str(error)) from error

    def shape_of(self, config: TrainingConfig) -> int:
        """All processes of a run are on one machine, so a worker needs room for as many."""
        return config.processes

    def seats_of(self, shape: int) -> int:
        """As many as its share of a machine would have held."""
        return self._share.seats_of(shape)

    def default_slots(self) -> int:
        """What the environment says, else how many runs the cluster has room for now; at least 1."""
        if os.environ.get("CNNVIZ_SLOTS", "").strip():
            return slot_count()
        return max(1, self._share.seats(machines(free=True)))

    @property
    def seats(self) -> int:
        """The places that its workers have and those that are free: a cluster grows and shrinks and has other users.

        At least 1, so that a run is heard of and fails in words when the cluster is gone. Fixed if that was asked for.
        """
        if self._fixed:
            return self.slots
        placed = sum(worker.size for worker in self._alive if worker.process.placed)
        return max(1, placed + self._share.seats(machines(free=True)))

    @property
    def keeps_one(self) -> bool:
        """In a cluster of this machine alone."""
        return self._started_here

    @property
    def seats_per_owner(self) -> int:
        """Half of them, at least one."""
        return max(1, self.seats // 2)

    @property
    def most_processes(self) -> int:
        """As many as the largest machine has room for; without GPUs only if the environment asks for it."""
        share, limit = self._share, process_limit()
        largest = share.most_processes(machines())
        return min(largest, limit or (largest if share.gpus else 1))

    @property
    def _share(self) -> Share:
        return share_for(machines())

    def warm(self, timeout: float | None = None) -> bool:
        """See `QueueExecutor.warm`; in a cluster that others use nobody's room is taken before there is a run."""
        return super().warm(timeout) if self.keeps_one else ray.is_initialized()

    def close(self) -> None:
        """See `Executor.close`; a cluster that was started here ends with it."""
        super().close()
        self._house.join(timeout=_ROUND)
        if self._started_here and ray.is_initialized():
            ray.shutdown()

    def _keep_house(self) -> None:
        """From time to time give back room that is not used, and look whether there is more."""
        silence = Trouble("cluster does not answer", "cluster answers again")
        while not self._closed.wait(_ROUND):
            try:
                self._release(IDLE_SECONDS, keep=1 if self.keeps_one else 0)
                self._look_again()
                silence.worked()
            except ray.exceptions.RayError as error:
                silence.failed(str(error)[:200])


def connect() -> bool:
    """Connect to the cluster, or start one on this machine's loopback; returns whether one was started.

    Raises:
        CnnvizError: if the cluster does not answer.
    """
    if ray.is_initialized():
        return False
    address = os.environ.get(ADDRESS, "").strip()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing about the people in the class leaves this machine
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # what a run sees is said by `ray_room.visible`
    if not os.environ.get(_TOKEN, "set"):
        del os.environ[_TOKEN]  # a composition passes what nobody has set on as nothing
    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False, "namespace": "cnnviz"}
    try:
        with _on_loopback():
            if address:
                _knock(address)
                ray.init(address=address, **options)
            else:
                # Newer versions of Ray ask for a token; from the environment it needs no file in somebody's home.
                os.environ.setdefault(_TOKEN, secrets.token_hex(32))
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


def machines(*, free: bool = False) -> list[Resources]:
    """What each machine of the cluster has, or has left; nothing when it is gone.

    Args:
        free: what nobody uses now, which Ray knows a moment late.
    """
    if not ray.is_initialized():
        return []
    left = ray._private.state.available_resources_per_node() if free else {}
    alive = [node for node in ray.nodes() if node["Alive"]]
    return [left.get(node["NodeID"], {}) if free else node["Resources"] for node in alive]


def environment() -> dict[str, str]:
    """What a worker's machine has to know."""
    path = os.pathsep.join(filter(None, (str(Path(PROJECT)), os.environ.get("PYTHONPATH"))))
    return {**QUIET_THREADS, "PYTHONPATH": path}
