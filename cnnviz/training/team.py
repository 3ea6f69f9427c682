"""The processes that share a run: started and watched by the first of them, which is the one that has the run.

They meet through a file of their own and talk over the loopback alone. The end of its input is the end of each of them,
so none outlives the first one, however that goes; and the first one notices when one of them is gone. Under `torchrun`
they are there already, on one machine or several, and meet where it says.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psutil
import torch
from torch import distributed

from cnnviz.errors import CnnvizError
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.choices import Choices, choose, set_threads
from cnnviz.training.machine import LostError
from cnnviz.training.process import QUIET_THREADS, tail
from cnnviz.training.store import PROJECT
from cnnviz.training.worker import end_in_words

_PAUSE: Final = timedelta(days=30)  # as long as a run may be paused
_EXCHANGE: Final = timedelta(minutes=2)  # between GPUs, where a process that is gone would be waited for
_NOTICE: Final = 2.0  # seconds in which an end that broke a connection shows
_LEAVE: Final = 5.0  # seconds to end in good order


class Team:
    """The other processes of a run, as the first one has them.

    Args:
        config: every setting.
        choices: where the run computes.

    Attributes:
        orders: the connection for what the first one tells the others.

    Raises:
        CnnvizError: if there are fewer GPUs than processes.
        LostError: if one of them cannot begin.
    """

    def __init__(self, config: TrainingConfig, choices: Choices) -> None:
        self._others: list[_Other] = []
        self._folder: Path | None = None
        if distributed.is_torchelastic_launched():
            self.orders = meet(choices.device, config.processes, 0)
            return
        _check_gpus(config, choices.device)
        self._folder = Path(tempfile.mkdtemp(prefix="cnnviz-team-"))
        place = self._folder / "meeting"
        try:
            for rank in range(1, config.processes):
                self._others.append(_Other(config, rank, place))
            for other in self._others:
                other.wait_until_ready()
            with self.watched():
                self.orders = meet(choices.device, config.processes, 0, place)
        except BaseException:
            self.end()
            raise

    @contextmanager
    def watched(self) -> Iterator[None]:
        """An error in here is the loss of a process, if one was lost.

        Raises:
            LostError: instead of the error that this led to.
        """
        try:
            yield
        except RuntimeError as error:
            end = time.monotonic() + _NOTICE
            while time.monotonic() < end:
                for other in self._others:
                    if other.ended:
                        raise other.loss() from error
                time.sleep(0.01)
            raise

    def end(self, *, told: bool = False) -> None:
        """Leave, and see that the others do.

        Args:
            told: whether they know that it is over, and leave in good order.
        """
        for other in self._others if not told else ():
            other.close_input()
        with suppress(RuntimeError, ValueError):  # a connection that is broken already
            if distributed.is_initialized():
                distributed.destroy_process_group()
        for other in self._others:
            other.end()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class _Other:
    """One of the other processes, as the first one sees it."""

    def __init__(self, config: TrainingConfig, rank: int, place: Path) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cnnviz.training.team", str(rank), str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **QUIET_THREADS, "PYTHONPATH": path},
        )
        assert self._process.stdin is not None
        with suppress(OSError):  # it is gone already, which is noticed where it is waited for
            self._process.stdin.write(config.model_dump_json().encode() + b"\n")
            self._process.stdin.flush()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait_until_ready(self) -> None:
        """Until it has imported what it needs."""
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise self.loss()

    def loss(self) -> LostError:
        """What became of it."""
        code = self._process.wait()
        return LostError(tail(self._errors), f"signal {-code}" if code < 0 else f"exit status {code}")

    def close_input(self) -> None:
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def end(self) -> None:
        try:
            self._process.wait(_LEAVE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.close_input()
        for file in (self._process.stdout, self._errors):
            with suppress(OSError):
                if file is not None:
                    file.close()


def _check_gpus(config: TrainingConfig, device: torch.device) -> None:
    gpus = torch.cuda.device_count() if device.type == "cuda" else 1
    if device.type != "cpu" and gpus < config.processes:
        raise CnnvizError("gpus_too_few", field="processes", processes=config.processes, gpus=gpus)


def meet(device: torch.device, size: int, rank: int, place: Path | None = None) -> Any:
    """Connect with the other processes of a run; returns the connection for orders.

    Args:
        device: where they compute.
        size: how many they are.
        rank: which of them this one is.
        place: a file for all of them; None where `torchrun` has started them.
    """
    kind = "nccl" if device.type == "cuda" else "gloo"
    options: dict[str, Any] = {"timeout": _EXCHANGE} if kind == "nccl" else {}
    if place is None:
        distributed.init_process_group(kind, **options)
    else:
        for variable in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
            os.environ.setdefault(variable, _loopback())
        store = distributed.FileStore(str(place), size)  # type: ignore[attr-defined]
        distributed.init_process_group(kind, store=store, rank=rank, world_size=size, **options)
    return distributed.new_group(backend="gloo", timeout=_PAUSE)


def _loopback() -> str:
    """What this system calls the network of this machine alone."""
    for name, addresses in psutil.net_if_addrs().items():
        if any(address.address == "127.0.0.1" for address in addresses):
            return name
    return "lo"


def belong(config: TrainingConfig, rank: int, place: Path | None = None) -> None:
    """Be one of a run's processes, but not its first, until the run is over."""
    from cnnviz.training.parallel import follow

    if torch.cuda.is_available() and config.device in ("auto", "cuda"):
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", rank)))
    set_threads(config)
    choices = choose(config)
    if place is not None:
        print("ready", flush=True)
        os.dup2(2, 1)  # what else is printed is for the first process to read when this one has failed
    follow(config, choices, rank, meet(choices.device, config.processes, rank, place))
    distributed.destroy_process_group()


def _end_with_the_input(place: Path) -> None:
    sys.stdin.buffer.read()
    shutil.rmtree(place.parent, ignore_errors=True)  # the first process may have been killed
    os._exit(0)


def main(arguments: list[str]) -> None:
    """What `Team` starts: the settings come as the first line of the input, whose end is this process's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process
    config = TrainingConfig.model_validate_json(sys.stdin.buffer.readline())
    rank, place = int(arguments[0]), Path(arguments[1])
    threading.Thread(target=_end_with_the_input, args=(place,), daemon=True).start()
    try:
        belong(config, rank, place)
    except BaseException:
        end_in_words()
    os._exit(0)  # the first process waits for this end, and an orderly one of torch takes a second


if __name__ == "__main__":
    main(sys.argv[1:])
