"""What the installed torchvision offers and publishes, as the catalogue keeps it in `cnnviz/specs/torchvision.json`.

`python -m cnnviz.architectures.published > cnnviz/specs/torchvision.json` writes the file anew; networks are built on
the meta device, so no weight takes memory.
"""

import json
import re
from dataclasses import asdict
from typing import Any, Final

import torch

from cnnviz.architectures.torchvision_networks import torchvision_network
from cnnviz.specs.architectures import TorchvisionSpec
from cnnviz.specs.entry import Published

# How a name is written, by the first pattern that fits the whole of it.
_TITLES: Final = (
    (r"(alexnet)", lambda m: "AlexNet"),
    (r"(googlenet)", lambda m: "GoogLeNet"),
    (r"convnext_(\w+)", lambda m: f"ConvNeXt {m[1]}"),
    (r"densenet(\d+)", lambda m: f"DenseNet-{m[1]}"),
    (r"efficientnet_b(\d)", lambda m: f"EfficientNet-B{m[1]}"),
    (r"efficientnet_v2_(\w)", lambda m: f"EfficientNetV2-{m[1].upper()}"),
    (r"inception_v3", lambda m: "Inception v3"),
    (r"maxvit_(\w)", lambda m: f"MaxViT-{m[1].upper()}"),
    (r"mnasnet(\d)_(\d+)", lambda m: f"MnasNet {m[1]}.{m[2]}"),
    (r"mobilenet_v2", lambda m: "MobileNetV2"),
    (r"mobilenet_v3_(\w+)", lambda m: f"MobileNetV3 {m[1]}"),
    (r"regnet_(\w)_(\w+)([gm])f", lambda m: f"RegNet{m[1].upper()}-{m[2].replace('_', '.')}{m[3].upper()}F"),
    (r"resnet(\d+)", lambda m: f"ResNet-{m[1]}"),
    (r"resnext(\d+)_(\d+)x(\d+)d", lambda m: f"ResNeXt-{m[1]} {m[2]}×{m[3]}d"),
    (r"shufflenet_v2_x(\d)_(\d)", lambda m: f"ShuffleNetV2 ×{m[1]}.{m[2]}"),
    (r"squeezenet(\d)_(\d)", lambda m: f"SqueezeNet {m[1]}.{m[2]}"),
    (r"swin_(\w)", lambda m: f"Swin-{m[1].upper()}"),
    (r"swin_v2_(\w)", lambda m: f"SwinV2-{m[1].upper()}"),
    (r"vgg(\d+)", lambda m: f"VGG-{m[1]}"),
    (r"vgg(\d+)_bn", lambda m: f"VGG-{m[1]} BN"),
    (r"vit_(\w)_(\d+)", lambda m: f"ViT-{m[1].upper()}/{m[2]}"),
    (r"wide_resnet(\d+)_(\d)", lambda m: f"Wide ResNet-{m[1]}-{m[2]}"),
)


def published(name: str) -> Published:
    """Torchvision's own figures for the newest weights of a network."""
    from torchvision.models import get_model_weights

    weights = get_model_weights(name).DEFAULT
    accuracy = weights.meta["_metrics"]["ImageNet-1K"]
    return Published(
        weights=weights.name,
        top1=round(accuracy["acc@1"] / 100, 5),
        top5=round(accuracy["acc@5"] / 100, 5),
        parameters=weights.meta["num_params"],
        gmacs=weights.meta["_ops"],
        crop_size=weights.transforms.keywords["crop_size"],
        min_size=max(weights.meta["min_size"]),
    )


def title(name: str) -> str:
    """How a network is written: "resnext50_32x4d" is "ResNeXt-50 32×4d (torchvision)"."""
    for pattern, written in _TITLES:
        if match := re.fullmatch(pattern, name):
            return f"{written(match)} (torchvision)"  # type: ignore[no-untyped-call]
    return f"{name} (torchvision)"


def measured(name: str, crop_size: int) -> dict[str, int]:
    """Parameters and multiply-accumulates of the network as this project builds it, for one image."""
    from torch.utils.flop_counter import FlopCounterMode

    spec = TorchvisionSpec.parse({"key": f"torchvision/{name}", "image_size": crop_size})
    with torch.device("meta"):
        model = torchvision_network(spec)
    images = torch.empty(1, *spec.input_shape, device="meta")
    with FlopCounterMode(display=False) as counter:
        model.eval()(images)
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "macs": counter.get_total_flops() // 2,
    }


def table() -> dict[str, Any]:
    """The whole file."""
    import torchvision

    networks = {}
    for name in torchvision.models.list_models(module=torchvision.models):
        figures = published(name)
        networks[name] = {"title": title(name), **measured(name, figures.crop_size), "published": asdict(figures)}
    return {"torchvision": torchvision.__version__.split("+")[0], "networks": networks}


def written(content: dict[str, Any]) -> str:
    """The file's text: JSON with one network a line, so that a change reads as one."""
    rows = (f"  {json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in content["networks"].items())
    return f'{{"torchvision": {json.dumps(content["torchvision"])}, "networks": {{\n' + ",\n".join(rows) + "\n}}\n"


if __name__ == "__main__":
    print(written(table()), end="")
