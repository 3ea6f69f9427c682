"""Is it still a cat? What torchvision's own networks make of the cat along one value, where their weights are on disk.

The networks are those of `insight.published`; nothing is fetched. Any of ImageNet's five domestic cats counts as right.
"""

from typing import TYPE_CHECKING, Final

from cnnviz.data import cat
from cnnviz.insight.garment_curve import GarmentCurve, moved, values_along
from cnnviz.insight.inside import prepared
from cnnviz.insight.published import available, published, spec_of
from cnnviz.specs.augmentation import Operation

if TYPE_CHECKING:
    from torch import Tensor

CATS: Final = range(281, 286)
"""tabby, tiger cat, Persian cat, Siamese cat, Egyptian cat: ImageNet's classes in torchvision's order."""

_BATCH: Final = 8


def imagenet_curve(name: str, operation: Operation, parameter: str) -> GarmentCurve:
    """What a network makes of the cat along a parameter of an operation; `label` is the first of `CATS`.

    Args:
        name: one of `insight.published.available()`.
        operation: its settings other than the parameters matter.
        parameter: the name of one of `operation.parameters()`.

    Raises:
        KeyError: a network whose weights are not on disk.
        CnnvizError: weights that cannot be used, or an operation that the cat does not fit.
    """
    import numpy as np
    import torch

    network, spec = published(name, available()[name]), spec_of(name)
    chosen = next(one for one in operation.parameters() if one.name == parameter)
    values = values_along(chosen)
    pictures = [prepared(moved(operation, parameter, value, cat()), spec) for value in values]
    probabilities: list[Tensor] = []
    with torch.inference_mode():
        for first in range(0, len(pictures), _BATCH):
            batch = torch.from_numpy(np.concatenate(pictures[first : first + _BATCH]))
            probabilities += network(batch).softmax(1).unbind()
    answers = (int(row.argmax()) for row in probabilities)
    return GarmentCurve(
        values=values,
        probabilities=tuple(float(row[CATS.start : CATS.stop].sum()) for row in probabilities),
        answers=tuple(CATS.start if answer in CATS else answer for answer in answers),
        label=CATS.start,
        neutral=chosen.neutral,
    )
