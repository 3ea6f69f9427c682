"""Fashion-MNIST, read straight from its `.gz` files into memory (about half a second, 55 MB for both splits).

Xiao, Rasul & Vollgraf 2017, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
arXiv 1708.07747. The files are in the IDX format: two zero bytes, the type (8 for unsigned bytes), the number of
dimensions, each dimension as a big-endian 32-bit integer, then the values.

What is shipped in `assets/` is read once per process and kept. The arrays cannot be written to, so all threads of a
server share the same ones; a lock keeps thirty visitors who arrive at once from unpacking thirty copies.
"""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnviz.data.files import ASSETS, reading
from cnnviz.errors import CnnvizError
from cnnviz.language import N_

Split = Literal["train", "test"]

FOLDER: Final = ASSETS / "fashion-mnist"
SIZE: Final = 28  # px
PIXEL_MEAN: Final = 0.2860  # of the training pixels, scaled to [0, 1]
PIXEL_STD: Final = 0.3530

DATA_MD5: Final[Mapping[str, str]] = MappingProxyType(
    {
        "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
    }
)
"""MD5 of each file's unpacked bytes; how they were packed does not matter."""

_PREFIX: Final[Mapping[str, str]] = MappingProxyType({"train": "train", "test": "t10k"})

CLASS_NAMES: Final = (
    N_("T-shirt/top"),
    N_("trouser"),
    N_("pullover"),
    N_("dress"),
    N_("coat"),
    N_("sandal"),
    N_("shirt"),
    N_("sneaker"),
    N_("bag"),
    N_("ankle boot"),
)
"""The name of each label, 0 to 9."""


class Garments(NamedTuple):
    """Images (N, 28, 28) and labels (N,), both uint8, images from 0 (background) to 255. Neither can be written to."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def fashion_mnist(split: Split, folder: str | Path | None = None) -> Garments:
    """The 60,000 training or the 10,000 test images with their labels.

    Args:
        split: "train" or "test".
        folder: where the two `.gz` files of the split lie; by default the app's own, which is read once per process.

    Raises:
        CnnvizError: "data_missing" or "data_damaged", naming the file; an unknown split.
    """
    if split not in _PREFIX:
        raise CnnvizError("value_not_allowed", field="split", label="split", value=split, allowed="train, test")
    if folder is not None:
        return _read_split(split, Path(folder))
    with _LOCK:
        return _shipped(split)


def garment(index: int, split: Split = "test") -> Image.Image:
    """One garment as a grey picture of 28×28 px.

    Raises:
        CnnvizError: an index outside the split, or what `fashion_mnist` raises.
    """
    images = fashion_mnist(split).images
    if not 0 <= index < len(images):
        code, limit = ("value_too_small", 0) if index < 0 else ("value_too_large", len(images) - 1)
        raise CnnvizError(code, field="index", label="index", value=index, limit=limit)
    return Image.fromarray(images[index])


_LOCK: Final = Lock()


@cache
def _shipped(split: Split) -> Garments:
    return _read_split(split, FOLDER)


def _read_split(split: Split, folder: Path) -> Garments:
    prefix = _PREFIX[split]
    images = _read(folder / f"{prefix}-images-idx3-ubyte.gz", dimensions=3)
    labels = _read(folder / f"{prefix}-labels-idx1-ubyte.gz", dimensions=1)
    return Garments(images, labels)


def _read(path: Path, dimensions: int) -> NDArray[np.uint8]:
    with reading(path):
        with gzip.open(path) as file:
            data = file.read()
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if digest != DATA_MD5[path.stem]:
            raise CnnvizError("data_damaged", file=str(path))
        return parse_idx(data, dimensions)


def parse_idx(data: bytes, dimensions: int) -> NDArray[np.uint8]:
    """The array in the unpacked bytes of an IDX file; it shares their memory and cannot be written to.

    Raises:
        ValueError: if the header is not that of unsigned bytes with so many dimensions, or does not match the length.
    """
    start = 4 + 4 * dimensions
    if data[:4] != bytes((0, 0, 8, dimensions)) or len(data) < start:
        raise ValueError(f"not an IDX file of unsigned bytes with {dimensions} dimensions")
    shape = tuple(int.from_bytes(data[place : place + 4], "big") for place in range(4, start, 4))
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
