"""torchvision's networks as source text: torchvision is asked for them; mirrors `torchvision_networks`."""

from typing import Final

from cnnviz.errors import CnnvizError
from cnnviz.export.code import Value, call, lay_out
from cnnviz.specs.architectures import TorchvisionSpec
from cnnviz.specs.catalog import architecture
from cnnviz.specs.torchvision import PREFIX, size_multiple

_TAKE_CHANNELS: Final = '''\
def take_channels(network: nn.Module, channels: int) -> None:
    """Put a convolution that takes so many channels in place of the first one."""
    path, first = next((path, module) for path, module in network.named_modules() if isinstance(module, nn.Conv2d))
    parent, _, name = path.rpartition(".")
    shape = first.out_channels, first.kernel_size, first.stride, first.padding
    conv = nn.Conv2d(channels, *shape, bias=first.bias is not None)
    setattr(network.get_submodule(parent), name, conv)
'''


def torchvision_network(spec: TorchvisionSpec) -> tuple[str, tuple[str, ...]]:
    """The lines that make `network`, indented for a function's body, and the definitions that they need.

    Raises:
        CnnvizError: a size that ViT or MaxViT cannot cut into patches.
    """
    name = spec.key.removeprefix(PREFIX)
    multiple = size_multiple(name)
    if spec.image_size % multiple:
        suggested = max(multiple, round(spec.image_size / multiple) * multiple)
        raise CnnvizError(
            "size_not_a_multiple", field="image_size", title=architecture(spec.key).title, multiple=multiple,
            image_size=spec.image_size, suggested=suggested,
        )  # fmt: skip
    options: dict[str, Value] = {"weights": "None", "num_classes": spec.num_classes}
    if name in ("googlenet", "inception_v3"):
        options |= {"aux_logits": False, "init_weights": True}
    elif name.startswith("vit_"):
        options["image_size"] = spec.image_size
    elif name.startswith("maxvit_"):
        options["input_size"] = (spec.image_size, spec.image_size)
    lines = lay_out(call("get_model", f'"{name}"', **options), before="network = ", indent=4)
    if spec.in_channels == 3:
        return lines, ()
    return f"{lines}\n    take_channels(network, {spec.in_channels})", (_TAKE_CHANNELS,)
