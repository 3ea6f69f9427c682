"""Kernels that a run uses instead of torch's own where they were measured to be faster; what is computed is the same.

"split_convolutions", bfloat16 by several threads: oneDNN's bfloat16 kernel for the gradient of a convolution's weights
waits in a spinning barrier when it has several threads. Alone on the machine that is fast, but as soon as anything else
wants a core, a browser say, a step takes 20 to 40 times as long. So the batch is cut into as many parts as there are
threads, and each thread of a pool computes its part's gradients by itself, with kernels of one thread; waiting for each
other they sleep. The parts' gradients of the weights are added in float32, in order, so a run repeats bit for bit with
the same number of threads. ResNet-18 at 96 px on two cores, images per second: float32 87, bfloat16 by one thread 95,
by two 164 (with a busy neighbour 18 to 35), in two parts 162 (with a busy neighbour 89).

"halved_pooling", LeNet on processors: an average over 2×2 as two additions of strided rows and columns, its gradient
as a product with a matrix of quarters: 0.10 and 0.15 ms instead of 0.78 and 0.77 for (128, 6, 24, 24), since torch's
kernel is not vectorised for images laid out channel by channel.

"two_pass_batch_norm", LeNet on processors: mean and variance of each channel as two plain sums, the second over what is
left after the mean is taken away; torch normalises, and computes the gradient. 0.25 instead of 0.80 ms for the same
images: torch's pass over the statistics takes nine tenths of its batch norm and is not vectorised either.

"bfloat16_convolutions", LeNet's precision "auto" on processors with instructions for bfloat16: only the convolution of
more than three channels computes in it, 1.7 instead of 3.2 ms for the second one of LeNet, forward and backward; the
first one, dense layers and everything else would lose. Its result is float32 again.
"""

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, Final

import torch
from torch import Tensor, nn

SPLIT_CONVOLUTIONS: Final = "split_convolutions"
HALVED_POOLING: Final = "halved_pooling"
TWO_PASS_BATCH_NORM: Final = "two_pass_batch_norm"
BFLOAT16_CONVOLUTIONS: Final = "bfloat16_convolutions"
_WORTH_SPLITTING: Final = 5_000_000  # MACs of a batch: below, handing over parts costs more than it gains

Geometry = tuple[Any, Any, Any, int]  # stride, padding, dilation, groups
Gradients = tuple[Tensor | None, Tensor, Tensor | None]


def use_kernels(network: nn.Module, names: Sequence[str]) -> None:
    """Let a network's modules compute with other kernels; parameters, names and results stay what they are.

    Args:
        network: any network; changed in place.
        names: of the kernels, as `choices.choose` picks them.
    """
    if SPLIT_CONVOLUTIONS in names:
        threads = OneThreadEach(torch.get_num_threads())
        for module in network.modules():
            if type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(module.padding, str):
                module.forward = functools.partial(_convolve, module, threads)  # type: ignore[method-assign]
    if HALVED_POOLING in names:
        for module in network.modules():
            if type(module) is nn.AvgPool2d and _halves(module):
                module.forward = functools.partial(_pool, module)  # type: ignore[method-assign]
    if TWO_PASS_BATCH_NORM in names:
        for module in network.modules():
            if type(module) is nn.BatchNorm2d and module.track_running_stats and module.momentum is not None:
                module.forward = functools.partial(_normalise, module)  # type: ignore[method-assign]
    if BFLOAT16_CONVOLUTIONS in names:
        for module in network.modules():
            if type(module) is nn.Conv2d and module.in_channels > 3:
                module.forward = functools.partial(_in_bfloat16, module.forward)  # type: ignore[method-assign]


class OneThreadEach:
    """A pool of threads in each of which torch computes with one thread; it ends with the last reference to it.

    Args:
        count: threads.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        before = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(count, "convolution", self._be_single)
        together = Barrier(count)
        for waiting in [self._pool.submit(together.wait) for _ in range(count)]:  # all of them are there afterwards
            waiting.result()
        torch.set_num_threads(before)

    @staticmethod
    def _be_single() -> None:
        torch.get_num_threads()  # a thread's first question sets its number to the process's: it must come first
        torch.set_num_threads(1)
        torch.set_grad_enabled(False)

    def map(self, function: Callable[..., Gradients], *parts: Sequence[Tensor]) -> list[Gradients]:
        """The function's results, in order."""
        return list(self._pool.map(function, *parts))


def _convolve(conv: nn.Conv2d, threads: OneThreadEach, input: Tensor) -> Tensor:
    """`nn.Conv2d.forward` under bfloat16 autocast: (N, C, H, W) of any float type → bfloat16."""
    if not torch.is_grad_enabled() or not torch.is_autocast_enabled("cpu"):
        plain: Tensor = conv._conv_forward(input, conv.weight, conv.bias)
        return plain
    geometry = conv.stride, conv.padding, conv.dilation, conv.groups
    output: Tensor = _SplitConvolution.apply(input, conv.weight, conv.bias, geometry, threads)
    return output


