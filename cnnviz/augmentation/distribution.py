"""What an operation's settings produce: many draws of one value, for a histogram."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation import Mixing, Operation, Size
from cnnviz.specs.augmentation.policies import STEPS

if TYPE_CHECKING:
    import torch


def distribution_names(operation: Operation, size: Size = (300, 451)) -> tuple[str, ...]:
    """The drawn values of an operation that are single numbers: what `distribution` can count."""
    return tuple(name for name, values in _drawn(operation, 1, 0, size).items() if values.ndim == 1)


def distribution(
    operation: Operation, name: str, count: int = 1000, seed: int = 0, size: Size = (300, 451)
) -> np.ndarray[Any, Any]:
    """Draws of one value: the ratio of a crop, the angle of a rotation, the share of MixUp.

    Args:
        operation: with its settings.
        name: a drawn value, one of `distribution_names`; for the policies also "step", the names of all steps taken.
        count: draws.
        seed: the same seed gives the same draws.
        size: (height, width) in px of the picture, on which crops and shifts depend.

    Returns:
        (count,) numbers or booleans; for "step" as many names as steps were taken.

    Raises:
        CnnvizError: for a name that is not drawn, or a picture that the operation does not fit.
    """
    drawn = _drawn(operation, count, seed, size)
    if name == "step" and "step" in drawn:
        taken = drawn["step"].flatten().tolist()
        return np.array([STEPS[number] for number in taken if number >= 0])
    if name not in drawn or drawn[name].ndim != 1:
        allowed = ", ".join(key for key, values in drawn.items() if values.ndim == 1)
        raise CnnvizError("value_not_allowed", field="name", label="name", value=name, allowed=allowed)
    values: np.ndarray[Any, Any] = drawn[name].numpy()
    return values


def _drawn(operation: Operation, count: int, seed: int, size: Size) -> "dict[str, torch.Tensor]":
    import torch

    from cnnviz.augmentation.behaviours import behaviour
    from cnnviz.augmentation.mixing import draw_mix

    operation.check(size)
    generator = torch.Generator().manual_seed(seed)
    if isinstance(operation, Mixing):
        return dict(draw_mix(operation, generator, count, size))
    return dict(behaviour(operation).draw_batch(operation, generator, count, size))
