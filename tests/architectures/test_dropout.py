"""Dropout with an owner: repeatable, right in distribution, and the global random state untouched."""

import pytest
import torch
import torchvision.models
from torch import nn

from cnnviz.architectures import build
from cnnviz.architectures.dropout import Dropout, StochasticDepth, own_randomness


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_zeroes_the_share_and_scales_the_rest(p):
    layer = own_randomness(nn.Sequential(Dropout(p)), seeded())
    y = layer(torch.ones(100_000))
    assert (y == 0).float().mean().item() == pytest.approx(p, abs=0.01)
    assert y.mean().item() == pytest.approx(1, abs=0.02)
    assert set(y.unique().tolist()) <= {0.0, torch.tensor(1 / (1 - p)).item()}
    assert torch.equal(layer.eval()(torch.ones(9)), torch.ones(9))


def test_without_a_generator_it_is_torchs():
    x = torch.ones(1000)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        mine = Dropout(0.5)(x)
        torch.manual_seed(1)
        theirs = nn.Dropout(0.5)(x)
    assert torch.equal(mine, theirs)


@pytest.mark.parametrize("mode", ["row", "batch"])
def test_stochastic_depth_drops_what_torchvisions_drops(mode):
    x = torch.ones(4000 if mode == "row" else 3, 2, 2, 2)
    dropped = []
    for kind in (StochasticDepth(0.25, mode), torchvision.ops.StochasticDepth(0.25, mode)):
        layer = kind
        with torch.random.fork_rng():
            torch.manual_seed(1)
            rows = torch.cat([layer(x).flatten(1) for _ in range(1 if mode == "row" else 2000)])
        assert ((rows == 0).all(1) | (rows == 4 / 3).all(1)).all()  # whole images
        dropped.append((rows == 0).all(1).float().mean().item())
        assert torch.equal(layer.eval()(x), x)
        assert repr(layer) == f"StochasticDepth(p=0.25, mode={mode})"
    assert dropped == pytest.approx([0.25, 0.25], abs=0.03)


NETWORKS = {
    "lenet": {"dropout": 0.5},
    "alexnet": {"image_size": 65, "width": 0.1},
    "nin": {"image_size": 67, "width": 0.1},
    "densenet": {"image_size": 32, "width": 0.25, "dropout": 0.2},
    "googlenet": {"image_size": 32, "width": 0.25, "dropout": 0.4},
    "resnet18": {"image_size": 32, "width": 0.25, "dropout": 0.4},
    "torchvision/squeezenet1_1": {"image_size": 32, "num_classes": 10},
    "torchvision/mobilenet_v3_small": {"image_size": 32, "num_classes": 10},
    "torchvision/efficientnet_b0": {"image_size": 32, "num_classes": 10},
    "torchvision/convnext_tiny": {"image_size": 32, "num_classes": 10},
    "torchvision/swin_t": {"image_size": 32, "num_classes": 10},
    "torchvision/vit_b_32": {"image_size": 32, "num_classes": 10},
}


@pytest.mark.parametrize("key", NETWORKS)
def test_training_passes_repeat_and_leave_the_global_state_alone(key):
    generator = seeded()
    model = own_randomness(build(key, generator=seeded(3), **NETWORKS[key]), generator)
    images = torch.rand(4, *model.spec.input_shape, generator=seeded(2))
    before = torch.random.get_rng_state()
    with torch.no_grad():
        first, second = model(images), model(images)
        generator.manual_seed(1)
        again = model(images)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    drawing = [m for m in model.modules() if isinstance(m, Dropout | StochasticDepth) and m.p > 0]
    if drawing:
        assert not torch.equal(first, second)
    else:
        assert key == "torchvision/vit_b_32"  # its published dropout is 0


def test_replaced_modules_keep_their_mode_and_their_share():
    model = own_randomness(torchvision.models.alexnet(num_classes=2).eval(), seeded())
    kinds = [module for module in model.modules() if isinstance(module, nn.Dropout)]
    assert [(type(module), module.p, module.training) for module in kinds] == [(Dropout, 0.5, False)] * 2
