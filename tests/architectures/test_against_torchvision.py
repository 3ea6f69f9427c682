"""The same weights in torchvision's networks and in ours give the same logits: an oracle for every layer's place."""

import pytest
import torch
import torchvision.models

from cnnviz.architectures import build
from tests.heavy import heavy_in_soak

PAPER_RESNET = {"conv_bias": False, "shortcut_norm": True}
# Each line: our key, the options that make it torchvision's network, torchvision's name.
SAME = [
    ("vgg11", {}, "vgg11"),
    ("vgg13", {}, "vgg13"),
    ("vgg16", {}, "vgg16"),
    ("vgg19", {}, "vgg19"),
    ("vgg11", {"norm": "before"}, "vgg11_bn"),
    ("resnet18", PAPER_RESNET, "resnet18"),
    ("resnet34", PAPER_RESNET, "resnet34"),
    ("resnet50", {}, "resnet50"),
    ("resnet101", {}, "resnet101"),
    ("resnet152", {}, "resnet152"),
    ("resnet50", {"group_width": 128}, "wide_resnet50_2"),
    ("resnext50_32x4d", {}, "resnext50_32x4d"),
    ("resnext101_32x8d", {}, "resnext101_32x8d"),
    ("densenet121", {}, "densenet121"),
    ("densenet161", {}, "densenet161"),
    ("densenet169", {}, "densenet169"),
    ("densenet201", {}, "densenet201"),
]


@pytest.mark.parametrize(
    ("key", "options", "name"), heavy_in_soak(SAME), ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_weights_have_torchvisions_shapes_in_its_order(key, options, name):
    with torch.device("meta"):
        ours = build(key, in_channels=3, num_classes=1000, **options, **({"image_size": 224}))
        theirs = torchvision.models.get_model(name)
    shapes = [[tuple(tensor.shape) for tensor in model.state_dict().values()] for model in (ours, theirs)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("key", "options", "name", "size"),
    [
        ("resnet18", PAPER_RESNET, "resnet18", 64),
        ("resnet50", {}, "resnet50", 48),
        ("resnext50_32x4d", {}, "resnext50_32x4d", 48),
        ("densenet121", {}, "densenet121", 48),
        ("vgg11", {"norm": "before", "head": "global", "dropout": 0.0}, "vgg11_bn", 64),
    ],
)
def test_the_same_weights_give_the_same_logits(key, options, name, size):
    ours = build(key, in_channels=3, image_size=size, generator=torch.Generator().manual_seed(1), **options)
    with torch.random.fork_rng():
        theirs = torchvision.models.get_model(name, num_classes=10)
    if name.startswith("vgg"):  # only the convolutions: torchvision's head wants 7×7 whatever the input
        theirs = torch.nn.Sequential(
            theirs.features, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), ours.head.dense
        )
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(2))
    for mode in (True, False):
        torch.testing.assert_close(ours.train(mode)(images), theirs.train(mode)(images), rtol=1e-4, atol=1e-4)
