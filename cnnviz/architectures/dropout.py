"""Dropout whose randomness has an owner.

Thirty threads of one server share torch's global random state, so a network that trains draws its masks from a
generator attached with `own_randomness`; without one it behaves like torch's own `nn.Dropout`.
"""

import torch
from torch import Tensor, nn


class Dropout(nn.Dropout):
    """`nn.Dropout` that draws from its own generator when it has one."""

    generator: torch.Generator | None = None

    def forward(self, input: Tensor) -> Tensor:
        """Zero each value with probability `p` while training and scale the rest by 1/(1 − p)."""
        if self.generator is None or not self.training or self.p == 0:
            return super().forward(input)
        return input * keep_mask(input, input.shape, self.p, self.generator)


class StochasticDepth(nn.Module):
    """Drops whole residual branches; the same as torchvision's, but its randomness can have an owner.

    Args:
        p: probability of dropping a branch.
        mode: "batch" drops it for the whole batch, "row" for each image.
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p = p
        self.mode = mode
        self.generator: torch.Generator | None = None

    def forward(self, input: Tensor) -> Tensor:
        """Keep or zero the branch (N, …)."""
        if not self.training or self.p == 0:
            return input
        images = input.shape[0] if self.mode == "row" else 1
        shape = torch.Size([images, *[1] * (input.ndim - 1)])
        return input * keep_mask(input, shape, self.p, self.generator)

    def extra_repr(self) -> str:
        """What stands between the brackets when it is printed."""
        return f"p={self.p}, mode={self.mode}"


def keep_mask(input: Tensor, shape: torch.Size, p: float, generator: torch.Generator | None) -> Tensor:
    """1/(1 − p) where a value is kept and 0 where it is dropped."""
    mask = torch.empty(shape, dtype=input.dtype, device=input.device).bernoulli_(1 - p, generator=generator)
    return mask if p == 1 else mask.div_(1 - p)


def own_randomness(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Attach a generator to everything in a network that draws while training; returns the network.

    torch's `nn.Dropout` and torchvision's `StochasticDepth` are replaced in place by the classes above, so a forward
    pass in training mode leaves the global random state alone.

    Args:
        model: any network of the catalogue, torchvision's included.
        generator: on the device where the network runs.
    """
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            owned = _owned(child)
            if owned is not child:
                owned.train(child.training)
                setattr(parent, name, owned)
    for module in model.modules():
        if isinstance(module, Dropout | StochasticDepth):
            module.generator = generator
    return model


def _owned(module: nn.Module) -> nn.Module:
    if type(module) is nn.Dropout:
        return Dropout(module.p)
    if type(module).__name__ == "StochasticDepth" and not isinstance(module, StochasticDepth):
        return StochasticDepth(float(module.p), str(module.mode))  # type: ignore[arg-type]
    return module
