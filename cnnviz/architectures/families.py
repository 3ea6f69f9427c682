"""Which function builds which family of specs."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from torch import nn

from cnnviz.architectures import alexnet, densenet, googlenet, lenet, nin, resnet, torchvision_networks, vgg
from cnnviz.architectures.layers import sequence
from cnnviz.specs.architectures import ArchitectureSpec

_NETWORKS: Final = MappingProxyType[str, Callable[[Any], nn.Module]](
    {
        "lenet": lenet.lenet,
        "alexnet": alexnet.alexnet,
        "vgg": vgg.vgg,
        "nin": nin.nin,
        "googlenet": googlenet.googlenet,
        "resnet": resnet.resnet,
        "densenet": densenet.densenet,
        "torchvision": torchvision_networks.torchvision_network,
    }
)
_BODIES: Final = MappingProxyType[str, Callable[[Any], list[tuple[str, nn.Module]]]](
    {
        "lenet": lenet.body,
        "alexnet": alexnet.body,
        "vgg": vgg.body,
        "nin": nin.body,
        "googlenet": googlenet.body,
        "resnet": resnet.body,
        "densenet": densenet.body,
    }
)


def network_of(spec: ArchitectureSpec) -> nn.Module:
    """The whole network, on the default device."""
    return _NETWORKS[spec.family](spec)


def body_of(spec: ArchitectureSpec) -> nn.Module:
    """The layers that see a picture: without a dense head, so that it can be asked what it makes of any size.

    torchvision's networks come whole.
    """
    body = _BODIES.get(spec.family)
    return network_of(spec) if body is None else sequence(body(spec))
