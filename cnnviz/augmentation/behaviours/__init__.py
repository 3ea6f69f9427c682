"""How each operation is drawn and applied: one class per kind, found through one registry. This needs torch."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from cnnviz.augmentation.behaviours import aug_mix, colour, crop, cut, detail, flip, levels, policies, warp
from cnnviz.augmentation.behaviours.base import Behaviour
from cnnviz.specs.augmentation import Operation

_MODULES: Final = (flip, crop, cut, warp, colour, levels, detail, policies, aug_mix)
BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = MappingProxyType(
    {kind: behaviour for module in _MODULES for kind, behaviour in module.BEHAVIOURS.items()}
)


def behaviour(operation: Operation) -> Behaviour[Any]:
    """How this operation on one picture is drawn and applied; mixing acts on batches and stands in `mixing`."""
    return BEHAVIOURS[type(operation)]
