"""How each operation is drawn and applied: one class per kind, found through one registry. This needs torch."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from cnnviz.augmentation.behaviours import colour, crop, flip
from cnnviz.augmentation.behaviours.base import Behaviour
from cnnviz.specs.augmentation import Operation

BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = MappingProxyType(
    {**flip.BEHAVIOURS, **crop.BEHAVIOURS, **colour.BEHAVIOURS}
)


def behaviour(operation: Operation) -> Behaviour[Any]:
    """How this operation is drawn and applied."""
    return BEHAVIOURS[type(operation)]
