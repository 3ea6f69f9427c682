"""Batch normalisation, written out.

Ioffe & Szegedy 2015, arXiv 1502.03167. While training, each channel of a batch is shifted and scaled to mean 0 and
variance 1 and then by the learned γ and β:

    y = γ · (x − μ) / √(σ² + ε) + β

For a dense layer's output (N, C) μ and σ² are taken over the N images; for a convolution's (N, C, H, W) over N·H·W
values per channel. Running averages of both are kept as buffers for prediction, where a batch may be a single image.

Conventions are torch's, so both agree in training and in prediction: `momentum` is the share of the new batch
(running ← (1 − momentum) · running + momentum · batch), the batch is normalised with the biased variance (divided by
n) and the running one is the unbiased (divided by n − 1). Deviation from the paper: it averages the statistics of many
batches after training, where this keeps a moving average.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from cnnviz.errors import CnnvizError


class BatchNorm(nn.Module):
    """Batch norm from scratch for (N, C) and (N, C, H, W); equals `nn.BatchNorm1d` and `nn.BatchNorm2d`.

    Args:
        num_features: channels C.
        eps: added to the variance, so that a constant channel is not divided by zero.
        momentum: share of the new batch in the running statistics.
        affine: whether γ (`weight`) and β (`bias`) are learned; otherwise there are none.
        statistics: "both"; "mean" only subtracts the mean; "variance" only divides by the standard deviation.

    Raises:
        CnnvizError: in training, on a batch with a single value per channel.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        statistics: Literal["both", "mean", "variance"] = "both",
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.statistics = statistics
        self.register_parameter("weight", nn.Parameter(torch.empty(num_features)) if affine else None)
        self.register_parameter("bias", nn.Parameter(torch.empty(num_features)) if affine else None)
        self.register_buffer("running_mean", torch.empty(num_features))
        self.register_buffer("running_var", torch.empty(num_features))
        self.register_buffer("num_batches_tracked", torch.empty((), dtype=torch.long))
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget all batches: mean 0, variance 1."""
        self.running_mean.zero_()
        self.running_var.fill_(1)
        self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """γ = 1, β = 0, and no batch seen."""
        self.reset_running_stats()
        if self.weight is not None:
            nn.init.ones_(self.get_parameter("weight"))
            nn.init.zeros_(self.get_parameter("bias"))

    def forward(self, input: Tensor) -> Tensor:
        """Normalise each channel over the batch in training, by the running statistics in prediction."""
        axes = [axis for axis in range(input.ndim) if axis != 1]
        per_channel = [1, -1] + [1] * (input.ndim - 2)
        if self.training:
            values = input.numel() // max(input.shape[1], 1)
            if values <= 1:
                raise CnnvizError("batch_of_one_needs_more", field="batch_size")
            mean = input.mean(axes)
            variance = (input - mean.view(per_channel)).square().mean(axes)
            self._update(mean.detach(), variance.detach() * values / (values - 1))
        else:
            mean, variance = self.get_buffer("running_mean"), self.get_buffer("running_var")
        output = input
        if self.statistics != "variance":
            output = output - mean.view(per_channel)
        if self.statistics != "mean":
            output = output / (variance + self.eps).sqrt().view(per_channel)
        if self.weight is not None:
            weight, bias = self.get_parameter("weight"), self.get_parameter("bias")
            output = output * weight.view(per_channel) + bias.view(per_channel)
        return output

    def _update(self, mean: Tensor, variance: Tensor) -> None:
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
        self.running_var.lerp_(variance.to(self.running_var.dtype), self.momentum)
        self.num_batches_tracked.add_(1)

    def extra_repr(self) -> str:
        """What stands between the brackets when it is printed."""
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, statistics={self.statistics}"
