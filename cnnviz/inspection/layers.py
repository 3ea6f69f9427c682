"""What a single layer says about itself: its window, and the numbers that its formulas need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Final

from torch import nn

from cnnviz.inspection.passes import BATCH_NORMS
from cnnviz.inspection.watching import Function, Visit
from cnnviz.rows import Shape

Pair = tuple[int, int]
Numbers = Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Window:
    """Kernel, stride, padding and dilation as (height, width); `groups` of convolutions."""

    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """A layer's window, if it has one, and the numbers of its formulas; `kind` names which formulas they are."""

    window: Window | None = None
    formula: Numbers = field(default_factory=dict)


def describe(module: nn.Module, visit: Visit) -> Description:
    """The description of a layer that ran.

    Args:
        module: the layer.
        visit: with the shapes that it saw and the receptive field before it.
    """
    if not visit.inputs:
        return Description()
    if not visit.output:  # it could not work: its window is all there is to say
        tried = replace(visit, output=visit.inputs[0])
        slides = isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d) and len(tried.output) > 2
        return Description(describe(module, tried).window) if slides else Description()
    for kind, describe_kind in _KINDS.items():
        if isinstance(module, kind):
            return describe_kind(module, visit)
    if len(visit.inputs) > 1 and not any(module.children()):
        return _join(visit)
    return Description()


def describe_function(function: Function, visit: Visit) -> Description:
    """The description of a functional operation; only of those whose formula follows from what was seen.

    Args:
        function: what it is, with the settings of its window.
        visit: with the shapes that it saw and the receptive field before it.
    """
    if not visit.inputs or not visit.output:
        return Description()
    make = _FUNCTIONS.get(function.type)
    return Description() if make is None else make(function, visit)


def _functional_pooling(function: Function, visit: Visit) -> Description:
    given = function.settings
    if "kernel_size" not in given or len(visit.inputs[0]) != 4:
        return Description()
    kernel = _pair(given["kernel_size"])
    stride = _pair(given["stride"]) if given.get("stride") else kernel
    window = Window(kernel, stride, _pair(given.get("padding", 0)), _pair(given.get("dilation", 1)))
    numbers: dict[str, Any] = {
        "kind": "pooling",
        "channels": visit.output[-3],
        "ceil": int(given.get("ceil_mode", False)),
    }
    return Description(window, {**numbers, **_sliding(window, window.padding, visit)})


def _functional_addition(function: Function, visit: Visit) -> Description:
    equal = len(visit.inputs) > 1 and all(shape == visit.output for shape in visit.inputs)
    return _join(visit) if equal else Description()


def _functional_concatenation(function: Function, visit: Visit) -> Description:
    if len(visit.output) < 2 or sum(shape[1] for shape in visit.inputs) != visit.output[1]:
        return Description()
    return _concatenation(visit)


def _functional_global_pooling(function: Function, visit: Visit) -> Description:
    return _global_pooling(nn.Identity(), visit) if len(visit.output) == 4 else Description()


def _functional_flatten(function: Function, visit: Visit) -> Description:
    return _flatten(nn.Identity(), visit) if len(visit.output) == 2 else Description()


def _pair(value: Any) -> Pair:
    if isinstance(value, (tuple, list)):
        return int(value[0]), int(value[-1])
    return int(value), int(value)


def _places(visit: Visit) -> dict[str, int | float | str]:
    """Sizes before and after, and the receptive field before, where there is one."""
    before, after = visit.inputs[0], visit.output
    numbers: dict[str, int | float | str] = {
        "h_in": before[-2], "w_in": before[-1], "h_out": after[-2], "w_out": after[-1],
    }  # fmt: skip
    if visit.before is not None and visit.before.size is not None and visit.before.jump is not None:
        numbers["r_h"], numbers["r_w"] = visit.before.size
        numbers["j_h"], numbers["j_w"] = visit.before.jump
    return numbers


def _sliding(window: Window, padding: tuple[float, float], visit: Visit) -> dict[str, int | float | str]:
    names = ("k", "s", "p", "d")
    values = (window.kernel, window.stride, padding, window.dilation)
    numbers = _places(visit)
    for name, (height, width) in zip(names, values, strict=True):
        numbers[f"{name}_h"], numbers[f"{name}_w"] = height, width
    return numbers


