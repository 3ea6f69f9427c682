"""One run over several processes: data-parallel training with torch's DistributedDataParallel.

    torchrun --standalone --nproc-per-node 2 -m cnnviz.training.parallel '{"architecture": "lenet"}'

Every process draws the same batches and takes its share of each; gradients are weighted by the shares, so the curve is
that of one process with the same global batch, up to the order of additions. That holds for what looks at each image by
itself. Batch norm looks at the batch: on GPUs its statistics are shared between the processes, on a CPU torch has no
such layer, and a network with it is refused. Dropout draws in each process for its own images.

The first process says what happens, an event a line; the others are silent.
"""

import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from cnnviz import __version__
from cnnviz.errors import CnnvizError
from cnnviz.events import Checkpoint, Evaluated, Event, Failed, Finished, Started, Steps, parse_event
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import checkpoints
from cnnviz.training.batches import Batches
from cnnviz.training.checkpoints import Position, Saved
from cnnviz.training.choices import Choices, choose, set_threads
from cnnviz.training.history import LAST
from cnnviz.training.machine import Machine
from cnnviz.training.process import QUIET_THREADS
from cnnviz.training.randomness import generator
from cnnviz.training.recorder import Means, Stopwatch
from cnnviz.training.store import PROJECT

_MOST: Final = 64  # processes of one machine
_BATCH_NORMS: Final = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class SharedMachine(Machine):
    """One process's part of a machine that several of them are; all of them call its methods alike.

    Args:
        config: every setting; the batch size is that of all processes together.
        choices: where this process computes.
        rank: which of the processes it is.
        size: how many there are.

    Raises:
        CnnvizError: if the network looks at the whole batch and this device cannot share that.
    """

    def __init__(self, config: TrainingConfig, choices: Choices, rank: int, size: int) -> None:
        super().__init__(config, choices)
        self._rank, self._size = rank, size
        plain = self._network
        if size > 1 and any(type(module).__name__.startswith("BatchNorm") for module in plain.modules()):
            if choices.device.type != "cuda" or not _only_known_norms(plain):
                raise CnnvizError("batch_norm_not_shared", field="architecture", device=choices.device_name)
            plain = nn.SyncBatchNorm.convert_sync_batchnorm(plain)  # type: ignore[no-untyped-call]  # the parameters stay the optimiser's
        if rank:
            self._random["dropout"].set_state(
                generator(config.seed, "dropout", rank, device=choices.device).get_state()
            )
        self._plain = plain
        self._network = nn.parallel.DistributedDataParallel(plain, broadcast_buffers=False)

    def train_step(self, inputs: Tensor, labels: Tensor, learning_rate: float) -> tuple[Tensor, Tensor]:
        """See `Machine.train_step`; inputs and labels are the whole batch, and so are the figures returned."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        inputs, targets = self._mixed(inputs, labels)
        whole = len(labels)
        inputs, targets, labels = map(self._share, (inputs, targets, labels))
        with self._autocast():
            logits = self._network(inputs)
        logits = logits.float()
        smoothing = self._config.label_smoothing
        loss = functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum") / whole
        self._optimizer.zero_grad(set_to_none=True)
        (loss * self._size).backward()  # type: ignore[no-untyped-call]  # gradients are averaged over the processes
        if self._config.gradient_clip:
            nn.utils.clip_grad_norm_(self._network.parameters(), self._config.gradient_clip)
        self._optimizer.step()
        figures = torch.stack((loss.detach().double(), (logits.detach().argmax(1) == labels).sum().double()))
        distributed.all_reduce(figures)
        return figures[0], figures[1]

    def _share(self, batch: Tensor) -> Tensor:
        return torch.tensor_split(batch, self._size)[self._rank]

    def saved(self, position: Position) -> Saved:
        """See `Machine.saved`; the names are those of the network by itself."""
        shared, self._network = self._network, self._plain
        try:
            return super().saved(position)
        finally:
            self._network = shared


def _only_known_norms(network: nn.Module) -> bool:
    return all(
        isinstance(module, _BATCH_NORMS)
        for module in network.modules()
        if type(module).__name__.startswith("BatchNorm")
    )


def train_shared(config: TrainingConfig, folder: Path | None = None) -> Iterator[Event]:
    """Train as one of the processes of an initialised process group; only the first one's events say anything.

    Raises:
        CnnvizError: what cannot be trained, before the first event.
    """
    rank, size = distributed.get_rank(), distributed.get_world_size()
    choices = choose(config)
    machine = SharedMachine(config, choices, rank, size)
    batches = Batches(config, choices, machine.augmentation)
    clock, means, best = Stopwatch(), Means(), 0.0
    clock.start()
    step, evaluation = 0, (math.nan, math.nan)
    yield _started(config, choices, machine, size)
    for epoch in range(config.epochs):
        order = batches.order(epoch)
        for batch in range(config.steps_per_epoch):
            began = clock.seconds
            rate = config.learning_rate * config.rate_factor(step)
            inputs, labels = batches.training(order, batch)
            loss, right = (float(figure) for figure in machine.train_step(inputs, labels, rate))
            step += 1
            place = {"step": step, "epoch": step / config.steps_per_epoch, "seconds": clock.seconds}
            if not math.isfinite(loss):  # every process sees the same sum, so all of them end here
                parameters = {"step": step, "learning_rate": rate, "suggested": float(f"{rate / 10:.1g}")}
                yield Failed(**place, code="loss_not_finite", parameters=parameters)
                return
            means.add(loss, right, len(labels))
            figures = {
                "train_loss": means.values[0], "train_accuracy": means.values[1], "learning_rate": rate,
                "images_per_second": len(labels) / max(clock.seconds - began, 1e-9),
            }  # fmt: skip
            yield Steps(**place, first_step=step, losses=(loss,), accuracies=(right / len(labels),), **figures)
            if step in config.evaluation_steps:
                measured = machine.evaluate(batches.testing()) if rank == 0 else None
                if measured is not None:
                    evaluation, best = measured[:2], max(best, measured[1])
                    yield Evaluated(
                        **place, test_loss=measured[0], test_accuracy=measured[1], test_images=measured[2], **figures
                    )
                    if folder is not None:
                        position = Position(
                            config=config.model_dump(mode="json"), step=step, seconds=clock.seconds,
                            base_rate=config.learning_rate, loss_sum=means.loss_sum, right=means.right,
                            images=means.images, evaluation=evaluation, best_accuracy=best,
                        )  # fmt: skip
                        size_written = checkpoints.write(folder / LAST, machine.saved(position))
                        yield Checkpoint(**place, file=LAST, bytes=size_written)
        means.start_epoch()
    place = {"step": step, "epoch": float(config.epochs), "seconds": clock.seconds}
    yield Finished(**place, test_loss=evaluation[0], test_accuracy=evaluation[1])


def _started(config: TrainingConfig, choices: Choices, machine: Machine, size: int) -> Started:
    return Started(
        total_steps=config.total_steps,
        steps_per_epoch=config.steps_per_epoch,
        parameters=machine.parameters,
        train_images=config.train_images,
        test_images=config.test_images,
        device=choices.device.type,
        device_name=f"{size} × {choices.device_name}",
        precision=choices.precision,
        threads=torch.get_num_threads(),
        channels_last=choices.channels_last,
        fused_optimizer=choices.fused,
        versions={"python": platform.python_version(), "torch": str(torch.__version__), "cnnviz": __version__},
    )


def launch(config: TrainingConfig, processes: int, folder: Path | None = None) -> Iterator[Event]:
    """Train over so many processes of this machine; yields the events of `train_shared`.

    Args:
        config: every setting.
        processes: how many; each takes a GPU of its own where there are GPUs.
        folder: where to keep the latest checkpoint; None keeps none.

    Raises:
        CnnvizError: if there cannot be so many, or they ended without a word.
    """
    last = config.train_images % config.batch_size
    most = min(_MOST, config.batch_size, last if last > 1 else _MOST)  # each has an image of every batch
    if processes < 1:
        raise CnnvizError("value_too_small", field="processes", label="processes", value=processes, limit=1)
    if processes > most:
        raise CnnvizError("value_too_large", field="processes", label="processes", value=processes, limit=most)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1",
               "--nproc-per-node", str(processes), "-m", "cnnviz.training.parallel", config.model_dump_json(),
               *([str(folder)] if folder is not None else [])]  # fmt: skip
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    threads = {"OMP_NUM_THREADS": str(config.threads)} if config.threads else {}
    environment = {**os.environ, **QUIET_THREADS, **threads, "PYTHONPATH": path}
    ended = False
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                event = parse_event(line)
                ended = isinstance(event, Finished | Failed)
                yield event
        finally:
            if not ended:
                process.terminate()
    if not ended:
        raise CnnvizError("training_failed", error=f"exit status {process.returncode}")


def main(arguments: list[str]) -> None:
    """Be one of torchrun's processes; the first prints events."""
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    else:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    distributed.init_process_group("nccl" if cuda else "gloo")
    speaks = distributed.get_rank() == 0

    def say(event: Any) -> None:
        if speaks:
            print(event.model_dump_json(), flush=True)

    try:
        config = TrainingConfig.parse(json.loads(arguments[0]))
        set_threads(config)
        for event in train_shared(config, Path(arguments[1]) if len(arguments) > 1 else None):
            say(event)
    except CnnvizError as error:
        say(Failed(code=error.code, parameters=json.loads(json.dumps(error.parameters, default=str))))
    finally:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
