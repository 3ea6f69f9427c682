"""Weights before training, drawn from a generator that has an owner.

"default" is PyTorch's own rule of each layer: uniform within ±1/√(inputs of one output) for weights and biases of
convolutions and dense layers, γ = 1 and β = 0 for batch norm. "xavier" draws the weights of convolutions and dense
layers uniformly within ±√(6 / (fan in + fan out)) (Glorot & Bengio 2010) and leaves the biases to PyTorch's rule: the
chapter's published results come from notebooks that call `nn.init.xavier_uniform_` on the weights alone. "he" draws the
weights from a normal distribution with variance 2 / fan in (He et al. 2015, arXiv 1502.01852), made for ReLU.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from cnnviz.errors import CnnvizError

SCHEMES: Final = ("default", "xavier", "he")


def initialize(model: nn.Module, scheme: str = "default", generator: torch.Generator | None = None) -> nn.Module:
    """Give every layer new weights and every batch norm empty statistics; returns the network.

    Args:
        model: its parameters may be uninitialised, as `to_empty` leaves them.
        scheme: "default", "xavier" or "he".
        generator: on the model's device; None takes torch's default generator, as a notebook expects.

    Raises:
        CnnvizError: an unknown scheme.
    """
    if scheme not in SCHEMES:
        raise CnnvizError(
            "value_not_allowed",
            field="initialization",
            label="initialization",
            value=scheme,
            allowed=", ".join(SCHEMES),
        )
    with drawing_from(generator), torch.no_grad():
        for module in model.modules():
            if scheme != "default" and isinstance(module, nn.Conv2d | nn.Linear):
                if scheme == "xavier":
                    nn.init.xavier_uniform_(module.weight)
                else:
                    nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    bound = 1 / math.sqrt(module.weight[0].numel())
                    module.bias.uniform_(-bound, bound)
            elif callable(reset := getattr(module, "reset_parameters", None)):
                reset()
    return model


@contextmanager
def drawing_from(generator: torch.Generator | None) -> Iterator[None]:
    """Whatever torch draws inside comes from this generator, in this thread alone; None changes nothing."""
    if generator is None:
        yield
    else:
        with _Draws(generator):
            yield


class _Draws(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Hands a generator to every operation that can take one and was not given one."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.generator = generator

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if kwargs.get("generator") is None and any(argument.name == "generator" for argument in func._schema.arguments):
            kwargs["generator"] = self.generator
        return func(*args, **kwargs)
