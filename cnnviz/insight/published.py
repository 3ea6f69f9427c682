"""torchvision's networks, laid out so that one can look into them, and weights that somebody else trained on ImageNet.

A network becomes a chain of stages, which is looked into like the project's own; a test holds each chain against
torchvision's forward pass. Nothing is fetched here: whoever runs the server puts `<name>.safetensors` into the folder
that `CNNVIZ_WEIGHTS` names; `COMMAND` writes such a file wherever there is a network.
"""

import os
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cnnviz.errors import CnnvizError
from cnnviz.inspection import inspect
from cnnviz.rows import Report
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.catalog import architecture

if TYPE_CHECKING:
    from torch import nn

CHAINS: Final = (
    "alexnet", "vgg11", "googlenet", "resnet18", "resnet50", "resnext50_32x4d", "densenet121", "mobilenet_v3_large",
    "efficientnet_b0", "convnext_tiny",
)  # fmt: skip
VARIABLE: Final = "CNNVIZ_WEIGHTS"
COMMAND: Final = (
    'python -c "from torchvision.models import get_model; from safetensors.torch import save_file; '
    "save_file(get_model('{name}', weights='DEFAULT').state_dict(), '{name}.safetensors')\""
)
_MEAN: Final = (0.485, 0.456, 0.406)  # of ImageNet's pixels, from 0 to 1, as torchvision's weights expect them
_STD: Final = (0.229, 0.224, 0.225)
_HALF: Final = (0.5, 0.5, 0.5)  # what GoogLeNet's weights, which come from another library, expect of both


def available() -> dict[str, Path]:
    """The networks whose weights are there: torchvision's name → file."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return {}
    files = {name: Path(folder) / f"{name}.safetensors" for name in CHAINS}
    return {name: path for name, path in files.items() if path.is_file()}


def spec_of(name: str) -> ArchitectureSpec:
    """How the network takes pictures: 3×224×224, 1,000 classes."""
    return architecture(f"torchvision/{name}").spec()


def class_names(name: str) -> tuple[str, ...]:
    """ImageNet's classes as torchvision calls them, in English."""
    from torchvision.models import get_model_weights

    return tuple(get_model_weights(name).DEFAULT.meta["categories"])


def report(name: str) -> Report:
    """The chain of a network with published weights taken apart."""
    from cnnviz.architectures import build

    spec = spec_of(name)
    return inspect(lambda: chained(build(spec), pixels_of=name), (1, *spec.input_shape))


def has_chain(spec: ArchitectureSpec) -> bool:
    """Whether one of torchvision's networks can be laid out as a chain."""
    return spec.key.removeprefix("torchvision/") in CHAINS


def published(name: str, file: Path) -> "nn.Module":
    """The chain with the weights of a file, ready to predict; it takes pictures from 0 to 1.

    Raises:
        CnnvizError: "weights_unusable" if the file is damaged or belongs to another network.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from cnnviz.architectures import build

    with torch.device("meta"):
        model = build(spec_of(name))
    try:
        model.load_state_dict(load_file(file), assign=True)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CnnvizError("weights_unusable", file=file.name, title=name) from error
    return chained(model, pixels_of=name).eval().requires_grad_(False)


def untrained(name: str, seed: int = 0) -> "nn.Module":
    """The chain before it learnt anything, ready to predict; its weights come from the seed."""
    import torch

    from cnnviz.architectures import build

    model = build(spec_of(name), generator=torch.Generator().manual_seed(seed))
    return chained(model, pixels_of=name).eval().requires_grad_(False)


def chained(model: "nn.Module", pixels_of: str = "") -> "nn.Module":
    """The children in the order in which they run: `features` opened up, and flattened before the first dense layer.

    Args:
        model: one of `CHAINS`.
        pixels_of: whose published weights it gets, which expect normalised pixels; "" takes pixels from 0 to 1.
    """
    from torch import Tensor, nn

    class Normalise(nn.Module):
        """Pixels from 0 to 1 → how far they are from a mean, in standard deviations."""

        def forward(self, input: Tensor) -> Tensor:
            """(N, 3, H, W) → the same."""
            values = (_HALF, _HALF) if pixels_of == "googlenet" else (_MEAN, _STD)
            mean, std = (input.new_tensor(part)[:, None, None] for part in values)
            return (input - mean) / std

    stages: list[tuple[str, nn.Module]] = [("normalise", Normalise())] if pixels_of else []
    for name, module in model.named_children():
        if name == "features":
            stages += [(f"features{number}", part) for number, part in module.named_children()]
            if type(model).__name__ == "DenseNet":  # whose end stands in its forward pass
                stages += [("relu", nn.ReLU()), ("avgpool", nn.AdaptiveAvgPool2d(1))]
            continue
        first = next(iter(module.modules())) if isinstance(module, nn.Linear) else next(iter(module.children()), None)
        if isinstance(first, nn.Linear | nn.Dropout):
            stages.append(("flatten", nn.Flatten()))
        stages.append((name, module))
    return nn.Sequential(OrderedDict(stages))
