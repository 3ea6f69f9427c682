"""Inside a network: its feature maps, what a cell sees, and what speaks for a class.

A network is run stage by stage, so nothing is hooked and thirty threads may look into the same one. Inputs are
(1, C, H, W) float32 from 0 to 1, as in training.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnviz.insight import published
from cnnviz.inspection import inspect
from cnnviz.rows import LayerRow, Report
from cnnviz.specs.architectures import ArchitectureSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

Float = NDArray[np.float32]


def untrained(spec: ArchitectureSpec, seed: int = 0) -> "nn.Module":
    """A network that has learnt nothing, ready to predict; its weights come from the seed."""
    import torch

    from cnnviz.architectures import build

    return _still(_staged(build(spec, generator=torch.Generator().manual_seed(seed)), spec))


def trained(spec: ArchitectureSpec, checkpoint: Path) -> "nn.Module":
    """The network of a run with the weights of a checkpoint, ready to predict.

    Raises:
        CnnvizError: if the checkpoint cannot be read.
    """
    import torch

    from cnnviz.architectures import build
    from cnnviz.training.checkpoints import read

    weights = read(checkpoint).model
    with torch.device("meta"):
        model = build(spec)
    own = model.state_dict()
    # Recorded weights are of half precision; all others stay where they are, pages of a file that the system may drop.
    model.load_state_dict({name: value.to(own[name].dtype) for name, value in weights.items()}, assign=True)
    return _still(_staged(model, spec))


def report_of(spec: ArchitectureSpec) -> Report:
    """The network taken apart, stage by stage as it is looked into here."""
    from cnnviz.architectures import build

    return inspect(lambda: _staged(build(spec), spec), (1, *spec.input_shape))


def _staged(model: "nn.Module", spec: ArchitectureSpec) -> "nn.Module":
    """The network as a row of stages, which the project's own networks are."""
    return published.chained(model) if spec.family == "torchvision" else model


def _still(model: "nn.Module") -> "nn.Module":
    return model.eval().requires_grad_(False)


def prepared(picture: Image.Image, spec: ArchitectureSpec) -> Float:
    """A picture as the network takes it: its middle square, grey or in colour, (1, C, size, size) from 0 to 1."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side)).convert("L" if spec.in_channels == 1 else "RGB")
    size = (spec.image_size, spec.image_size)
    pixels = np.asarray(square.resize(size, Image.Resampling.BILINEAR), np.float32) / 255
    stacked = pixels[None] if spec.in_channels == 1 else pixels.transpose(2, 0, 1)
    if stacked.shape[0] != spec.in_channels:
        stacked = np.repeat(pixels.mean(2)[None], spec.in_channels, 0)
    return np.ascontiguousarray(stacked[None])


def map_stages(report: Report) -> tuple[LayerRow, ...]:
    """The stages behind which there are maps: more than one place, each with its receptive field known."""
    return tuple(
        row
        for row in report.stages
        if len(row.output_shape) == 4 and row.output_shape[2] > 1 and row.jump is not None and row.type != "Normalise"
    )


def maps(model: "nn.Module", picture: Float, stage: str) -> Float:
    """The feature maps (C, h, w) behind a stage."""
    import torch

    with torch.no_grad():
        found: Float = _until(model, torch.from_numpy(picture), stage)[0].numpy()
    return found


def _until(model: "nn.Module", input: "Tensor", stage: str) -> "Tensor":
    for name, module in model.named_children():
        input = module(input)
        if name == stage:
            return input
    raise KeyError(stage)


def _after(model: "nn.Module", features: "Tensor", stage: str) -> "Tensor":
    reached = False
    for name, module in model.named_children():
        if reached:
            features = module(features)
        reached = reached or name == stage
    return features


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What one cell sees.

    Attributes:
        row, column: the cell, from 0.
        window: (top, left, bottom, right) in px, the last two exclusive; it may reach into the padding.
        influence: (H, W) float32, the absolute gradient of the cell, all channels added up, by each pixel; largest 1.
        pixels: in the window, as far as it lies in the picture.
        half: how many of them, the strongest first, make up half of all influence.
    """

    row: int
    column: int
    window: tuple[int, int, int, int]
    influence: Float
    pixels: int
    half: int


