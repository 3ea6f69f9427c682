"""How the layers of a network are dressed: each weighted layer with its batch norm and its activation.

A network's file says which convolutions there are; a `Layers` says, once for the whole network, what comes with each.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from torch import nn

from cnnviz.architectures.activation import activation
from cnnviz.architectures.batch_norm import BatchNorm
from cnnviz.architectures.dropout import Dropout

Named = Iterable[tuple[str, nn.Module]]


def sequence(parts: Named) -> nn.Sequential:
    """Modules in order, under their names."""
    return nn.Sequential(OrderedDict(parts))


@dataclass(frozen=True, slots=True)
class Layers:
    """What comes with every convolution and dense layer of a network.

    Attributes:
        activation: a key of `ACTIVATIONS`.
        norm: batch norm "none", "before" or "after" the activation.
        pooling: "max" or "average".
        bias: whether convolutions and dense layers followed by batch norm have a bias (without batch norm they do).
        norm_kind: "standard" (torch's), "scratch", or from scratch with only "mean" or only "variance".
        norm_affine: whether batch norm learns γ and β.
    """

    activation: str = "relu"
    norm: str = "none"
    pooling: str = "max"
    bias: bool = True
    norm_kind: str = "standard"
    norm_affine: bool = True

    def conv(
        self, in_channels: int, out_channels: int, kernel_size: int, *, stride: int = 1, padding: int = 0
    ) -> nn.Sequential:
        """Convolution, batch norm and activation: (N, in_channels, H, W) → (N, out_channels, H', W')."""
        conv = self.bare_conv(in_channels, out_channels, kernel_size, stride=stride, padding=padding)
        return sequence([("conv", conv), *self.norm_and_activation(out_channels)])

    def bare_conv(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
    ) -> nn.Conv2d:
        """The convolution alone."""
        return nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=self.bias)

    def dense(self, in_features: int, out_features: int, dropout: float = 0.0) -> nn.Sequential:
        """Dense layer, batch norm, activation and dropout: (N, in_features) → (N, out_features)."""
        dense = nn.Linear(in_features, out_features, bias=self.bias)
        parts: list[tuple[str, nn.Module]] = [("dense", dense), *self.norm_and_activation(out_features, flat=True)]
        if dropout:
            parts.append(("dropout", Dropout(dropout)))
        return sequence(parts)

    def norm_and_activation(self, channels: int, number: str = "", flat: bool = False) -> list[tuple[str, nn.Module]]:
        """Batch norm and activation, named, in the order this network has them."""
        parts: list[tuple[str, nn.Module]] = [(f"activation{number}", activation(self.activation))]
        if self.norm != "none":
            parts.insert(0 if self.norm == "before" else 1, (f"norm{number}", self.batch_norm(channels, flat)))
        return parts

    def batch_norm(self, channels: int, flat: bool = False) -> nn.Module:
        """The batch norm alone, for (N, C) if `flat`, else for (N, C, H, W)."""
        if self.norm_kind == "standard":
            kind: Callable[..., nn.Module] = nn.BatchNorm1d if flat else nn.BatchNorm2d
            return kind(channels, affine=self.norm_affine)
        statistics = {"scratch": "both"}.get(self.norm_kind, self.norm_kind)
        return BatchNorm(channels, affine=self.norm_affine, statistics=statistics)  # type: ignore[arg-type]

    def pool(self, kernel_size: int, stride: int, padding: int = 0) -> nn.Module:
        """The pooling alone: (N, C, H, W) → (N, C, H', W')."""
        kind = nn.MaxPool2d if self.pooling == "max" else nn.AvgPool2d
        return kind(kernel_size, stride, padding)


PLAIN: Final = Layers()  # ReLU, max-pooling, no batch norm: what the chapter's networks up to GoogLeNet have
