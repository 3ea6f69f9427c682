"""The data set on the device, and batches cut from it there: no loader, no copies of the images, no global randomness.

Fashion-MNIST is one uint8 tensor of 47 MB. A batch is gathered, scaled to [0, 1] (no normalisation, as in the chapter),
augmented if it is a training batch, repeated over the channels the network wants and resized to its input size, all on
the device. Resizing is torchvision's: bilinear with antialiasing, which only matters when an image shrinks; 28 px are
left as they are.
"""

from collections.abc import Callable, Iterator
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from cnnviz.data import Split, fashion_mnist
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.choices import Choices
from cnnviz.training.randomness import generator

Augment = Callable[[Tensor], Tensor]
_TEST_PIXELS: Final = 1_000_000  # of one test batch: 1,000 images of 28 px, 108 of 96, 32 of 224


class Batches:
    """Training and test batches of a run.

    Args:
        config: what to train on and how large a batch is.
        choices: where the images live and how inputs are laid out in memory.
        augment: float images (N, 1, 28, 28) in [0, 1] → the same, one draw per image; None leaves them alone.
    """

    def __init__(self, config: TrainingConfig, choices: Choices, augment: Augment | None = None) -> None:
        spec = config.architecture
        self._size, self._channels = spec.image_size, spec.in_channels
        self._format = torch.channels_last if choices.channels_last else torch.contiguous_format
        self._config = config
        self._augment = augment
        self._device = choices.device
        self._train = _on(choices.device, "train")
        self._test = _on(choices.device, "test")
        everything = len(self._train[0])
        shuffled = torch.randperm(everything, generator=generator(config.seed, "subset"))
        self._chosen = shuffled[: config.train_images]

    def order(self, epoch: int) -> Tensor:
        """In which order the training images come in a pass (N,), on the device; the same on every device."""
        order = torch.randperm(len(self._chosen), generator=generator(self._config.seed, "order", epoch))
        return self._chosen[order].to(self._device)

    def training(self, order: Tensor, batch: int) -> tuple[Tensor, Tensor]:
        """Batch number `batch` of a pass: inputs (B, C, H, W) in [0, 1] and labels (B,)."""
        first = batch * self._config.batch_size
        indices = order[first : first + self._config.batch_size]
        images, labels = self._train
        return self._inputs(images.index_select(0, indices), self._augment), labels.index_select(0, indices)

    def testing(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The test images in batches of about a million pixels, never augmented."""
        images, labels = self._test
        count = self._config.test_images
        size = max(32, min(1000, _TEST_PIXELS // self._size**2))
        for first in range(0, count, size):
            chosen = slice(first, min(first + size, count))
            yield self._inputs(images[chosen]), labels[chosen]

    def _inputs(self, images: Tensor, augment: Augment | None = None) -> Tensor:
        batch = images.unsqueeze(1).float().div_(255)  # (B, 1, 28, 28)
        if augment is not None:
            batch = augment(batch)
        if batch.shape[-2:] != (self._size, self._size):
            batch = functional.interpolate(
                batch, (self._size, self._size), mode="bilinear", align_corners=False,
                antialias=min(batch.shape[-2:]) > self._size,
            )  # fmt: skip
        if self._channels != 1:
            batch = batch.expand(-1, self._channels, -1, -1)
        return batch.contiguous(memory_format=self._format)


def _on(device: torch.device, split: Split) -> tuple[Tensor, Tensor]:
    images, labels = fashion_mnist(split)
    return torch.tensor(images).to(device), torch.tensor(labels, dtype=torch.long).to(
        device
    )  # the arrays are read-only
