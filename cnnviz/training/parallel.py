"""One run over several processes of a machine: data-parallel training with torch's DistributedDataParallel.

The first process has the run: it goes through the usual `loop`, with its control, limits and checkpoints. The others
only compute. They are told step by step what to do (`Order`), over a connection of its own that waits as long as a
pause lasts. Every process draws the same batches and takes its share of each; gradients are weighted by the shares, so
the curve is that of one process with the same batch, up to the order of additions. Dropout draws in each process for
its own images, so its masks are others than those of one process.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from enum import IntEnum
from typing import Any, Final

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from cnnviz.specs.training import TrainingConfig
from cnnviz.training.batches import Batches
from cnnviz.training.checkpoints import Position, Saved
from cnnviz.training.choices import Choices
from cnnviz.training.machine import Machine
from cnnviz.training.randomness import generator
from cnnviz.training.shared_norm import share_batch_norm
from cnnviz.training.team import Team

_MASKS: Final = "dropout"


class Order(IntEnum):
    """What the first process tells the others."""

    STEP = 0
    SAVE = 1
    RESTORE = 2
    END = 3


class SharedMachine(Machine):
    """One process's part of a machine that several of them are.

    Args:
        config: every setting; the batch size is that of all processes together.
        choices: where this process computes.
        rank: which of the processes it is.
        orders: the processes' connection for orders.
    """

    def __init__(self, config: TrainingConfig, choices: Choices, rank: int, orders: Any) -> None:
        super().__init__(config, choices)
        self._rank, self._size, self._orders = rank, config.processes, orders
        if rank:
            masks = generator(config.seed, _MASKS, rank, device=choices.device)
            self._random[_MASKS].set_state(masks.get_state())
        share_batch_norm(self._network)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # the option's next name is younger than torch 2.9
            self._together = nn.parallel.DistributedDataParallel(self._network, broadcast_buffers=False)

    def train_step(self, inputs: Tensor, labels: Tensor, learning_rate: float) -> tuple[Tensor, Tensor]:
        """See `Machine.train_step`; inputs and labels are the whole batch, and so are the figures returned."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        inputs, targets = self._mixed(inputs, labels)
        whole = len(labels)
        inputs, targets, labels = map(self._share, (inputs, targets, labels))
        with self._autocast():
            logits = self._together(inputs)
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

    def restore(self, saved: Saved) -> None:
        """See `Machine.restore`; the masks that this process will draw are its own."""
        random = dict(saved.random)
        if self._rank:
            random[_MASKS] = random.get(f"{_MASKS} {self._rank}", self.masks)
        super().restore(replace(saved, random=random))

    @property
    def masks(self) -> Tensor:
        """The state of what draws this process's masks."""
        return self._random[_MASKS].get_state()


class Leader(SharedMachine):
    """The first process's part: what it does, it tells the others to do as well.

    Raises:
        CnnvizError: if there cannot be so many processes here.
        LostError: if one of them ended.
    """

    def __init__(self, config: TrainingConfig, choices: Choices) -> None:
        self._team = Team(config, choices)
        self._step = 0
        try:
            with self._team.watched():
                super().__init__(config, choices, 0, self._team.orders)
        except BaseException:
            self._team.end()
            raise

    def train_step(self, inputs: Tensor, labels: Tensor, learning_rate: float) -> tuple[Tensor, Tensor]:
        """See `Machine.train_step`.

        Raises:
            LostError: if one of the other processes ended.
        """
        with self._told(Order.STEP, learning_rate):
            figures = super().train_step(inputs, labels, learning_rate)
        self._step += 1
        return figures

    def saved(self, position: Position) -> Saved:
        """See `Machine.saved`; the other processes' masks are in it."""
        saved = super().saved(position)
        with self._told(Order.SAVE):
            masks = [torch.empty_like(saved.random[_MASKS]) for _ in range(self._size)]
            distributed.gather(saved.random[_MASKS], masks, group=self._orders)
        saved.random.update({f"{_MASKS} {rank}": masks[rank] for rank in range(1, self._size)})
        return saved

    def restore(self, saved: Saved) -> None:
        """See `Machine.restore`."""
        with self._told(Order.RESTORE):
            distributed.broadcast_object_list([saved], group=self._orders)
        super().restore(saved)
        self._step = saved.position.step

    def close(self) -> None:
        """The others end."""
        told = False
        with suppress(RuntimeError):  # they are gone already
            self._tell(Order.END)
            told = True
        self._team.end(told=told)

    @contextmanager
    def _told(self, order: Order, rate: float = 0.0) -> Iterator[None]:
        with self._team.watched():
            self._tell(order, rate)
            yield

    def _tell(self, order: Order, rate: float = 0.0) -> None:
        message = torch.tensor((order, self._step, rate), dtype=torch.float64)
        distributed.broadcast(message, 0, group=self._orders)


def follow(config: TrainingConfig, choices: Choices, rank: int, orders: Any) -> None:
    """Be one of the others until the first process says that it is over."""
    machine = SharedMachine(config, choices, rank, orders)
    batches = Batches(config, choices, machine.augmentation)
    step, order, ready = 0, None, None
    while True:
        if ready is None and step < config.total_steps:  # while the first process prepares its own
            epoch, batch = divmod(step, config.steps_per_epoch)
            if order is None or batch == 0:
                order = batches.order(epoch)
            ready = batches.training(order, batch)
        message = torch.empty(3, dtype=torch.float64)
        distributed.broadcast(message, 0, group=orders)
        match Order(int(message[0])):
            case Order.STEP:
                assert ready is not None and step == int(message[1])
                machine.train_step(*ready, float(message[2]))
                step, ready = step + 1, None
            case Order.SAVE:
                distributed.gather(machine.masks, group=orders)
            case Order.RESTORE:
                parcel: list[Any] = [None]
                distributed.broadcast_object_list(parcel, group=orders)
                machine.restore(parcel[0])
                step, order, ready = parcel[0].position.step, None, None
            case Order.END:
                return
