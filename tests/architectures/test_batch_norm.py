"""Batch norm from scratch against torch's, over several updates, and what only it can do."""

import pytest
import torch
from torch import nn

from cnnviz.architectures import build
from cnnviz.architectures.batch_norm import BatchNorm
from cnnviz.errors import CnnvizError

SHAPES = [(16, 7), (2, 7), (8, 7, 5, 5), (1, 7, 3, 2)]


def batches(shape, count=6):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(shape, generator=generator) * 3 + 2 for _ in range(count)]


def pair(shape, **options):
    theirs = (nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d)(shape[1], **options)
    ours = BatchNorm(shape[1], **options)
    if theirs.affine:
        with torch.no_grad():
            for name in ("weight", "bias"):
                value = torch.rand(shape[1], generator=torch.Generator().manual_seed(2)) + 0.5
                getattr(theirs, name).copy_(value)
                getattr(ours, name).copy_(value)
    return ours, theirs


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", [{}, {"affine": False}, {"momentum": 0.5, "eps": 1e-3}])
def test_equal_in_training_and_in_prediction(shape, options):
    ours, theirs = pair(shape, **options)
    for batch in batches(shape):
        mine, other = batch.clone().requires_grad_(), batch.clone().requires_grad_()
        for module, x in ((ours, mine), (theirs, other)):
            module.train()(x).pow(3).sum().backward()
        torch.testing.assert_close(ours(mine), theirs(other), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(mine.grad, other.grad, atol=2e-4, rtol=1e-4)
        torch.testing.assert_close(ours.eval()(batch), theirs.eval()(batch), atol=1e-5, rtol=1e-5)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, atol=1e-5, rtol=1e-5)


def test_the_running_variance_is_the_unbiased_one():
    """With the biased variance in its place prediction would differ from torch's by n/(n − 1)."""
    ours = BatchNorm(1, momentum=1.0)
    ours(torch.tensor([[1.0], [3.0]]))
    assert ours.running_mean.item() == 2 and ours.running_var.item() == pytest.approx(2)  # biased it would be 1


def test_a_batch_of_one_is_refused_in_training_as_torch_does():
    with pytest.raises(CnnvizError) as caught:
        BatchNorm(7)(torch.randn(1, 7))
    assert caught.value.code == "batch_of_one_needs_more"
    with pytest.raises(ValueError):
        nn.BatchNorm1d(7)(torch.randn(1, 7))
    assert BatchNorm(7).eval()(torch.randn(1, 7)).shape == (1, 7)


@pytest.mark.parametrize(("statistics", "mean", "deviation"), [("both", 0, 1), ("mean", 0, 3), ("variance", 2 / 3, 1)])
def test_half_of_it(statistics, mean, deviation):
    x = torch.randn(10_000, 1, generator=torch.Generator().manual_seed(1)) * 3 + 2
    y = BatchNorm(1, statistics=statistics)(x)
    assert y.mean().item() == pytest.approx(mean, abs=0.05)
    assert y.std().item() == pytest.approx(deviation, rel=0.05)


def test_lenet_with_batch_norm_from_scratch_is_lenet_with_torchs():
    models = [
        build("lenet_bn", norm_kind=kind, generator=torch.Generator().manual_seed(1))
        for kind in ("standard", "scratch")
    ]
    images = torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    for _ in range(3):
        first, second = (model.train()(images) for model in models)
        torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-5)
    first, second = (model.eval()(images) for model in models)
    torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-5)
