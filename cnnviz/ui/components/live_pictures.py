"""What the live grid shows when the hand has let go: torchvision's pictures on one sheet, and their numbers."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from cnnviz.augmentation import Pipeline, Sample
from cnnviz.data.encoding import encode_jpeg
from cnnviz.specs.augmentation import Drawn, PipelineSpec

MAX_PICTURES: Final = 16
_BLOCK: Final = 8  # px: a cell of the sheet ends where a block of the JPEG ends, so that no picture touches another

_HANDS: Final = 2  # threads that draw; beside other work a release takes 0.8 of the time that one needs

Values = Sequence[Mapping[str, float]]
"""For each operation of a chain numbers by the name of the parameter; what is missing is neutral."""


@dataclass(frozen=True, slots=True)
class LivePictures:
    """Torchvision's pictures of a chain on one sheet, and the random numbers behind them. Plain data, to be cached.

    Attributes:
        id: tells sheets apart.
        chain: the operations.
        sheet: JPEG of quality 100 without chroma subsampling, the pictures in cells, row by row.
        size: (width, height) of a picture, px.
        pitch: (width, height) of a cell, px.
        columns: cells in a row.
        source: (width, height) of the picture before, px.
        drawn: what was drawn for each picture.
        slots: the kind and the occurrence of each operation that random numbers are there for.
        units: `(pictures, slots, UNITS)` random numbers in [0, 1), float64.
        seed: that of the draws.
    """

    id: str
    chain: PipelineSpec
    sheet: bytes
    size: tuple[int, int]
    pitch: tuple[int, int]
    columns: int
    source: tuple[int, int]
    drawn: tuple[Drawn, ...]
    slots: tuple[tuple[str, int], ...]
    units: bytes
    seed: int


def draw_live(
    chain: PipelineSpec, image: Image.Image, *, count: int = 8, seed: int = 0, exact: Values | None = None
) -> LivePictures:
    """What `live_grid` shows when the hand has let go: torchvision's pictures, pixel by pixel those of `Pipeline`.

    Args:
        chain: the operations.
        image: grey or RGB, at most 512 px.
        count: 1 to 16.
        seed: as for `Pipeline.samples`.
        exact: numbers for each operation instead of chance, from `live_values`: one picture.

    Raises:
        ValueError: another count.
        CnnvizError: at the field of the first operation that the picture does not fit, or at a number out of bounds.
    """
    if not 1 <= count <= MAX_PICTURES:
        raise ValueError(f"count: {count} is outside 1 to {MAX_PICTURES}")
    count = 1 if exact is not None else count
    samples = _samples(Pipeline.of(chain), image, count, seed, exact)
    width, height = samples[0].image.size
    pitch = -(-width // _BLOCK) * _BLOCK, -(-height // _BLOCK) * _BLOCK
    columns = min(4, count)
    sheet = Image.new("RGB", (columns * pitch[0], -(-count // columns) * pitch[1]))
    for place, sample in enumerate(samples):
        row, column = divmod(place, columns)
        sheet.paste(sample.image.convert("RGB"), (column * pitch[0], row * pitch[1]))
    slots = _slots(chain)
    units = [Pipeline.units(seed, index, kind, occurrence) for index in range(count) for kind, occurrence in slots]
    encoded = encode_jpeg(sheet, quality=100)
    return LivePictures(
        id=hashlib.blake2b(encoded, digest_size=8).hexdigest(),
        chain=chain,
        sheet=encoded,
        size=(width, height),
        pitch=pitch,
        columns=columns,
        source=image.size,
        drawn=tuple(sample.drawn for sample in samples),
        slots=slots,
        units=np.asarray(units, np.float64).tobytes(),
        seed=seed,
    )


def _samples(chain: Pipeline, image: Image.Image, count: int, seed: int, exact: Values | None) -> list[Sample]:
    if exact is None:
        with ThreadPoolExecutor(_HANDS, "pictures") as hands:
            return chain.samples(image, count=count, seed=seed, each=hands.map)
    active = [values for operation, values in zip(chain.operations, exact, strict=True) if operation in chain.active]
    drawn = chain.exact(active, (image.height, image.width))
    return [Sample(chain.apply(image, drawn), drawn)]


def _slots(chain: PipelineSpec) -> tuple[tuple[str, int], ...]:
    """Every operation of the chain, also those that are switched off: a click in the browser switches them on."""
    seen: dict[str, int] = {}
    slots = []
    for operation in chain.operations:
        seen[operation.kind] = seen.get(operation.kind, -1) + 1
        slots.append((operation.kind, seen[operation.kind]))
    return tuple(slots)
