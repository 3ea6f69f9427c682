"""What input a network can take: the smallest size that works, and in words why another does not."""

from typing import Final

import torch
from torch import nn

from cnnviz.architectures.failure import Failure, find_failure
from cnnviz.architectures.families import body_of, network_of
from cnnviz.architectures.join import written
from cnnviz.errors import CnnvizError
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.catalog import architecture
from cnnviz.specs.torchvision import PREFIX, size_multiple

_LARGEST: Final = 2**22  # px; beyond what the largest strides of a spec can ask for
_SIZELESS: Final = (nn.BatchNorm2d, nn.LayerNorm, nn.Dropout)  # cannot fail for a size, and slow on the meta device


def check_input(spec: ArchitectureSpec) -> None:
    """Refuse an input size at which some layer of the network cannot work.

    Raises:
        CnnvizError: naming the first such layer, what arrives there and the smallest size that works.
    """
    shape = (1, *spec.input_shape)
    if find_failure(_quick_body(spec), shape) is not None:
        failure = find_failure(_body(spec), shape)
        if failure is not None:
            raise _too_small(spec, failure, spec.image_size)


def smallest_image_size(spec: ArchitectureSpec) -> int:
    """The smallest height and width in px at which every layer of the network can work.

    Doubles until it works, then halves the interval: what works at one size works at every larger one. ViT and MaxViT
    are built for a size, so theirs is the smallest that they can be built for.
    """
    multiple = size_multiple(spec.key.removeprefix(PREFIX)) if spec.family == "torchvision" else 1
    if multiple > 1:
        return multiple
    body = _quick_body(spec)

    def works(size: int) -> bool:
        return find_failure(body, (1, spec.in_channels, size, size)) is None

    high = 1
    while high < _LARGEST and not works(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def explain(spec: ArchitectureSpec, shape: tuple[int, ...]) -> CnnvizError | None:
    """Why a network cannot take an input, or None if its shape is not to blame.

    Args:
        spec: what the network was built from.
        shape: of the input, batch included.
    """
    failure = find_failure(_body(spec), shape)
    if failure is not None and len(shape) == 4 and shape[1] == spec.in_channels and min(shape) > 0:
        return _too_small(spec, failure, min(shape[2:]))
    if failure is None:
        with torch.device("meta"):
            failure = find_failure(network_of(spec), shape)
    if failure is None:
        return None
    title, layer = architecture(spec.key).title, failure.path or failure.type
    return CnnvizError("input_wrong", field="image_size", title=title, received=written(shape), layer=layer)


def _body(spec: ArchitectureSpec) -> nn.Module:
    with torch.device("meta"):
        return body_of(spec)


def _quick_body(spec: ArchitectureSpec) -> nn.Module:
    """Layers that change height and width in the same places, and little else."""
    body = _body(spec.skeleton())
    for module in list(body.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, _SIZELESS):
                setattr(module, name, nn.Identity())
    return body


def _too_small(spec: ArchitectureSpec, failure: Failure, image_size: int) -> CnnvizError:
    return CnnvizError(
        "input_too_small",
        field="image_size",
        title=architecture(spec.key).title,
        smallest=smallest_image_size(spec),
        image_size=image_size,
        layer=failure.path or failure.type,
        received=written(failure.received),
    )
