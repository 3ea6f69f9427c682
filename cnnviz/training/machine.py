"""Network, optimiser and random generators of a run: one step, one measurement of the test set, and what is saved."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnviz.architectures.building import build
from cnnviz.architectures.dropout import own_randomness
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.batches import Augment
from cnnviz.training.checkpoints import Position, Saved, optimizer_tensors, restore_optimizer
from cnnviz.training.choices import Choices
from cnnviz.training.kernels import use_kernels
from cnnviz.training.randomness import generator


class Machine:
    """What a run computes with.

    The weights are drawn on the CPU, so that a seed means the same network on every device.

    Raises:
        CnnvizError: if the network cannot be built or cannot take its input.
    """

    def __init__(self, config: TrainingConfig, choices: Choices) -> None:
        self._config, self._choices = config, choices
        device = choices.device
        self._random = {
            "dropout": generator(config.seed, "dropout", device=device),  # as many draws as values: on the device
            "augmentation": generator(config.seed, "augmentation"),  # a few numbers an image: no device waits for them
        }
        network = build(
            config.architecture, generator=generator(config.seed, "weights"), initialization=config.initialization
        )
        network = own_randomness(network.to(device), self._random["dropout"])
        if choices.channels_last:
            network = network.to(memory_format=torch.channels_last)
        use_kernels(network, choices.kernels)
        self._network: nn.Module = network.train()
        self._optimizer = _optimizer(config, network, choices.fused)

    @property
    def parameters(self) -> int:
        """How many weights and biases are trained."""
        return sum(parameter.numel() for parameter in self._network.parameters() if parameter.requires_grad)

    @property
    def finite(self) -> bool:
        """Whether every weight and every running statistic is a number."""
        floats = [tensor for tensor in self._network.state_dict().values() if tensor.is_floating_point()]
        return all(bool(tensor.isfinite().all()) for tensor in floats)

    @property
    def augmentation(self) -> Augment | None:
        """What is done to training batches, with its own generator; None for nothing."""
        if self._config.augmentation is None:
            return None
        from cnnviz.augmentation import Pipeline

        pipeline, random = Pipeline.of(self._config.augmentation), self._random["augmentation"]
        return lambda images: pipeline.apply_batch(images, random)

    def train_step(self, inputs: Tensor, labels: Tensor, learning_rate: float) -> tuple[Tensor, Tensor]:
        """Forward, backward, update; returns the batch's mean loss and its right answers, scalars on the device.

        Both belong to the forward pass that the update came from: there is no second one, and nothing waits for them.
        """
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        inputs, targets = self._mixed(inputs, labels)
        with self._autocast():
            logits = self._network(inputs)
        logits = logits.float()
        loss = functional.cross_entropy(logits, targets, label_smoothing=self._config.label_smoothing)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self._config.gradient_clip:
            nn.utils.clip_grad_norm_(self._network.parameters(), self._config.gradient_clip)
        self._optimizer.step()
        return loss.detach(), (logits.detach().argmax(1) == labels).sum()

    def _mixed(self, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The batch after MixUp and CutMix, where the chain has them: inputs, and shares of the classes (B, 10).

        Right answers are still counted by the images' own labels, so training accuracy reads low under mixing.
        """
        chain = self._config.augmentation
        if chain is None or not chain.mixing:
            return inputs, labels
        from cnnviz.augmentation import Pipeline

        shares = functional.one_hot(labels, self._config.architecture.num_classes).float()
        return Pipeline.of(chain).mix(inputs, shares, self._random["augmentation"])

    def evaluate(
        self, batches: Iterable[tuple[Tensor, Tensor]], *, stopping: Callable[[], bool] = lambda: False
    ) -> tuple[float, float, int] | None:
        """(loss, accuracy, images) in evaluation mode and without gradients; the network trains on afterwards.

        Args:
            batches: the test images and labels.
            stopping: asked between batches; if it says yes the measurement is given up and None returned.
        """
        device = self._choices.device
        loss, right = torch.zeros((), device=device), torch.zeros((), dtype=torch.long, device=device)
        images = 0
        self._network.eval()
        try:
            with torch.inference_mode():
                for inputs, labels in batches:
                    if stopping():
                        return None
                    with self._autocast():
                        logits = self._network(inputs)
                    logits = logits.float()
                    loss += functional.cross_entropy(logits, labels, reduction="sum")
                    right += (logits.argmax(1) == labels).sum()
                    images += len(labels)
        finally:
            self._network.train()
        return loss.item() / images, right.item() / images, images

    def saved(self, position: Position) -> Saved:
        """Everything that a checkpoint holds; the tensors are the live ones."""
        random = {name: generator.get_state() for name, generator in self._random.items()}
        return Saved(position, self._network.state_dict(), optimizer_tensors(self._optimizer), random)

    def restore(self, saved: Saved) -> None:
        """Take over the tensors of a checkpoint of the same network."""
        self._network.load_state_dict(saved.model)
        restore_optimizer(self._optimizer, saved.optimizer)
        for name, random in self._random.items():
            state = saved.random[name]
            if len(state) == len(random.get_state()):  # another kind of device has another kind of state
                random.set_state(state)

    def close(self) -> None:
        """The run is over."""

    def _autocast(self) -> AbstractContextManager[Any]:
        """Convolutions and dense layers in bfloat16 where that was chosen; weights and losses stay in float32."""
        if self._choices.precision == "bfloat16":
            return torch.autocast(self._choices.device.type, torch.bfloat16)
        return nullcontext()


class LostError(RuntimeError):
    """One of the processes that share a run has ended; the text is what it said last.

    Args:
        words: the end of its standard error.
        reason: how it ended.
    """

    def __init__(self, words: str, reason: str) -> None:
        super().__init__(words)
        self.reason = reason


def _optimizer(config: TrainingConfig, network: nn.Module, fused: bool) -> torch.optim.Optimizer:
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    options: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    if fused:
        options["fused"] = True
    match config.optimizer:
        case "sgd":
            return torch.optim.SGD(parameters, momentum=config.momentum, **options)
        case "adam":
            return torch.optim.Adam(parameters, **options)
        case "adamw":
            return torch.optim.AdamW(parameters, **options)
