"""From a key or a spec to a network."""

from typing import Any

import torch
from torch import nn

from cnnviz.architectures.families import network_of
from cnnviz.architectures.initialization import drawing_from, initialize
from cnnviz.architectures.limits import check_input
from cnnviz.specs.architectures import ArchitectureSpec, TorchvisionSpec
from cnnviz.specs.catalog import architecture, spec_of


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
        generator: draws the weights; None takes torch's default generator. Weights are drawn on its device.
        initialization: "default" or "xavier"; see `initialize`. torchvision's networks have their own default.
        **options: fields of that network's spec.

    Returns:
        A network that takes (N, in_channels, image_size, image_size) and puts out logits (N, num_classes), on the
        default device and in training mode. Its `spec` says what was built.

    Raises:
        CnnvizError: an unknown key or field, a value that is not allowed, or an input that is too small.

    Example:
        >>> build("resnet18", image_size=64, preactivation=True)
    """
    spec = spec_of(key, **options)
    device = torch.empty(0).device
    drawn_on = device if generator is None else generator.device
    if isinstance(spec, TorchvisionSpec):
        model = _torchvision(spec, device if device.type == "meta" else drawn_on, generator)
    else:
        check_input(spec)
        with torch.device("meta"):
            model = network_of(spec)
    if device.type == "meta":
        return model
    if not isinstance(spec, TorchvisionSpec):
        initialize(model.to_empty(device=drawn_on), initialization, generator)
    elif initialization != "default":
        initialize(model, initialization, generator)
    return model.to(device)


def _torchvision(spec: TorchvisionSpec, device: torch.device, generator: torch.Generator | None) -> nn.Module:
    """Torchvision's networks draw their weights, and compute some buffers, while they are built."""
    published = architecture(spec.key).published
    if published is None or spec.image_size < published.min_size:
        check_input(spec)
    with device, drawing_from(generator):
        return network_of(spec)
