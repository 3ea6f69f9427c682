"""Networks trained on ImageNet by somebody else: torchvision's, with weights that lie on this machine's disk.

Nothing is fetched here. Whoever runs the server puts `<name>.safetensors` into the folder that `CNNVIZ_WEIGHTS` names;
`COMMAND` writes such a file wherever there is a network. The networks are laid out as a chain of stages, so that they
can be looked into like the project's own; a test holds each chain against torchvision's forward pass.
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

CHAINS: Final = ("alexnet", "resnet18", "resnet50", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny")
VARIABLE: Final = "CNNVIZ_WEIGHTS"
COMMAND: Final = (
    'python -c "from torchvision.models import get_model; from safetensors.torch import save_file; '
    "save_file(get_model('{name}', weights='DEFAULT').state_dict(), '{name}.safetensors')\""
)
_MEAN: Final = (0.485, 0.456, 0.406)  # of ImageNet's pixels, from 0 to 1, as torchvision's weights expect them
_STD: Final = (0.229, 0.224, 0.225)


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
    """The chain taken apart."""
    spec = spec_of(name)
    return inspect(lambda: chain(spec), (1, *spec.input_shape))


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
        model.to_empty(device="cpu").load_state_dict(load_file(file))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CnnvizError("weights_unusable", file=file.name, title=name) from error
    return _chained(model).eval().requires_grad_(False)


def untrained(name: str, seed: int = 0) -> "nn.Module":
    """The chain before it learnt anything, ready to predict; its weights come from the seed."""
    import torch

    from cnnviz.architectures import build

    model = build(spec_of(name), generator=torch.Generator().manual_seed(seed))
    return _chained(model).eval().requires_grad_(False)


def chain(spec: ArchitectureSpec) -> "nn.Module":
    """The chain with fresh weights on the default device."""
    from cnnviz.architectures import build

    return _chained(build(spec))


def _chained(model: "nn.Module") -> "nn.Module":
    """The children in the order in which they run: `features` opened up, and flattened before the first dense layer."""
    from torch import Tensor, nn

    class Normalise(nn.Module):
        """Pixels from 0 to 1 → how far they are from ImageNet's mean, in standard deviations."""

        def forward(self, input: Tensor) -> Tensor:
            """(N, 3, H, W) → the same."""
            mean, std = (input.new_tensor(values)[:, None, None] for values in (_MEAN, _STD))
            return (input - mean) / std

    stages: list[tuple[str, nn.Module]] = [("normalise", Normalise())]
    for name, module in model.named_children():
        if name == "features":
            stages += [(f"features{number}", part) for number, part in module.named_children()]
            continue
        first = next(iter(module.modules())) if isinstance(module, nn.Linear) else next(iter(module.children()), None)
        if isinstance(first, nn.Linear | nn.Dropout):
            stages.append(("flatten", nn.Flatten()))
        stages.append((name, module))
    return nn.Sequential(OrderedDict(stages))
