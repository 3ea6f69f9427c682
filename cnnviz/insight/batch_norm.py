"""Batch norm looked at: real inputs of LeNet's batch norms, and what normalising them does. Numpy, once torch has run.

Ioffe & Szegedy 2015, arXiv 1502.03167. The network is the chapter's LeNet with batch norm before its training; its
pictures are Fashion-MNIST's test images in their order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cnnviz.data import fashion_mnist

Array = NDArray[np.float32]
EPS: Final = 1e-5  # as PyTorch's default
PICTURES: Final = 2048  # test images that batches are drawn from
KEPT: Final = 512  # of them keep all their values; the others their sums
LAYERS: Final = {"convolution": 0, "dense_layer": 2}  # which batch norm of the network
DRAWS: Final = 60  # batches of each size
SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
SEED: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What enters one batch norm.

    Attributes:
        values: of the first `KEPT` pictures, (N, C, H, W); a dense layer has H = W = 1. Read only.
        means: each picture's mean per channel, (`PICTURES`, C).
        squares: each picture's mean of squares per channel, (`PICTURES`, C).
    """

    values: Array
    means: NDArray[np.float64]
    squares: NDArray[np.float64]

    @property
    def positions(self) -> int:
        """Values of one channel in one picture."""
        return int(self.values.shape[2] * self.values.shape[3])


def inputs() -> dict[str, Inputs]:
    """The inputs of the first batch norm behind a convolution and behind a dense layer, before training.

    Returns:
        "convolution" → (512, 6, 24, 24) and "dense_layer" → (512, 120, 1, 1), and each picture's moments.
    """
    import torch

    from cnnviz.architectures import build

    network = build("lenet_bn", generator=torch.Generator().manual_seed(SEED), initialization="xavier")
    taken: list[Any] = []
    norms = [module for module in network.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.register_forward_pre_hook(lambda _module, received: taken.append(received[0]))
    pictures = torch.tensor(fashion_mnist("test").images[:PICTURES]).unsqueeze(1).float().div_(255)
    with torch.no_grad():
        network(pictures)
    return {name: _summary(taken[index].numpy()) for name, index in LAYERS.items()}


def _summary(values: Array) -> Inputs:
    values = values.reshape(*values.shape[:2], *(values.shape[2:] or (1, 1)))
    kept = values[:KEPT].copy()
    kept.setflags(write=False)
    exact = values.astype(np.float64)
    return Inputs(kept, exact.mean((2, 3)), np.square(exact).mean((2, 3)))


def batch_norm(values: NDArray[Any], mean: Any = None, variance: Any = None) -> NDArray[Any]:
    """Batch norm written out, γ = 1 and β = 0, for (N, C, H, W).

    Args:
        values: a batch.
        mean: of each channel, for prediction mode; None takes the batch's.
        variance: likewise; the batch's is divided by n.
    """
    if mean is None:
        mean = values.mean((0, 2, 3))
        variance = np.square(values - _per_channel(mean)).mean((0, 2, 3))
    normalised: NDArray[Any] = (values - _per_channel(mean)) / np.sqrt(_per_channel(variance) + EPS)
    return normalised


def _per_channel(statistic: Any) -> NDArray[Any]:
    return np.asarray(statistic).reshape(1, -1, 1, 1)


def difference_to_torch(values: Array) -> float:
    """The largest difference between `batch_norm` and PyTorch's on the same batch, in training mode."""
    import torch

    other = torch.nn.functional.batch_norm(torch.tensor(values), None, None, training=True, eps=EPS).numpy()
    return float(np.abs(batch_norm(values) - other).max())


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """The moving averages of one channel, batch by batch; each array begins with the start, before any batch.

    Attributes:
        means: running mean, (batches + 1,).
        variances: running variance, of the unbiased kind, (batches + 1,).
        true_mean: over all pictures.
        true_variance: likewise, unbiased.
    """

    means: NDArray[np.float64]
    variances: NDArray[np.float64]
    true_mean: float
    true_variance: float


def running(found: Inputs, channel: int, batch_size: int, momentum: float, batches: int) -> Running:
    """What PyTorch's running mean and variance become over batches drawn at random, from mean 0 and variance 1.

    The batches are the same for every momentum. A batch with a single value has no unbiased variance; PyTorch refuses
    it, and here it leaves the averages as they are.

    Args:
        found: what enters the batch norm.
        channel: from 0.
        batch_size: pictures of a batch.
        momentum: share of the new batch.
        batches: how many.
    """
    random = np.random.default_rng(SEED)
    count = batch_size * found.positions
    means, variances = [0.0], [1.0]
    for _batch in range(batches):
        chosen = random.integers(0, PICTURES, batch_size)
        mean = float(found.means[chosen, channel].mean())
        variance = float(found.squares[chosen, channel].mean()) - mean**2
        if count > 1:
            means.append((1 - momentum) * means[-1] + momentum * mean)
            variances.append((1 - momentum) * variances[-1] + momentum * variance * count / (count - 1))
        else:
            means.append(means[-1])
            variances.append(variances[-1])
    everything = PICTURES * found.positions
    mean = float(found.means[:, channel].mean())
    variance = float(found.squares[:, channel].mean()) - mean**2
    return Running(np.array(means), np.array(variances), mean, variance * everything / (everything - 1))


def start_left(momentum: float, batches: int) -> float:
    """How much the averages' start still counts after some batches, 0 to 1: each one keeps 1 − momentum of it."""
    return (1 - momentum) ** batches


def companions(found: Inputs, channel: int, sizes: Iterable[int] = SIZES) -> dict[int, NDArray[np.float64]]:
    """One value of the first picture, normalised within `DRAWS` batches of each size whose other pictures are random.

    The value is the one at the middle of the channel's map.

    Args:
        found: what enters the batch norm.
        channel: from 0.
        sizes: of the batches, the picture itself included.

    Returns:
        Size → (`DRAWS`,) normalised values.
    """
    _count, _channels, height, width = found.values.shape
    value = float(found.values[0, channel, height // 2, width // 2])
    result = {}
    for size in sizes:
        random = np.random.default_rng((SEED, size))
        batches = random.integers(1, PICTURES, (DRAWS, size))
        batches[:, 0] = 0  # the picture itself
        mean = found.means[batches, channel].mean(1)
        variance = np.maximum(found.squares[batches, channel].mean(1) - mean**2, 0)
        result[size] = (value - mean) / np.sqrt(variance + EPS)
    return result
