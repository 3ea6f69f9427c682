"""From a key or a spec to a network."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import nn

from cnnviz.architectures import alexnet, densenet, googlenet, lenet, nin, resnet, vgg
from cnnviz.architectures.failure import Failure, find_failure
from cnnviz.architectures.initialization import initialize
from cnnviz.architectures.join import written
from cnnviz.errors import CnnvizError
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.catalog import architecture, spec_of

_NETWORKS: Final[dict[str, Callable[[Any], nn.Module]]] = {
    "lenet": lenet.lenet,
    "alexnet": alexnet.alexnet,
    "vgg": vgg.vgg,
    "nin": nin.nin,
    "googlenet": googlenet.googlenet,
    "resnet": resnet.resnet,
    "densenet": densenet.densenet,
}
_BODIES: Final[dict[str, Callable[[Any], list[tuple[str, nn.Module]]]]] = {
    "lenet": lenet.body,
    "alexnet": alexnet.body,
    "vgg": vgg.body,
    "nin": nin.body,
    "googlenet": googlenet.body,
    "resnet": resnet.body,
    "densenet": densenet.body,
}
LARGEST_SIZE: Final = 2**22  # far beyond any spec's strides; ends the search


def build(
    key: str | ArchitectureSpec,
    *,
    generator: torch.Generator | None = None,
    initialization: str = "default",
    **options: Any,
) -> nn.Module:
    """A network from a key or a spec, its parameters there when it returns.

    Under `with torch.device("meta")` no weight takes memory.

    Args:
        key: of the catalogue, or a spec.
        generator: draws the weights; None takes torch's default generator.
        initialization: "default" or "xavier"; see `initialize`.
        **options: fields of that network's spec.

    Returns:
        A network that takes (N, in_channels, image_size, image_size) and puts out logits (N, num_classes), in training
        mode.

    Raises:
        CnnvizError: an unknown key or field, a value that is not allowed, or an input that is too small.

    Example:
        >>> build("resnet18", image_size=64, preactivation=True)
    """
    spec = spec_of(key, **options)
    check_input(spec)
    device = torch.empty(0).device
    with torch.device("meta"):
        model = _NETWORKS[spec.family](spec)
    if device.type == "meta":
        return model
    drawn_on = device if generator is None else generator.device
    return initialize(model.to_empty(device=drawn_on), initialization, generator).to(device)


def check_input(spec: ArchitectureSpec) -> None:
    """Refuse an input size at which some layer of the network cannot work.

    Raises:
        CnnvizError: naming the first such layer, what arrives there and the smallest size that works.
    """
    if find_failure(_body(spec.skeleton()), (1, *spec.input_shape)) is not None:
        failure = find_failure(_body(spec), (1, *spec.input_shape))
        assert failure is not None
        raise _too_small(spec, failure, spec.image_size)


def smallest_image_size(spec: ArchitectureSpec) -> int:
    """The smallest height and width in px at which every layer of the network can work.

    Doubles until it works, then halves the interval: what works at one size works at every larger one.
    """
    body = _body(spec.skeleton())

    def works(size: int) -> bool:
        return find_failure(body, (1, spec.in_channels, size, size)) is None

    high = 1
    while not works(high) and high < LARGEST_SIZE:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def explain(spec: ArchitectureSpec, shape: tuple[int, ...]) -> CnnvizError | None:
    """Why a network of the project cannot take an input, or None if its shape is not to blame.

    Args:
        spec: what the network was built from.
        shape: of the input, batch included.
    """
    failure = find_failure(_body(spec), shape)
    if failure is not None and len(shape) == 4 and shape[1] == spec.in_channels:
        return _too_small(spec, failure, min(shape[2:]))
    with torch.device("meta"):
        failure = failure or find_failure(_NETWORKS[spec.family](spec), shape)
    if failure is None:
        return None
    return CnnvizError("input_wrong", title=_title(spec), received=written(shape), layer=failure.path or failure.type)


def _body(spec: ArchitectureSpec) -> nn.Module:
    with torch.device("meta"):
        return nn.Sequential(OrderedDict(_BODIES[spec.family](spec)))


def _too_small(spec: ArchitectureSpec, failure: Failure, image_size: int) -> CnnvizError:
    return CnnvizError(
        "input_too_small",
        field="image_size",
        title=_title(spec),
        smallest=smallest_image_size(spec),
        image_size=image_size,
        layer=failure.path,
        received=written(failure.received),
    )


def _title(spec: ArchitectureSpec) -> str:
    return architecture(spec.key).title
