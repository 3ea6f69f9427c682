"""See `cnnviz.inspection.breaking`: networks run until they break."""

from typing import Any

import torch
from torch import nn

from cnnviz.architectures.families import body_of, network_of
from cnnviz.architectures.layers import sequence
from cnnviz.errors import CnnvizError
from cnnviz.inspection.breaking import Problem
from cnnviz.inspection.meta import build_on_meta
from cnnviz.inspection.passes import foresee, rehearse_until_broken
from cnnviz.inspection.report import checked, report, report_of, written
from cnnviz.inspection.tree import tree_of
from cnnviz.inspection.watching import Broken, Pass
from cnnviz.rows import Report, Shape
from cnnviz.specs.architectures import ArchitectureSpec


def partial_report(spec: ArchitectureSpec, batch_size: int = 1) -> tuple[Report, Problem | None]:
    """See `cnnviz.inspection.breaking.partial_report`."""
    shape = checked((batch_size, *spec.input_shape))
    try:
        return report_of(spec, batch_size), None
    except CnnvizError as error:
        refused = error
    model = build_on_meta(lambda: _unchecked(spec, refused))
    foreseen = Pass()
    try:
        foresee(model, torch.empty((1, *shape[1:]), device="meta"), foreseen)
    except Exception as error:  # whatever a layer raises is the answer to the question
        if foreseen.broken is None:
            raise error
    rehearsed = rehearse_until_broken(model, torch.empty(shape, device="meta"))
    found = report(model, shape, foreseen, rehearsed)
    return found, _problem(model, foreseen, refused, shape)


def _unchecked(spec: ArchitectureSpec, refused: CnnvizError) -> nn.Module:
    """The network with nothing around it that explains failures; without its head where that cannot be sized."""
    if refused.code == "size_not_a_multiple":  # ViT and MaxViT exist for some sizes only: the nearest one stands here
        return network_of(spec.replace(image_size=refused.parameters["suggested"]))
    if spec.family == "torchvision":
        return network_of(spec)
    try:
        return sequence(network_of(spec).named_children())
    except (RuntimeError, CnnvizError):
        return body_of(spec)


def _problem(model: nn.Module, foreseen: Pass, refused: CnnvizError, shape: Shape) -> Problem:
    broken = foreseen.broken
    if broken is None:
        return Problem("", type(model).__name__, shape, refused)
    node = next(node for node in tree_of(model, list(foreseen.visits), foreseen.functions) if node.key == broken.key)
    received = broken.received[0] if broken.received else ()
    if received:
        received = (received[0] * shape[0], *received[1:])
    kind = foreseen.functions[node.key].type if node.module is None else type(node.module).__name__
    error = refused if refused.code == "size_not_a_multiple" else _of_layer(node.path, node.module, broken)
    return Problem(node.path, kind, received, error)


def _of_layer(path: str, layer: nn.Module | None, broken: Broken) -> CnnvizError:
    """Why a layer cannot work on what it received."""
    received = broken.received[0] if broken.received else ()
    if isinstance(broken.error, CnnvizError):
        return broken.error
    window = isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d) and not isinstance(layer.padding, str)
    if window and len(received) == 4:
        return _of_window(path, received, layer)
    reason = str(broken.error).split("\n", 1)[0].rstrip(".")
    return CnnvizError("layer_cannot_work", layer=path, received=written(received[1:]), reason=reason)


def _of_window(path: str, received: Shape, layer: Any) -> CnnvizError:
    """A window that does not fit into what arrives, its padding included."""
    kernel, padding, dilation = _pair(layer.kernel_size), _pair(layer.padding), _pair(getattr(layer, "dilation", 1))
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    sizes = tuple(n + 2 * p for n, p in zip(received[2:], padding, strict=True))
    return CnnvizError(
        "kernel_does_not_fit_padded" if max(padding) else "kernel_does_not_fit",
        layer=path, kernel=written(reach), received=written(received[2:]), padding=max(padding), padded=written(sizes),
    )  # fmt: skip


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])
