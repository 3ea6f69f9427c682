"""Layers that answer by formula in prediction mode: output shape, multiply-accumulates and receptive field.

These layers are nearly all of a convolutional network, and a formula takes a tenth of the time of PyTorch's meta
kernels with an operator counter above them. Tests hold each against both. Whatever is unusual, or cannot work, is left
to PyTorch, which knows or refuses it: a shortcut then returns None.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import Tensor, nn

from cnnviz.architectures.dropout import Dropout
from cnnviz.inspection.meta import plain, pooled_size, slid_size
from cnnviz.inspection.receptive import NOWHERE, Field, Fields, adaptive, window
from cnnviz.inspection.watching import Shortcut

Found = tuple[Tensor, int] | None


def _made(x: Tensor, shape: tuple[int, ...], fields: Fields, field: Field | None) -> Tensor:
    # without the mode above: the note that it would take is taken here
    with torch._C._DisableTorchDispatch():
        result = torch.empty(shape, dtype=x.dtype, device="meta")
    if field is not None:
        fields.set(result, field)
    return result


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _convolution(layer: nn.Conv2d, x: Tensor, fields: Fields) -> Found:
    weight = layer._parameters["weight"]
    if not plain(x) or x.dim() != 4 or weight is None or weight.dtype != x.dtype or layer.padding_mode != "zeros":
        return None
    batch, channels, *sizes = x.shape
    if channels != layer.in_channels or isinstance(layer.padding, str):
        return None
    kernel, stride, dilation = _pair(layer.kernel_size), _pair(layer.stride), _pair(layer.dilation)
    made = slid_size(sizes, kernel, stride, _pair(layer.padding), dilation)
    if made is None:
        return None
    field = fields.of(x)
    if field is not None:
        field = window(field, kernel, stride, dilation, _pair(layer.padding)) if field.axes == (2, 3) else NOWHERE
    result = _made(x, (batch, layer.out_channels, *made), fields, field)
    return result, batch * made[0] * made[1] * weight.numel()


def _pooling(layer: Any, x: Tensor, fields: Fields) -> Found:
    if not plain(x) or x.dim() != 4 or getattr(layer, "return_indices", False):
        return None
    kernel = _pair(layer.kernel_size)
    stride = kernel if layer.stride is None else _pair(layer.stride)
    dilation = _pair(getattr(layer, "dilation", 1))
    made = pooled_size(list(x.shape[2:]), kernel, stride, _pair(layer.padding), dilation, layer.ceil_mode)
    if made is None:
        return None
    field = fields.of(x)
    if field is not None:
        field = window(field, kernel, stride, dilation, _pair(layer.padding)) if field.axes == (2, 3) else NOWHERE
    return _made(x, (*x.shape[:2], *made), fields, field), 0


def _adaptive(layer: nn.AdaptiveAvgPool2d, x: Tensor, fields: Fields) -> Found:
    if not plain(x) or x.dim() != 4:
        return None
    asked = layer.output_size if isinstance(layer.output_size, tuple) else (layer.output_size, layer.output_size)
    made = tuple(before if after is None else int(after) for before, after in zip(x.shape[2:], asked, strict=True))
    if min(made) < 1:
        return None
    field = fields.of(x)
    if field is not None:
        field = adaptive(field, x.shape[2:], made)
    return _made(x, (*x.shape[:2], *made), fields, field), 0


def _batch_norm(layer: Any, x: Tensor, fields: Fields) -> Found:
    dims = (4,) if isinstance(layer, nn.BatchNorm2d) else (2, 3)
    if layer.training or not plain(x) or x.dim() not in dims or x.shape[1] != layer.num_features:
        return None
    return _made(x, tuple(x.shape), fields, fields.of(x)), 0


def _activation(layer: Any, x: Tensor, fields: Fields) -> Found:
    if getattr(layer, "inplace", False):
        return x, 0
    return (_made(x, tuple(x.shape), fields, fields.of(x)), 0) if plain(x) else None


def _dropout(layer: nn.Dropout, x: Tensor, fields: Fields) -> Found:
    return None if layer.training else (x, 0)


def _dense(layer: nn.Linear, x: Tensor, fields: Fields) -> Found:
    weight = layer._parameters["weight"]
    if not plain(x) or x.dim() < 2 or weight is None or weight.dtype != x.dtype or x.shape[-1] != weight.shape[1]:
        return None
    shape = (*x.shape[:-1], weight.shape[0])
    field = fields.of(x)
    if field is not None and (field.axes is None or len(shape) - 1 in field.axes):
        field = NOWHERE
    return _made(x, shape, fields, field), x.numel() * weight.shape[0]


SHORTCUTS: Final[Mapping[type, Shortcut]] = MappingProxyType(
    {
        nn.Conv2d: _convolution,
        nn.Linear: _dense,
        nn.BatchNorm1d: _batch_norm,
        nn.BatchNorm2d: _batch_norm,
        nn.MaxPool2d: _pooling,
        nn.AvgPool2d: _pooling,
        nn.AdaptiveAvgPool2d: _adaptive,
        nn.ReLU: _activation,
        nn.ReLU6: _activation,
        nn.LeakyReLU: _activation,
        nn.Sigmoid: _activation,
        nn.Tanh: _activation,
        nn.GELU: _activation,
        nn.SiLU: _activation,
        nn.Hardswish: _activation,
        nn.Hardsigmoid: _activation,
        nn.Dropout: _dropout,
        Dropout: _dropout,
    }
)
"""By the exact type of a layer: a subclass may do something else."""
