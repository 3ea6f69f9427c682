"""Where paths meet: addition and concatenation as modules, so that a table shows what the network is about."""

import torch
from torch import Tensor, nn

from cnnviz.errors import CnnvizError


class Add(nn.Module):
    """The sum of two tensors of one shape, as at the end of a residual block."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Add without broadcasting: a shape that only fits by being repeated is a mistake.

        Raises:
            CnnvizError: if the shapes differ.
        """
        if x.shape != y.shape:
            raise CnnvizError("shapes_differ", received=written(y.shape), expected=written(x.shape))
        return x + y


class Concatenate(nn.Module):
    """Tensors (N, C_i, H, W) side by side along their channels: (N, ΣC_i, H, W)."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Concatenate along dimension 1."""
        return torch.cat(inputs, dim=1)


def written(shape: "torch.Size | tuple[int, ...]") -> str:
    """A shape without its batch, as in "64×3×3"."""
    return "×".join(str(size) for size in shape[1:])
