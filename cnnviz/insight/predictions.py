"""What a trained network says of the test set: its probabilities, and everything that can be counted from them.

`predict` needs torch; the rest is counting with numpy, so that every number on the page can be computed again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cnnviz.data import fashion_mnist
from cnnviz.specs.training import CLASSES, TrainingConfig

_BATCH_PIXELS: Final = 500_000  # of one batch: as many floats as a page may take beside others


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """A network's probabilities for the first so many test images, and their labels.

    Attributes:
        probabilities: (N, 10), rows add to 1, float32, read-only.
        labels: (N,), 0 to 9, read-only.
    """

    probabilities: NDArray[np.float32]
    labels: NDArray[np.uint8]

    @property
    def predicted(self) -> NDArray[np.intp]:
        """The most probable class of each image (N,)."""
        classes: NDArray[np.intp] = self.probabilities.argmax(1)
        return classes

    @property
    def accuracy(self) -> float:
        """Share of one that is right."""
        return float((self.predicted == self.labels).mean())

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        right = self.probabilities[np.arange(len(self.labels)), self.labels].astype(np.float64)
        return float(-np.log(np.maximum(right, np.finfo(np.float32).tiny)).mean())


def predict(config: TrainingConfig, checkpoint: Path) -> Predictions:
    """The probabilities that a checkpoint gives for the run's test images, in evaluation mode and float32.

    Raises:
        CnnvizError: if the checkpoint is missing or damaged.
    """
    import torch

    from cnnviz.insight.replay import inputs_of, restored

    network = restored(config, checkpoint)
    images, labels = fashion_mnist("test")
    count = config.test_images
    size = max(16, min(500, _BATCH_PIXELS // config.architecture.image_size**2))
    rows = []
    with torch.inference_mode():
        for first in range(0, count, size):
            logits = network(inputs_of(images[first : min(first + size, count)], config))
            rows.append(logits.float().softmax(1).numpy())
    probabilities = np.concatenate(rows)
    known = np.array(labels[:count])
    probabilities.flags.writeable = known.flags.writeable = False
    return Predictions(probabilities, known)


def confusion(labels: NDArray[np.integer], predicted: NDArray[np.integer]) -> NDArray[np.int64]:
    """How often each class (row) was taken for each class (column): (10, 10) counts."""
    counts = np.bincount(labels.astype(np.int64) * CLASSES + predicted.astype(np.int64), minlength=CLASSES**2)
    return counts.reshape(CLASSES, CLASSES)


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class came off.

    Attributes:
        label: 0 to 9.
        images: of this class.
        recall: share of them that was recognised; None without images.
        precision: share right of what was taken for it; None if nothing was.
    """

    label: int
    images: int
    recall: float | None
    precision: float | None


def class_scores(matrix: NDArray[np.int64]) -> tuple[ClassScore, ...]:
    """Each class of a confusion matrix, in order."""
    rows, columns, right = matrix.sum(1), matrix.sum(0), matrix.diagonal()
    return tuple(
        ClassScore(
            label,
            int(rows[label]),
            float(right[label] / rows[label]) if rows[label] else None,
            float(right[label] / columns[label]) if columns[label] else None,
        )
        for label in range(len(matrix))
    )


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Two classes that are taken for each other.

    Attributes:
        first, second: their labels, the one that is mistaken more often first.
        forth: how often `first` was taken for `second`.
        back: how often `second` was taken for `first`.
    """

    first: int
    second: int
    forth: int
    back: int

    @property
    def count(self) -> int:
        """Both ways together."""
        return self.forth + self.back


def confused_pairs(matrix: NDArray[np.int64], count: int = 5) -> tuple[ConfusedPair, ...]:
    """The pairs of classes that are taken for each other most often, both ways together."""
    pairs = []
    for one in range(len(matrix)):
        for two in range(one):
            first, second = (one, two) if matrix[one, two] >= matrix[two, one] else (two, one)
            pairs.append(ConfusedPair(first, second, int(matrix[first, second]), int(matrix[second, first])))
    pairs.sort(key=lambda pair: (-pair.count, pair.first, pair.second))
    return tuple(pair for pair in pairs[:count] if pair.count)


def examples(predictions: Predictions, label: int, taken_for: int, count: int = 4) -> tuple[int, ...]:
    """Images of one class taken for another, the surest mistakes first: their numbers in the test set."""
    wrong = np.flatnonzero((predictions.labels == label) & (predictions.predicted == taken_for))
    order = np.argsort(-predictions.probabilities[wrong, taken_for], kind="stable")
    return tuple(int(number) for number in wrong[order][:count])


def worst(predictions: Predictions, count: int = 12) -> tuple[int, ...]:
    """The images with the largest loss: those whose own class got the least probability, wrong ones alone."""
    right = predictions.probabilities[np.arange(len(predictions.labels)), predictions.labels]
    order = np.argsort(right, kind="stable")
    wrong = predictions.predicted != predictions.labels
    return tuple(int(number) for number in order if wrong[number])[:count]
