"""Inception's branches, each with what it costs and gives; and a 1×1 convolution computed as a dense layer.

Szegedy et al. 2014, "Going deeper with convolutions", arXiv 1409.4842; Lin et al. 2013, "Network in network", arXiv
1312.4400.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.data import cat
from cnnviz.inspection.blocks import block_report
from cnnviz.rows import LayerRow
from cnnviz.specs.labs.inception import COLUMNS, ROWS, InceptionLabSpec


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of an Inception block.

    Attributes:
        name: "1×1", "3×3", "5×5" or "pool".
        widths: channels from the input on, as in (192, 96, 128).
        macs_reduction: of the 1×1 convolution in front of a larger one; 0 where there is none.
        macs: of the whole branch.
        parameters: of the whole branch.
    """

    name: str
    widths: tuple[int, ...]
    macs_reduction: int
    macs: int
    parameters: int

    @property
    def channels(self) -> int:
        """That it gives to the concatenation."""
        return self.widths[-1]


def branches(spec: InceptionLabSpec) -> tuple[Branch, ...]:
    """The branches of a block that are there, in order, read off the block taken apart."""
    report = block_report(spec.block())
    stage = report.stages[0]
    found = []
    for row in report.children(stage.path):
        if not row.name.startswith("branch"):
            continue
        convolutions = [
            leaf
            for leaf in report.leaves
            if leaf.path.startswith(f"{row.path}.") and leaf.formula.get("kind") == "convolution"
        ]
        widths = (stage.input_shape[1], *(leaf.output_shape[1] for leaf in convolutions))
        reduction = convolutions[0].macs if len(convolutions) > 1 else 0
        found.append(Branch(_name(row, convolutions), widths, reduction, row.macs, row.parameters))
    return tuple(found)


def _name(row: LayerRow, convolutions: list[LayerRow]) -> str:
    if row.name == "branch4":
        return "pool"
    kernel = convolutions[-1].kernel or (1, 1)
    return f"{kernel[0]}×{kernel[1]}"


@dataclass(frozen=True, slots=True, eq=False)
class Pixelwise:
    """One output channel of a convolution over a small colour picture, computed in two ways.

    Attributes:
        output: (ROWS, COLUMNS) float32, of the convolution.
        difference: largest absolute difference to a dense layer that is applied to every pixel by itself.
        changed: (ROWS, COLUMNS) bool, the outputs that change when the chosen pixel does.
        values: red, green and blue of the chosen pixel, 0 to 1.
        result: the convolution's output there.
        weights: of the convolution.
        weights_dense: of a dense layer from the whole picture to as many outputs.
    """

    output: NDArray[np.float32]
    difference: float
    changed: NDArray[np.bool_]
    values: tuple[float, float, float]
    result: float
    weights: int
    weights_dense: int


def small_cat() -> NDArray[np.uint8]:
    """The cat on so few pixels that each can be seen: (ROWS, COLUMNS, 3) uint8."""
    return np.asarray(cat().resize((COLUMNS, ROWS)))


def pixelwise(spec: InceptionLabSpec, picture: NDArray[np.uint8]) -> Pixelwise:
    """Convolve a picture, and send every pixel through a dense layer with the same weights.

    Args:
        spec: the weights of the channels, the kernel's size and the pixel to change.
        picture: (ROWS, COLUMNS, 3) uint8.
    """
    import torch
    from torch.nn.functional import conv2d, linear

    assert picture.shape == (ROWS, COLUMNS, 3)
    weights = torch.tensor([[spec.red, spec.green, spec.blue]])
    image = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]  # (1, 3, ROWS, COLUMNS)
    size = spec.kernel_size
    kernel = weights[:, :, None, None].expand(1, 3, size, size) / size**2
    row, column = spec.row - 1, spec.column - 1
    other = image.clone()
    other[0, :, row, column] = 1 - other[0, :, row, column].round()  # far from what it was, in every channel
    with torch.no_grad():
        output = conv2d(image, kernel, padding=size // 2)[0, 0]
        dense = linear(image[0].flatten(1).T, weights).reshape(ROWS, COLUMNS)  # one pixel a row of the batch
        response = conv2d(other - image, kernel, padding=size // 2)[0, 0]  # convolutions are linear
    values = tuple(float(value) for value in image[0, :, row, column])
    return Pixelwise(
        output=output.numpy(),
        difference=float((output - dense).abs().max()),
        changed=(response != 0).numpy(),
        values=(values[0], values[1], values[2]),
        result=float(output[row, column]),
        weights=kernel.numel(),
        weights_dense=image.numel() * output.numel(),
    )
