"""Batch norm over a shared batch is the batch norm of the whole: outputs, gradients and what is kept for prediction."""

import copy

import pytest
import torch
from torch import nn

from cnnviz.architectures.batch_norm import BatchNorm
from cnnviz.training.shared_norm import share_batch_norm

KINDS = {
    "2d": (nn.BatchNorm2d(3), (5, 3, 4, 4)),
    "1d": (nn.BatchNorm1d(3), (5, 3)),
    "without γ and β": (nn.BatchNorm2d(3, affine=False), (5, 3, 4, 4)),
    "scratch": (BatchNorm(3), (5, 3, 4, 4)),
    "mean": (BatchNorm(3, statistics="mean"), (5, 3, 4, 4)),
    "variance": (BatchNorm(3, statistics="variance"), (5, 3, 4, 4)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_with_the_same_half_have_what_one_has_with_both(kind, monkeypatch):
    """The other process would send the same sums, so they are doubled."""
    monkeypatch.setattr("cnnviz.training.shared_norm.distributed.all_reduce", lambda sums: sums.mul_(2))
    norm, shape = KINDS[kind]
    whole, shared = copy.deepcopy(norm).train(), copy.deepcopy(norm).train()
    share_batch_norm(shared)
    random = torch.Generator().manual_seed(1)
    half = torch.randn(shape, generator=random).mul_(3).add_(7)
    weights = torch.randn(shape, generator=random)
    ours, theirs = half.clone().requires_grad_(), half.clone().requires_grad_()
    output, expected = shared(ours), whole(torch.cat((theirs, theirs)))
    torch.testing.assert_close(output, expected[: len(half)])
    (output * weights).sum().backward()
    (expected * torch.cat((weights, weights))).sum().backward()
    torch.testing.assert_close(ours.grad * 2, theirs.grad, msg="the whole's gradient goes to both halves")
    for name, buffer in whole.named_buffers():
        torch.testing.assert_close(shared.get_buffer(name), buffer)
    for name, parameter in whole.named_parameters():
        torch.testing.assert_close(shared.get_parameter(name).grad * 2, parameter.grad)
    shared.eval(), whole.eval()
    torch.testing.assert_close(shared(half), whole(half))


def test_half_precision_goes_through_and_its_statistics_are_exact(monkeypatch):
    monkeypatch.setattr("cnnviz.training.shared_norm.distributed.all_reduce", lambda sums: sums)
    norm = nn.BatchNorm2d(2).train()
    share_batch_norm(norm)
    output = norm(torch.full((4, 2, 3, 3), 300.0, dtype=torch.bfloat16))
    assert output.dtype == torch.bfloat16 and output.abs().max() == 0
    assert norm.running_mean.tolist() == [30.0, 30.0] and norm.running_var.tolist() == pytest.approx([0.9, 0.9])
