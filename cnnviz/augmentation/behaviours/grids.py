"""Where each pixel of the result comes from, for many images at once, and the bilinear look-up there.

The grids and the filling are those of torchvision.transforms.v2.functional (`affine`, `perspective`, `elastic`), each
image with numbers of its own.
"""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def look_up(pixels: Tensor, grid: Tensor, fill: float, whole_levels: bool) -> Tensor:
    """Bilinear values of each image at the places of its grid.

    Args:
        pixels: (N, C, H, W), float32.
        grid: (N, H', W', 2), x and y with -1 and 1 at the outer edges of the picture.
        fill: what stands outside, in the units of the pixels.
        whole_levels: whether to round to whole levels.

    Returns:
        (N, C, H', W').
    """
    inside = pixels.new_ones(1, 1, *pixels.shape[-2:]).expand(len(pixels), -1, -1, -1)
    sampled = grid_sample(torch.cat((pixels, inside), 1), grid, mode="bilinear", align_corners=False)
    values, share = sampled[:, :-1], sampled[:, -1:]
    values = values.sub(fill).mul_(share).add_(fill)
    return values.round_() if whole_levels else values


def affine_grid(matrices: Tensor, height: int, width: int) -> Tensor:
    """(N, 2, 3) maps from places in the result to places in the picture, px from the middle → (N, H, W, 2)."""
    x, y = _centred(width, matrices), _centred(height, matrices)
    half = matrices.new_tensor([0.5 * width, 0.5 * height]).view(1, 2, 1)
    rows = (matrices / half)[:, :, :, None, None]  # (N, 2, 3, 1, 1)
    places = rows[:, :, 0] * x + rows[:, :, 1] * y[:, None] + rows[:, :, 2]
    return places.permute(0, 2, 3, 1)


def perspective_grid(coefficients: Tensor, height: int, width: int) -> Tensor:
    """(N, 8) a to h of (ax + by + c, dx + ey + f) / (gx + hy + 1), px from the corner → (N, H, W, 2)."""
    x = torch.arange(width, device=coefficients.device, dtype=coefficients.dtype) + 0.5
    y = (torch.arange(height, device=coefficients.device, dtype=coefficients.dtype) + 0.5)[:, None]
    a, b, c, d, e, f, g, h = coefficients[:, :, None, None].unbind(1)
    below = g * x + h * y + 1
    across = (a / (0.5 * width) * x + b / (0.5 * width) * y + c / (0.5 * width)) / below - 1
    down = (d / (0.5 * height) * x + e / (0.5 * height) * y + f / (0.5 * height)) / below - 1
    return torch.stack((across, down), -1)


def shifted_grid(shifts: Tensor) -> Tensor:
    """(N, H, W, 2) shifts in the units of the grid → the grid that is shifted by them."""
    height, width = shifts.shape[1:3]
    x, y = _centred(width, shifts) / (0.5 * width), _centred(height, shifts) / (0.5 * height)
    straight = torch.stack((x.expand(height, width), y[:, None].expand(height, width)), -1)
    return straight + shifts


def affine_matrices(angle: Tensor, shift: tuple[Tensor, Tensor], scale: Tensor, shear: tuple[Tensor, Tensor]) -> Tensor:
    """The inverse of: shear, scale, rotate about the middle, then shift; degrees and px, all (N,) → (N, 2, 3)."""
    turn, shear_x, shear_y = angle.deg2rad(), shear[0].deg2rad(), shear[1].deg2rad()
    a = (turn - shear_y).cos() / shear_y.cos()
    b = -(a * shear_x.tan() + turn.sin())
    c = (turn - shear_y).sin() / shear_y.cos()
    d = turn.cos() - c * shear_x.tan()
    rows = torch.stack((d, -b, -c, a), 1).div(scale[:, None]).view(-1, 2, 2)
    back = -(rows @ torch.stack(shift, 1)[:, :, None])
    return torch.cat((rows, back), 2)


def perspective_coefficients(ends: Tensor, height: int, width: int) -> Tensor:
    """(N, 4, 2) where the corners go, (x, y) in px → (N, 8) of the map that leads back from there."""
    starts = ends.new_tensor([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    x, y = ends.unbind(-1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    to_x, to_y = starts.unbind(-1)
    across = torch.stack((x, y, one, zero, zero, zero, -to_x * x, -to_x * y), -1)
    down = torch.stack((zero, zero, zero, x, y, one, -to_y * x, -to_y * y), -1)
    equations = torch.stack((across, down), 2).view(-1, 8, 8)
    coefficients: Tensor = torch.linalg.solve(equations, starts.reshape(1, 8).expand(len(ends), -1))
    return coefficients


def _centred(count: int, like: Tensor) -> Tensor:
    """Places of pixels from the middle: -1, 0, 1 for three."""
    return torch.linspace((1.0 - count) * 0.5, (count - 1.0) * 0.5, count, device=like.device, dtype=like.dtype)