def _convolution(module: nn.Conv2d, visit: Visit) -> Description:
    kernel, dilation = _pair(module.kernel_size), _pair(module.dilation)
    padding: tuple[float, float]
    if module.padding == "same":  # may be half a pixel: then the extra zero stands on one side only
        padding = dilation[0] * (kernel[0] - 1) / 2, dilation[1] * (kernel[1] - 1) / 2
    elif module.padding == "valid":
        padding = 0, 0
    else:
        padding = _pair(module.padding)
    whole = int(padding[0]), int(padding[1])
    window = Window(kernel, _pair(module.stride), whole, dilation, module.groups)
    return Description(
        window,
        {
            "kind": "convolution",
            "c_in": module.in_channels,
            "c_out": module.out_channels,
            "groups": module.groups,
            "bias": int(module.bias is not None),
            **_sliding(window, whole if whole == padding else padding, visit),
        },
    )


def _pooling(module: nn.MaxPool2d | nn.AvgPool2d, visit: Visit) -> Description:
    kernel = _pair(module.kernel_size)
    stride = kernel if module.stride is None else _pair(module.stride)
    dilation = _pair(getattr(module, "dilation", 1))
    window = Window(kernel, stride, _pair(module.padding), dilation)
    return Description(
        window,
        {
            "kind": "pooling",
            "channels": visit.output[-3],
            "ceil": int(module.ceil_mode),
            **_sliding(window, window.padding, visit),
        },
    )


def _global_pooling(module: nn.Module, visit: Visit) -> Description:
    if visit.output[-2:] != (1, 1):
        return Description(formula={"kind": "adaptive_pooling", "channels": visit.output[-3], **_places(visit)})
    return Description(formula={"kind": "global_pooling", "channels": visit.output[-3], **_places(visit)})


def _dense(module: nn.Linear, visit: Visit) -> Description:
    return Description(
        formula={
            "kind": "dense",
            "in_features": module.in_features,
            "out_features": module.out_features,
            "bias": int(module.bias is not None),
            "positions": prod(visit.output[1:-1]),
        }
    )


def _batch_norm(module: Any, visit: Visit) -> Description:
    affine = int(module.weight is not None)
    return Description(formula={"kind": "batch_norm", "channels": int(module.num_features), "affine": affine})


def _layer_norm(module: nn.LayerNorm, visit: Visit) -> Description:
    return Description(
        formula={
            "kind": "layer_norm",
            "features": prod(module.normalized_shape),
            "scale": int(module.weight is not None),
            "shift": int(module.bias is not None),
        }
    )


def _flatten(module: nn.Module, visit: Visit) -> Description:
    return Description(formula={"kind": "flatten", "sizes": _product(visit.inputs[0][1:])})


def _join(visit: Visit) -> Description:
    """Several tensors come in: equal shapes are added, other channels are concatenated."""
    if all(shape == visit.output for shape in visit.inputs):
        sizes = _product(visit.output[1:])
        return Description(formula={"kind": "addition", "terms": len(visit.inputs), "sizes": sizes})
    if len(visit.output) > 1 and sum(shape[1] for shape in visit.inputs) == visit.output[1]:
        return _concatenation(visit)
    return Description()


def _concatenation(visit: Visit) -> Description:
    parts = " + ".join(str(shape[1]) for shape in visit.inputs)
    return Description(formula={"kind": "concatenation", "parts": parts, "channels": visit.output[1]})


def _product(sizes: Shape) -> str:
    return "·".join(str(size) for size in sizes)


_KINDS: Final[Mapping[Any, Callable[..., Description]]] = {
    nn.Conv2d: _convolution,
    nn.MaxPool2d: _pooling,
    nn.AvgPool2d: _pooling,
    nn.AdaptiveAvgPool2d: _global_pooling,
    nn.AdaptiveMaxPool2d: _global_pooling,
    nn.Linear: _dense,
    BATCH_NORMS: _batch_norm,
    nn.LayerNorm: _layer_norm,
    nn.Flatten: _flatten,
}

_FUNCTIONS: Final[Mapping[str, Callable[[Function, Visit], Description]]] = {
    "Add": _functional_addition,
    "Concatenate": _functional_concatenation,
    "Flatten": _functional_flatten,
    "MaxPool2d": _functional_pooling,
    "AvgPool2d": _functional_pooling,
    "AdaptiveAvgPool2d": _functional_global_pooling,
    "AdaptiveMaxPool2d": _functional_global_pooling,
}
