"""A run's checkpoints brought back to life: filters, feature maps and norms at a step of the past. Needs torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cnnviz.architectures.building import build
from cnnviz.architectures.network import Network
from cnnviz.data import fashion_mnist
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import checkpoints
from cnnviz.training.randomness import generator

MOST_MAPS: Final = 16
"""Channels of a feature map that are shown."""
_PROBE: Final = 64  # training images whose gradient is taken


def restored(config: TrainingConfig, checkpoint: Path) -> nn.Module:
    """The network of a run as a checkpoint has it, in evaluation mode, in float32 on the CPU.

    Raises:
        CnnvizError: if the checkpoint is missing or damaged.
    """
    saved = checkpoints.read(checkpoint)
    network = build(config.architecture, generator=generator(config.seed, "weights"))
    network.load_state_dict(saved.model)
    return network.float().eval()


def inputs_of(images: NDArray[np.uint8], config: TrainingConfig) -> Tensor:
    """Garments (N, 28, 28) as the run's network takes them: scaled to [0, 1], resized, on as many channels as it has.

    The same as the test batches of the training, which `training.batches` cuts on its own device.
    """
    spec = config.architecture
    batch = torch.tensor(np.ascontiguousarray(images)).unsqueeze(1).float().div_(255)
    size = spec.image_size
    if batch.shape[-1] != size:
        batch = functional.interpolate(
            batch, (size, size), mode="bilinear", align_corners=False, antialias=batch.shape[-1] > size
        )
    return batch.expand(-1, spec.in_channels, -1, -1).contiguous()


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """What a stage puts out for one picture.

    Attributes:
        name: of the stage.
        maps: (channels, H, W), at most 16 channels, as computed.
        channels: how many there are in all.
    """

    name: str
    maps: NDArray[np.float32]
    channels: int


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A network at a step.

    Attributes:
        filters: (out, h, w) of the first convolution, averaged over its input channels.
        stages: what each stage puts out that still has a height and a width.
        probabilities: (10,) for the picture.
    """

    filters: NDArray[np.float32]
    stages: tuple[Maps, ...]
    probabilities: NDArray[np.float32]


def look(config: TrainingConfig, checkpoint: Path, picture: NDArray[np.uint8]) -> Look:
    """First-layer filters, and the feature maps and probabilities of a garment (28, 28), at a checkpoint.

    Raises:
        CnnvizError: if the checkpoint is missing or damaged.
    """
    network = restored(config, checkpoint)
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    seen: list[Maps] = []
    handles = []
    for name, stage in _stages(network).items():

        def note(_module: nn.Module, _inputs: object, output: Tensor, name: str = name) -> None:
            if output.dim() == 4 and output.shape[-1] > 1:
                maps = output[0, :MOST_MAPS].float().numpy().copy()
                seen.append(Maps(name, maps, output.shape[1]))

        handles.append(stage.register_forward_hook(note))
    with torch.inference_mode():
        logits = network(inputs_of(picture[None], config))
    for handle in handles:
        handle.remove()
    filters = first.weight.detach().mean(1).numpy().copy()
    return Look(filters, tuple(seen), logits[0].float().softmax(0).numpy())


@dataclass(frozen=True, slots=True)
class LayerNorms:
    """Sizes of a layer's weights and of their gradient at a step.

    Attributes:
        layer: its path.
        weight: root mean square of its weights.
        gradient: root mean square of the gradient of the loss on 64 training images.
    """

    layer: str
    weight: float
    gradient: float


def norms(config: TrainingConfig, checkpoint: Path) -> tuple[LayerNorms, ...]:
    """Weights and gradients of every convolution and dense layer, from the input to the output, at a checkpoint.

    Root mean squares, so that layers of different sizes compare. The gradient is that of the mean loss over the same 64
    training images at every step, in training mode without dropout.

    Raises:
        CnnvizError: if the checkpoint is missing or damaged.
    """
    network = restored(config, checkpoint).train()
    for module in network.modules():
        if "Dropout" in type(module).__name__:
            module.eval()
    images, labels = fashion_mnist("train")
    logits = network(inputs_of(images[:_PROBE], config))
    functional.cross_entropy(logits.float(), torch.tensor(labels[:_PROBE], dtype=torch.long)).backward()  # type: ignore[no-untyped-call]
    found = []
    for path, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear) and module.weight.grad is not None:
            found.append(LayerNorms(path, _size(module.weight.detach()), _size(module.weight.grad)))
    return tuple(found)


def _size(values: Tensor) -> float:
    return float(values.float().pow(2).mean().sqrt())


def _stages(network: nn.Module) -> Mapping[str, nn.Module]:
    """The parts that a picture passes one after another."""
    if isinstance(network, Network):
        return dict(network.named_children())
    features = getattr(network, "features", network)
    return dict(features.named_children())