class _SplitConvolution(torch.autograd.Function):
    """A convolution in bfloat16 whose gradients are computed part of the batch by part of the batch."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry, threads: OneThreadEach
    ) -> Tensor:
        stride, padding, dilation, groups = geometry
        ctx.type, ctx.has_bias, ctx.geometry, ctx.threads = input.dtype, bias is not None, geometry, threads
        input, weight = input.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(input, weight)
        bias = None if bias is None else bias.bfloat16()
        return torch.convolution(input, weight, bias, stride, padding, dilation, False, [0, 0], groups)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        input, weight = ctx.saved_tensors
        stride, padding, dilation, groups = ctx.geometry
        biases = [weight.shape[0]] if ctx.has_bias else None
        wanted = [ctx.needs_input_grad[0], True, ctx.has_bias]

        def part(gradient: Tensor, input: Tensor) -> Gradients:
            found: Gradients = torch.ops.aten.convolution_backward(
                gradient, input, weight, biases, stride, padding, dilation, False, [0, 0], groups, wanted
            )
            return found

        work = gradient.numel() * weight[0].numel()
        count = ctx.threads.count if work >= _WORTH_SPLITTING else 1
        found = ctx.threads.map(part, gradient.chunk(count), input.chunk(count))
        inputs, weights, of_bias = zip(*found, strict=True)
        of_input = torch.cat(inputs).to(ctx.type) if wanted[0] else None
        return of_input, _sum(weights), _sum(of_bias) if ctx.has_bias else None, None, None


def _in_bfloat16(forward: Callable[[Tensor], Tensor], input: Tensor) -> Tensor:
    """A layer's forward pass computed in bfloat16: float32 → float32."""
    with torch.autocast("cpu", torch.bfloat16):
        output = forward(input)
    return output.float()


def _sum(parts: Sequence[Tensor]) -> Tensor:
    """The sum in float32, in the order of the parts."""
    total = parts[0].float()
    for part in parts[1:]:
        total += part
    return total


def _halves(pool: nn.AvgPool2d) -> bool:
    """Whether it averages 2×2 without overlap or border."""
    kernel, stride, padding = (
        value if isinstance(value, tuple) else (value, value) for value in (pool.kernel_size, pool.stride, pool.padding)
    )
    return kernel == stride == (2, 2) and padding == (0, 0) and pool.divisor_override is None


def _pool(pool: nn.AvgPool2d, input: Tensor) -> Tensor:
    """`nn.AvgPool2d.forward` for a 2×2 average: (N, C, H, W) → (N, C, H/2, W/2)."""
    even = input.shape[2] % 2 == 0 and input.shape[3] % 2 == 0
    if not (even and input.dtype == torch.float32 and input.is_contiguous()):
        return nn.AvgPool2d.forward(pool, input)
    output: Tensor = _HalvedPooling.apply(input)
    return output


class _HalvedPooling(torch.autograd.Function):
    """The mean of each 2×2 square of contiguous images with an even height and width."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        images, channels, height, width = input.shape
        rows = input.view(-1, 2, width)
        sums = (rows[:, 0] + rows[:, 1]).view(-1, width // 2, 2)  # of two neighbours above each other
        means = (sums[..., 0] + sums[..., 1]).mul_(0.25)
        ctx.shape = input.shape
        return means.view(images, channels, height // 2, width // 2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        width = ctx.shape[3]
        quarters = gradient.new_zeros(width // 2, 2, width // 2, 2)  # from a row of the output to two of the input
        quarters.diagonal(dim1=0, dim2=2).fill_(0.25)
        return (gradient.reshape(-1, width // 2) @ quarters.view(width // 2, 2 * width)).view(ctx.shape)


def _normalise(norm: nn.BatchNorm2d, input: Tensor) -> Tensor:
    """`nn.BatchNorm2d.forward` for (N, C, H, W)."""
    count = input.numel() // max(1, norm.num_features)
    if not (norm.training and count > 1 and input.dtype == torch.float32 and input.is_contiguous()):
        return nn.BatchNorm2d.forward(norm, input)
    output: Tensor
    output, mean, variance = _TwoPassBatchNorm.apply(input, norm.weight, norm.bias, norm.eps)
    assert norm.running_mean is not None and norm.running_var is not None and norm.momentum is not None
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
    if norm.num_batches_tracked is not None:
        norm.num_batches_tracked.add_(1)
    return output


class _TwoPassBatchNorm(torch.autograd.Function):
    """Batch norm of contiguous float32 images; also gives the mean and the biased variance of each channel."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        axes, count = (0, 2, 3), input.numel() // input.shape[1]
        mean = input.sum(axes) / count
        variance = (input - mean.view(-1, 1, 1)).square_().sum(axes) / count
        ctx.save_for_backward(input, weight, mean, (variance + eps).rsqrt_())
        ctx.eps = eps
        ctx.mark_non_differentiable(mean, variance)
        output = torch.nn.functional.batch_norm(input, mean, variance, weight, bias, False, 0.0, eps)
        return output, mean, variance

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_of_statistics: Tensor) -> tuple[Tensor | None, ...]:
        input, weight, mean, scale = ctx.saved_tensors
        affine = weight is not None
        of_input, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient.contiguous(), input, weight, None, None, mean, scale, True, ctx.eps,
            [ctx.needs_input_grad[0], affine, affine],
        )  # fmt: skip
        return of_input, of_weight if affine else None, of_bias if affine else None, None
