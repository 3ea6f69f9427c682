"""From a spec to the source text of its network."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.export.networks import plain
from cnnviz.export.networks.base import Source, TooSmallError
from cnnviz.export.networks.densenet import densenet
from cnnviz.export.networks.googlenet import googlenet
from cnnviz.export.networks.resnet import resnet
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.catalog import architecture

__all__ = ["Source", "source_of"]

_FAMILIES: Final = MappingProxyType[str, Callable[[Any], Source]](
    {
        "lenet": plain.lenet,
        "alexnet": plain.alexnet,
        "vgg": plain.vgg,
        "nin": plain.nin,
        "googlenet": googlenet,
        "resnet": resnet,
        "densenet": densenet,
    }
)


def source_of(spec: ArchitectureSpec) -> Source:
    """The network of one of the project's families.

    Raises:
        CnnvizError: an input that is too small, in the words of `build`.
    """
    try:
        return _FAMILIES[spec.family](spec)
    except TooSmallError as error:
        raise CnnvizError(
            "input_too_small",
            field="image_size",
            title=architecture(spec.key).title,
            smallest=_smallest(spec),
            image_size=spec.image_size,
            layer=error.layer,
            received=error.received,
        ) from error


def _smallest(spec: ArchitectureSpec) -> int:
    """The smallest input in px of which every layer leaves something, by doubling and halving the interval."""

    def works(size: int) -> bool:
        try:
            _FAMILIES[spec.family](spec.model_copy(update={"image_size": size}))  # may be larger than a spec allows
        except TooSmallError:
            return False
        return True

    high = 1
    while not works(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high
