"""Every field of every spec does something: turning it changes the network's layers, their shapes, or both."""

from typing import Literal, get_args, get_origin

import pytest
import torch

from cnnviz.architectures import architecture, build
from cnnviz.specs.architectures import ArchitectureSpec

# A small network of each family, and what a knob needs beside it to be heard.
BASES = {
    "lenet": {"norm": "before", "norm_kind": "standard"},
    "alexnet": {"norm": "before", "image_size": 96},
    "vgg11": {"norm": "before", "image_size": 64},
    "nin": {"image_size": 96},
    "googlenet": {"image_size": 32},
    "resnet18": {"blocks": (1, 1), "channels": (16, 32), "image_size": 32},
    "densenet": {"convolutions": (2, 2), "image_size": 32},
    "torchvision/squeezenet1_1": {"image_size": 64},
}
NEEDS = {("nin", "hidden"): {"head": "dense"}, ("resnet18", "group_width"): {"block": "bottleneck"}}
TURNED = {
    ("vgg11", "kernel_size"): 5,  # odd
    ("resnet18", "blocks"): (2, 1),
    ("resnet18", "groups"): 2,
    ("resnet18", "group_width"): 32,
    ("nin", "reduction"): (8,),
}


def network(key, options):
    """What a network is: its modules with their settings, the parameters and the shape after each module."""
    with torch.device("meta"):
        model = build(key, **options).eval()
    shapes = []
    for name, module in model.named_modules():
        module.register_forward_hook(lambda _m, _i, output, name=name: shapes.append((name, tuple(output.shape))))
    with torch.no_grad():
        model(torch.empty(1, *model.spec.input_shape, device="meta"))
    return repr(model), [tuple(parameter.shape) for parameter in model.parameters()], shapes


def turned(field, value):
    """Another value that the field's type allows."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return choices[(choices.index(value) + 1) % len(choices)]
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return (value[0] + 1, *value[1:])
    if isinstance(value, float):
        return value / 2 or 0.5
    return value + 1


FIELDS = [(key, name) for key in BASES for name in architecture(key).spec_type.model_fields if name != "key"]


def test_every_spec_type_is_here():
    def below(kind):
        return {kind} | {deeper for child in kind.__subclasses__() for deeper in below(child)}

    ours = {kind for kind in below(ArchitectureSpec) if kind.__module__.startswith("cnnviz")} - {ArchitectureSpec}
    assert {architecture(key).spec_type for key in BASES} == ours


@pytest.mark.parametrize(("key", "name"), FIELDS)
def test_turning_it_changes_the_network(key, name):
    base = {**BASES[key], **NEEDS.get((key, name), {})}
    spec = architecture(key).spec(**base)
    value = getattr(spec, name)
    other = TURNED[key, name] if (key, name) in TURNED else turned(type(spec).model_fields[name], value)
    assert other != value
    if name == "image_size":
        other = value * 2
    assert network(key, base) != network(key, {**base, name: other})


@pytest.mark.parametrize("key", ["lenet", "alexnet", "vgg11", "nin", "googlenet", "resnet18", "densenet"])
def test_the_width_scales_every_layer_between_input_and_classes(key):
    with torch.device("meta"):
        whole, half = (build(key, width=width) for width in (1.0, 0.5))
    sizes = [[p.numel() for p in model.parameters() if p.dim() > 1] for model in (whole, half)]
    ratios = [small / large for large, small in zip(*sizes, strict=True)]
    last = 3 if key == "nin" else 1  # NiN's last block is as wide as there are classes
    assert ratios[0] == pytest.approx(0.5)
    assert ratios[1:-last] == pytest.approx([0.25] * (len(ratios) - 1 - last), rel=0.1)
    assert ratios[-last:] == pytest.approx([0.5, 1, 1][:last])


@pytest.mark.parametrize("key", ["resnet18", "resnet50", "resnext50_32x4d"])
@pytest.mark.parametrize("width", [1 / 32, 0.1, 0.3, 0.7])
def test_a_narrow_network_keeps_its_groups(key, width):
    options = {"groups": 4} if key == "resnet18" else {}
    with torch.device("meta"):
        model = build(key, width=width, image_size=32, **options).eval()
        assert model(torch.empty(1, 1, 32, 32)).shape == (1, 10)
    groups = {"resnet18": 4, "resnet50": 1, "resnext50_32x4d": 32}[key]
    assert {conv.groups for conv in model.modules() if getattr(conv, "kernel_size", 0) == (3, 3) and
            isinstance(conv, torch.nn.Conv2d)} == {groups}  # fmt: skip


@pytest.mark.parametrize(
    ("groups", "group_width", "middles"),
    [(1, 64, (64, 128, 256, 512)), (32, 4, (128, 256, 512, 1024)), (2, 40, (80, 160, 320, 640))],
)
def test_the_middle_of_a_bottleneck_is_groups_times_their_width(groups, group_width, middles):
    """Xie et al. 2016, table 2: 1×64d, 2×40d and 32×4d cost about the same."""
    with torch.device("meta"):
        model = build("resnext50_32x4d", groups=groups, group_width=group_width, in_channels=3, num_classes=1000)
    found = tuple(model.get_submodule(f"stage{n}.block1.body.conv2").out_channels for n in (1, 2, 3, 4))
    assert found == middles
    assert 24e6 < sum(parameter.numel() for parameter in model.parameters()) < 26.5e6


def test_the_last_relu_of_nin_sits_on_the_logits():
    images = torch.randn(4, 1, 67, 67, generator=torch.Generator().manual_seed(0))
    for output_activation in (True, False):
        model = build(
            "nin", image_size=67, width=0.1, output_activation=output_activation,
            generator=torch.Generator().manual_seed(3),
        ).eval()  # fmt: skip
        assert bool((model(images) >= 0).all()) is output_activation


@pytest.mark.parametrize("blocks", [(3, 3, 3), (9, 9, 9)])
def test_the_papers_small_networks(blocks):
    """He et al. 2015, table 6: 0.27 M parameters with 20 layers, 0.85 M with 56; option A adds none."""
    preset = {20: "resnet20", 56: "resnet56"}[2 * sum(blocks) + 2]
    options = dict(architecture("resnet18").preset(preset).options)
    with torch.device("meta"):
        model, plain = (
            build("resnet18", in_channels=3, conv_bias=False, **{**options, "residual": residual})
            for residual in (True, False)
        )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert parameters / 1e6 == pytest.approx({20: 0.27, 56: 0.85}[2 * sum(blocks) + 2], abs=0.01)
    assert parameters == sum(parameter.numel() for parameter in plain.parameters())
