"""Is it still a boot? What a trained network makes of one garment while one value of one operation is moved.

The garment goes through the operation with the value set by hand and everything else neutral, then into the network
exactly as a test image does in training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from cnnviz.data import fashion_mnist, garment
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.augmentation import Operation, PipelineSpec
from cnnviz.specs.augmentation.base import Parameter

if TYPE_CHECKING:
    from torch import Tensor

POINTS: Final = 61
BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class GarmentCurve:
    """A network's opinion of one garment along one value.

    Attributes:
        values: of the parameter, in order.
        probabilities: of the garment's own class at each value.
        answers: the class that the network would choose at each value.
        label: the garment's own class.
        neutral: the value that changes nothing, or next to nothing.
    """

    values: tuple[float, ...]
    probabilities: tuple[float, ...]
    answers: tuple[int, ...]
    label: int
    neutral: float

    @property
    def flips(self) -> tuple[tuple[float, int, int], ...]:
        """Where the answer changes: (the first value with another answer, answer before, answer from there on)."""
        pairs = zip(self.values[1:], self.answers, self.answers[1:], strict=False)
        return tuple((value, before, after) for value, before, after in pairs if before != after)


def garment_curve(
    checkpoint: Path, spec: ArchitectureSpec, operation: Operation, parameter: str, number: int
) -> GarmentCurve:
    """What a trained network makes of a test garment along a parameter of an operation.

    Args:
        checkpoint: of a run with this network.
        spec: the network.
        operation: its settings other than the parameters matter, such as a crop's size.
        parameter: the name of one of `operation.parameters()`.
        number: of the test image.

    Raises:
        CnnvizError: a checkpoint that cannot be read, or an operation that a garment of 28 px does not fit.
        StopIteration: an unknown parameter.
    """
    chosen = next(one for one in operation.parameters() if one.name == parameter)
    values = values_along(chosen)
    image = garment(number)
    pictures = [moved(operation, parameter, value, image) for value in values]
    probabilities = classify(checkpoint, spec, pictures)
    label = int(fashion_mnist("test").labels[number])
    return GarmentCurve(
        values=values,
        probabilities=tuple(float(row[label]) for row in probabilities),
        answers=tuple(int(row.argmax()) for row in probabilities),
        label=label,
        neutral=chosen.neutral,
    )


def values_along(parameter: Parameter) -> tuple[float, ...]:
    """Values from end to end: evenly spaced on the parameter's own scale, whole where it has whole steps."""
    low, high = parameter.low, parameter.high
    if parameter.step:
        count = min(POINTS, round((high - low) / parameter.step) + 1)
        steps = np.linspace(0, round((high - low) / parameter.step), count).round()
        return tuple(float(low + parameter.step * step) for step in steps)
    spaced = np.geomspace(low, high, POINTS) if parameter.scale == "log" else np.linspace(low, high, POINTS)
    return tuple(float(value) for value in spaced)


def moved(operation: Operation, parameter: str, value: float, image: Image.Image) -> Image.Image:
    """The picture after the operation with one value set by hand, the others neutral."""
    from cnnviz.augmentation import Pipeline

    pipeline = Pipeline.of(PipelineSpec.parse({"operations": [operation.replace(enabled=True)]}))
    return pipeline.apply(image, pipeline.exact([{parameter: value}], (image.height, image.width)))


def classify(checkpoint: Path, spec: ArchitectureSpec, pictures: Sequence[Image.Image]) -> list["Tensor"]:
    """The probability of each class for grey pictures of one size, as a trained network sees them, in evaluation mode.

    Raises:
        CnnvizError: a checkpoint that cannot be read.
    """
    import torch

    from cnnviz.architectures import build
    from cnnviz.training.checkpoints import read

    network = build(spec, generator=torch.Generator().manual_seed(0))
    network.load_state_dict(read(checkpoint).model)
    network.eval()
    levels = torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures]))[:, None].float().div_(255)
    found: list[Tensor] = []
    with torch.inference_mode():
        for first in range(0, len(levels), BATCH):
            found += network(as_input(levels[first : first + BATCH], spec)).float().softmax(1).unbind()
    return found


def as_input(images: "Tensor", spec: ArchitectureSpec) -> "Tensor":
    """Grey images (N, 1, H, W) as the network takes them: resized as in training, repeated over its channels."""
    from torch.nn import functional

    size = spec.image_size
    if images.shape[-2:] != (size, size):
        images = functional.interpolate(
            images, (size, size), mode="bilinear", align_corners=False, antialias=min(images.shape[-2:]) > size
        )
    return images.expand(-1, spec.in_channels, -1, -1)
