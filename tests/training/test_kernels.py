"""The kernels that stand in for torch's own: the same results, gradients and running statistics as torch's."""

import copy

import pytest
import torch
from torch import nn

from cnnviz.architectures import build
from cnnviz.training.kernels import (
    BFLOAT16_CONVOLUTIONS,
    HALVED_POOLING,
    SPLIT_CONVOLUTIONS,
    TWO_PASS_BATCH_NORM,
    use_kernels,
)

IMAGES = (16, 6, 24, 24)


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def images(shape=IMAGES, *, shift=0.0, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).add_(shift)


def outcome(module, given, weight, *, half=False):
    """Output, gradient of the input and of every parameter of a weighted sum of the output."""
    given = given.clone().requires_grad_()
    module.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        output = module(given)
    (output.float() * weight).sum().backward()
    return [output.detach().float(), given.grad, *(p.grad.clone() for p in module.parameters())]


def both(module, names, given, *, half=False):
    """What torch computes and what the kernels do, and the two modules."""
    torch.manual_seed(0)
    with torch.no_grad():
        output = module(given)
    weight = images(output.shape, seed=1)
    own = copy.deepcopy(module)
    theirs = copy.deepcopy(module)
    use_kernels(own, names)
    return outcome(theirs, given, weight, half=half), outcome(own, given, weight, half=half), theirs, own


def check(theirs, own, tolerance):
    assert len(theirs) == len(own) and all(torch.isfinite(one).all() for one in own)
    for expected, found in zip(theirs, own, strict=True):
        assert found.shape == expected.shape and found.dtype == expected.dtype
        assert (found - expected).abs().max() <= tolerance * expected.abs().max()


def test_average_pooling():
    given = images()
    theirs, own, *_ = both(nn.Sequential(nn.AvgPool2d(2)), [HALVED_POOLING], given)
    check(theirs, own, 1e-6)


@pytest.mark.parametrize("shape", [(2, 3, 5, 5), (2, 3, 4, 5), (1, 1, 2, 2)])
def test_average_pooling_of_sizes_that_are_odd_or_small(shape):
    theirs, own, *_ = both(nn.Sequential(nn.AvgPool2d(2)), [HALVED_POOLING], images(shape))
    check(theirs, own, 1e-6)


@pytest.mark.parametrize(
    "pool", [nn.AvgPool2d(3), nn.AvgPool2d(2, 1), nn.AvgPool2d(2, padding=1), nn.MaxPool2d(2)], ids=repr
)
def test_other_pooling_is_left_alone(pool):
    theirs, own, *_ = both(nn.Sequential(pool), [HALVED_POOLING], images())
    assert all(map(torch.equal, theirs, own))


@pytest.mark.parametrize("shift", [0.0, 3.0, 100.0])
def test_batch_norm(shift):
    """Also where the mean is far larger than the spread, which a single pass over sums of squares would lose."""
    norm = nn.Sequential(nn.BatchNorm2d(6))
    nn.init.uniform_(norm[0].weight, 0.5, 2.0)
    theirs, own, expected, found = both(norm, [TWO_PASS_BATCH_NORM], images(shift=shift))
    check(theirs, own, 1e-3 if shift == 100 else 1e-5)
    for name, value in expected[0].named_buffers():
        assert torch.allclose(value, dict(found[0].named_buffers())[name], rtol=1e-5)
    assert torch.equal(expected.eval()(images(seed=2)), expected(images(seed=2)))
    assert torch.allclose(expected(images(seed=2)), found.eval()(images(seed=2)), rtol=1e-4, atol=1e-5)


def test_batch_norm_of_one_value_is_refused_as_torch_refuses_it():
    norm = nn.Sequential(nn.BatchNorm2d(6))
    use_kernels(norm, [TWO_PASS_BATCH_NORM])
    with pytest.raises(ValueError, match="more than 1 value"):
        norm(torch.zeros(1, 6, 1, 1))


CONVOLUTIONS = {
    "3×3": nn.Conv2d(32, 48, 3, padding=1),
    "stride": nn.Conv2d(32, 48, 3, stride=2, padding=1, bias=False),
    "1×1": nn.Conv2d(32, 256, 1),
    "groups": nn.Conv2d(32, 64, 3, groups=4),
    "dilation": nn.Conv2d(32, 48, 3, dilation=2),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_split_convolutions(name):
    """As near to float32 as torch's own bfloat16 convolution, whose sums round at other places."""
    module, given = nn.Sequential(CONVOLUTIONS[name]), images((16, 32, 24, 24))
    exact, *_ = both(module, [], given)
    theirs, own, *_ = both(module, [SPLIT_CONVOLUTIONS], given, half=True)
    assert torch.equal(theirs[0], own[0]), "the forward pass is torch's own"
    for expected, of_torch, found in zip(exact, theirs, own, strict=True):
        size = expected.abs().max()
        assert found.dtype == of_torch.dtype
        assert (found - expected).abs().max() <= max(1.5 * (of_torch - expected).abs().max(), 0.004 * size)


def test_split_convolutions_repeat_bit_for_bit_and_leave_the_threads_alone():
    module, given = nn.Sequential(CONVOLUTIONS["3×3"]), images((17, 32, 24, 24))  # not a multiple of two
    _, first, *_ = both(module, [SPLIT_CONVOLUTIONS], given, half=True)
    _, second, *_ = both(module, [SPLIT_CONVOLUTIONS], given, half=True)
    assert all(map(torch.equal, first, second))
    assert torch.get_num_threads() == 2


def test_bfloat16_convolutions_of_lenet_stay_close_and_give_float32():
    torch.manual_seed(0)
    network = build("lenet_bn")
    theirs, own, *_ = both(network, [BFLOAT16_CONVOLUTIONS], images((32, 1, 28, 28)))
    assert own[0].dtype == torch.float32
    check(theirs[:1], own[:1], 0.02)
    assert not torch.equal(theirs[0], own[0]), "the second convolution computes in bfloat16"
