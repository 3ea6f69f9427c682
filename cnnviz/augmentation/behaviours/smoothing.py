"""Gaussian blur with a width of its own for each image, in two passes of one dimension."""

import math

import torch
from torch import Tensor
from torch.nn.functional import pad


def gaussian_kernel(size: int, sigma: Tensor) -> Tensor:
    """(N,) standard deviations in px → (N, size) weights that add up to 1, torchvision's."""
    limit = (size - 1) / (2 * math.sqrt(2))
    places = torch.linspace(-limit, limit, size, dtype=sigma.dtype, device=sigma.device)
    return places.div(sigma[:, None]).square_().neg_().softmax(1)


def blurred(pixels: Tensor, kernels: Tensor) -> Tensor:
    """(N, C, H, W) averaged with (N or 1, size) weights, mirrored at the edges.

    Products with shifted pictures: a convolution with kernels of its own for each image takes several times as long.
    """
    height, width = pixels.shape[-2:]
    size = kernels.shape[1]
    reach = size // 2
    weights = kernels[:, :, None, None, None].unbind(1)
    mirrored = pad(pixels, [reach] * 4, mode="reflect")
    rows = torch.mul(mirrored[:, :, :height], weights[0])
    for step in range(1, size):
        rows.addcmul_(mirrored[:, :, step : step + height], weights[step])
    result = torch.mul(rows[..., :width], weights[0])
    for step in range(1, size):
        result.addcmul_(rows[..., step : step + width], weights[step])
    return result
