"""One convolution looked at: a kernel over a picture, by its definition, and the first filters of a trained network."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnviz.data import CLASS_NAMES, cat, fashion_mnist
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.labs.kernel import GARMENTS

Matrix = NDArray[np.float64]
CAT_SIZE: Final = 56  # px
KERNELS: Final[Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        "vertical": (1, 0, -1, 2, 0, -2, 1, 0, -1),  # Sobel: brightness at the left minus at the right
        "horizontal": (1, 2, 1, 0, 0, 0, -1, -2, -1),
        "outline": (-1, -1, -1, -1, 8, -1, -1, -1, -1),
        "blur": (1 / 9,) * 9,
        "sharpen": (0, -1, 0, -1, 5, -1, 0, -1, 0),
        "unchanged": (0, 0, 0, 0, 1, 0, 0, 0, 0),
    }
)


def picture(name: str, size: int = 0) -> Matrix:
    """A grey picture in [0, 1]: the first test image of a class (28×28), or the cat's middle (56×56).

    Args:
        name: a key of `GARMENTS`, or "cat".
        size: height and width in px of the network that gets it, enlarged as for training; 0 for its own.
    """
    own = _picture(name)
    if size in (0, len(own)):
        return own
    grey = Image.fromarray((own * 255).round().astype(np.uint8))
    return np.asarray(grey.resize((size, size), Image.Resampling.BILINEAR), dtype=float) / 255


def _picture(name: str) -> Matrix:
    if name == "cat":
        whole = cat().convert("L")
        side = min(whole.size)
        left, top = (whole.width - side) // 2, (whole.height - side) // 2
        square = whole.crop((left, top, left + side, top + side))
        return np.asarray(square.resize((CAT_SIZE, CAT_SIZE), Image.Resampling.LANCZOS), dtype=float) / 255
    garments = fashion_mnist("test")
    first = int(np.flatnonzero(garments.labels == CLASS_NAMES.index(GARMENTS[name]))[0])
    grey: Matrix = garments.images[first] / 255
    return grey


def convolve(image: Matrix, kernel: Matrix, stride: int = 1, padding: int = 0, dilation: int = 1) -> Matrix:
    """What a convolution layer computes (a cross-correlation), by its definition: a sum of products for each output.

    Args:
        image: (H, W).
        kernel: (k, k).
        stride: px between two positions.
        padding: zeros on each side, px.
        dilation: px between two weights.

    Returns:
        (⌊(H + 2p − d(k−1) − 1)/s⌋ + 1, the same of W); empty where the kernel does not fit.
    """
    padded = np.pad(image, padding)
    reach = dilation * (len(kernel) - 1) + 1
    rows, columns = (max(0, (size - reach) // stride + 1) for size in padded.shape)
    output = np.zeros((rows, columns))
    if not output.size:
        return output
    for y, weights in enumerate(kernel):
        for x, weight in enumerate(weights):
            top, left = y * dilation, x * dilation
            read = padded[
                top : top + (rows - 1) * stride + 1 : stride, left : left + (columns - 1) * stride + 1 : stride
            ]
            output += weight * read
    return output


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """The first convolution of a trained network: weights (C, k, k), its stride and its padding."""

    weights: Matrix
    stride: int
    padding: int


def first_filters(spec: ArchitectureSpec, checkpoint: Path) -> Filters:
    """The filters in a checkpoint; those of a colour network are averaged over the colours.

    Args:
        spec: the network.
        checkpoint: a file of the run store.

    Raises:
        CnnvizError: if the checkpoint cannot be read.
    """
    import torch

    from cnnviz.architectures import build
    from cnnviz.training.checkpoints import read

    with torch.device("meta"):
        network = build(spec)
    name, layer = next((name, part) for name, part in network.named_modules() if isinstance(part, torch.nn.Conv2d))
    return _filters(layer, read(checkpoint).model[f"{name}.weight"])


def _filters(layer: Any, weight: Any) -> Filters:
    return Filters(weight.double().mean(1).numpy(), int(layer.stride[0]), int(layer.padding[0]))
