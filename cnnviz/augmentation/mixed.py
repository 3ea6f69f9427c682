"""A batch of labelled garments after a chain and its mixing: what a training step sees, and what it is told."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from cnnviz.augmentation.pipeline import Pipeline
from cnnviz.data import CLASS_NAMES, fashion_mnist
from cnnviz.specs.augmentation import PipelineSpec

BATCH: Final = 8


@dataclass(frozen=True, slots=True)
class Mixed:
    """One picture of a mixed batch.

    Attributes:
        image: grey, as the network receives it.
        shares: (label, share) of each class in its target that is not zero, the largest first; the shares add up to 1.
    """

    image: Image.Image
    shares: tuple[tuple[int, float], ...]


def mixed_batch(chain: PipelineSpec, seed: int = 0, count: int = BATCH) -> tuple[Mixed, ...]:
    """Test garments, a draw for each, and their soft labels, as in training.

    Args:
        chain: operations on pictures and on the batch.
        seed: chooses the garments and the draws.
        count: pictures in the batch.

    Raises:
        CnnvizError: at the field of the first operation that a garment of 28 px does not fit.
    """
    import torch

    data = fashion_mnist("test")
    chosen = np.random.default_rng([seed, count]).choice(len(data.labels), count, replace=False)
    generator = torch.Generator().manual_seed(seed)
    pipeline = Pipeline.of(chain)
    images = pipeline.apply_batch(torch.from_numpy(data.images[chosen])[:, None], generator)
    labels = torch.from_numpy(data.labels[chosen]).long()
    targets = torch.nn.functional.one_hot(labels, len(CLASS_NAMES)).float()
    images, targets = pipeline.mix(images, targets, generator)
    return tuple(
        Mixed(Image.fromarray(image[0].numpy()), _shares(target.tolist()))
        for image, target in zip(images, targets, strict=True)
    )


def _shares(target: list[float]) -> tuple[tuple[int, float], ...]:
    found = [(label, share) for label, share in enumerate(target) if share > 0]
    return tuple(sorted(found, key=lambda pair: -pair[1]))
