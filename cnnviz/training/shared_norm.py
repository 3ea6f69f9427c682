"""Batch norm over a batch that several processes share: its statistics are those of the whole batch.

The same on a processor and on a graphics card, where torch's own `SyncBatchNorm` is for graphics cards alone. Mean and
variance are summed over the processes, and so are their gradients on the way back.
"""

import functools
from typing import Any

import torch
from torch import Tensor, distributed, nn

from cnnviz.architectures.batch_norm import BatchNorm

_KINDS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, BatchNorm)


def share_batch_norm(network: nn.Module) -> None:
    """Let every batch norm of a network look at the batch of all processes; parameters and names stay what they are.

    Args:
        network: any network; changed in place. Other layers look at each image by itself.
    """
    for module in network.modules():
        if isinstance(module, _KINDS):
            module.forward = functools.partial(_normalise, module)  # type: ignore[method-assign]


class _Sum(torch.autograd.Function):
    """The sum over all processes, in each of them; what one of them does with it counts for all."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.contiguous().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total


def _normalise(norm: Any, input: Tensor) -> Tensor:
    """(N, C) or (N, C, H, W), this process's share → the same, normalised over the shares of all."""
    if not norm.training:
        output: Tensor = type(norm).forward(norm, input)
        return output
    axes = [axis for axis in range(input.ndim) if axis != 1]
    per_channel = [1, -1] + [1] * (input.ndim - 2)
    values = input.float()
    count = values.new_full((1,), values.numel() / max(values.shape[1], 1))
    sums = _Sum.apply(torch.cat((values.sum(axes), count)))
    count, mean = sums[-1].detach(), sums[:-1] / sums[-1].detach()
    centred = values - mean.view(per_channel)
    variance = _Sum.apply(centred.square().sum(axes)) / count
    with torch.no_grad():
        norm.running_mean.lerp_(mean.detach(), norm.momentum)
        norm.running_var.lerp_(variance.detach() * count / (count - 1), norm.momentum)
        norm.num_batches_tracked.add_(1)
    statistics = getattr(norm, "statistics", "both")
    output = values if statistics == "variance" else centred
    if statistics != "mean":
        output = output / (variance + norm.eps).sqrt().view(per_channel)
    if norm.weight is not None:
        output = output * norm.weight.view(per_channel) + norm.bias.view(per_channel)
    return output.to(input.dtype)