def sight(model: "nn.Module", picture: Float, stage: LayerRow, down: float, across: float) -> Sight:
    """The receptive field of the cell that lies so many per cent down and across, in theory and by its gradient.

    The effective field follows Luo et al. 2016, arXiv 1701.04128.

    Args:
        model: the network.
        picture: its input.
        stage: a row of `map_stages`.
        down: per cent of the height.
        across: per cent of the width.
    """
    import torch

    assert stage.jump is not None and stage.field_start is not None
    height, width = stage.output_shape[2:]
    row, column = round(down / 100 * (height - 1)), round(across / 100 * (width - 1))
    input = torch.from_numpy(picture.copy()).requires_grad_()
    with torch.enable_grad():
        cell = _until(model, input, stage.path)[0, :, row, column].sum()
    (gradient,) = torch.autograd.grad(cell, input)
    influence: Float = gradient[0].abs().sum(0).numpy()
    size = stage.receptive_field or picture.shape[2:]
    top, left = stage.field_start[0] + row * stage.jump[0], stage.field_start[1] + column * stage.jump[1]
    window = (top, left, top + size[0], left + size[1])
    inside = influence[max(0, top) : max(0, window[2]), max(0, left) : max(0, window[3])]
    order = np.sort(influence.ravel())[::-1].cumsum(dtype=np.float64)
    half = int(np.searchsorted(order, order[-1] / 2)) + 1 if order[-1] > 0 else 0
    return Sight(row, column, window, influence / max(float(influence.max()), 1e-30), inside.size, half)


def shares(stage: LayerRow, row: int, column: int) -> tuple[float, float]:
    """How many per cent down and across a cell of a stage lies, in halves: `sight` finds the same cell there."""
    height, width = stage.output_shape[2:]
    return round(200 * row / max(1, height - 1)) / 2, round(200 * column / max(1, width - 1)) / 2


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What speaks for a class.

    Attributes:
        target: the class.
        map: (h, w) float32, Grad-CAM behind the last stage with maps, from 0; not scaled.
        probability: the network's own for this class.
    """

    target: int
    map: Float
    probability: float


def probabilities(model: "nn.Module", picture: Float) -> Float:
    """The network's probability for each class, (classes,)."""
    import torch

    with torch.no_grad():
        found: Float = model(torch.from_numpy(picture))[0].softmax(0).numpy()
    return found


def grad_cam(model: "nn.Module", picture: Float, stage: str, target: int) -> Evidence:
    """Grad-CAM for a class: Selvaraju et al. 2016, arXiv 1610.02391, equations 1 and 2.

    Args:
        model: the network.
        picture: its input.
        stage: behind which to look.
        target: the class whose score, before the softmax, is asked for.
    """
    import torch

    with torch.no_grad():
        features = _until(model, torch.from_numpy(picture), stage)
    features = features.detach().requires_grad_()
    with torch.enable_grad():
        scores = _after(model, features, stage)[0]
    (gradient,) = torch.autograd.grad(scores[target], features)
    weights = gradient.mean((2, 3), keepdim=True)
    found: Float = (weights * features.detach()).sum(1)[0].relu().numpy()
    return Evidence(target, found, float(scores.detach().softmax(0)[target]))


def drawn(model: "nn.Module", picture: Float, stage: str, classes: int) -> int:
    """For how many of the first classes Grad-CAM draws anything at all; see `grad_cam`."""
    import torch

    with torch.no_grad():
        features = _until(model, torch.from_numpy(picture), stage)
    features = features.detach().requires_grad_()
    with torch.enable_grad():
        scores = _after(model, features, stage)[0]
    count = 0
    for target in range(classes):
        (gradient,) = torch.autograd.grad(scores[target], features, retain_graph=True)
        count += int(((gradient.mean((2, 3), keepdim=True) * features.detach()).sum(1) > 0).any())
    return count
