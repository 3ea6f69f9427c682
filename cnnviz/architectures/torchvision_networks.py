"""torchvision's classification networks, as they ship, for other channels and classes.

Three things are changed where a spec asks for them: the first convolution when the picture has not three channels, the
number of classes, and the input size of the networks that are built for one (ViT, MaxViT). GoogLeNet and Inception v3
come without their auxiliary heads, which only training with their paper's loss would use.
"""

from contextlib import nullcontext
from typing import Any, Final

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from cnnviz.errors import CnnvizError
from cnnviz.specs.architectures import TorchvisionSpec
from cnnviz.specs.catalog import architecture
from cnnviz.specs.torchvision import size_multiple

_NO_AUXILIARY_HEADS: Final = {"aux_logits": False, "init_weights": True}


def torchvision_network(spec: TorchvisionSpec) -> nn.Module:
    """One of torchvision's networks, with the weights that torchvision starts from.

    Args:
        spec: its key is `torchvision/<name>`.

    Raises:
        CnnvizError: an unknown name, or a size that ViT or MaxViT cannot cut into patches.
    """
    from torchvision.models import get_model

    entry = architecture(spec.key)
    name = spec.key.removeprefix("torchvision/")
    multiple = size_multiple(name)
    if spec.image_size % multiple:
        suggested = max(multiple, round(spec.image_size / multiple) * multiple)
        raise CnnvizError(
            "size_not_a_multiple", field="image_size", title=entry.title, multiple=multiple,
            image_size=spec.image_size, suggested=suggested,
        )  # fmt: skip
    options: dict[str, Any] = {"weights": None, "num_classes": spec.num_classes}
    if name in ("googlenet", "inception_v3"):
        options |= _NO_AUXILIARY_HEADS
    elif name.startswith("vit_"):
        options["image_size"] = spec.image_size
    elif name.startswith("maxvit_"):
        options["input_size"] = (spec.image_size, spec.image_size)
    with _ValuesForWidths() if name.startswith("regnet_") else nullcontext():
        model: nn.Module = get_model(name, **options)
    if spec.in_channels != 3:
        _take_channels(model, spec.in_channels)
    model.spec = spec  # type: ignore[assignment]
    return model


def _take_channels(model: nn.Module, channels: int) -> None:
    """Put a convolution that takes `channels` in place of the first one."""
    path, conv = next((path, module) for path, module in model.named_modules() if isinstance(module, nn.Conv2d))
    fresh = nn.Conv2d(
        channels,
        conv.out_channels,
        conv.kernel_size,  # type: ignore[arg-type]
        conv.stride,  # type: ignore[arg-type]
        conv.padding,  # type: ignore[arg-type]
        bias=conv.bias is not None,
    )
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, fresh)


class _ValuesForWidths(TorchFunctionMode):
    """Keeps on the CPU the small tensors that RegNets compute their widths with: on the meta device they have none."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        values = func is torch.arange or (func is torch.tensor and isinstance(args[0], list))
        if values and kwargs.get("device") is None:
            kwargs = {**kwargs, "device": "cpu"}
        return func(*args, **kwargs)
