"""Pictures of what goes on inside a network: feature maps as tiles, and glowing places over the network's input.

Plain arrays in, PIL pictures out. Dark is little and bright is much in both themes, so they read without colour.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Float = NDArray[np.float32]
MOST: Final = 64  # feature maps on one sheet
_STOPS: Final = np.array([(0, 0, 0), (74, 24, 99), (187, 55, 84), (249, 142, 9), (252, 255, 164)], np.float32)
_GAP: Final = (128, 128, 128)


def glow(values: Float) -> NDArray[np.uint8]:
    """Values from 0 to 1 as colours from black over red to pale yellow: (H, W) → (H, W, 3)."""
    place = np.clip(values, 0, 1) * (len(_STOPS) - 1)
    lower = np.minimum(place.astype(int), len(_STOPS) - 2)
    share = (place - lower)[..., None]
    colours: NDArray[np.uint8] = (_STOPS[lower] * (1 - share) + _STOPS[lower + 1] * share).round().astype(np.uint8)
    return colours


def spread(values: Float) -> Float:
    """A map's values from 0, its smallest, to 1, its largest; all 0 where it is the same everywhere."""
    low, high = float(values.min()), float(values.max())
    found: Float = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return found


def map_sheet(maps: Float, width: int = 880, columns: int = 8) -> Image.Image:
    """The first feature maps as tiles, each from its own smallest to its own largest value.

    Args:
        maps: (C, h, w).
        width: of the sheet, px; tiles are enlarged without blur by a whole factor where they are small.
        columns: tiles a row.
    """
    shown = maps[:MOST]
    columns = min(columns, len(shown))
    cell = max(1, (width - 4 * (columns - 1)) // columns)
    rows = -(-len(shown) // columns)
    height = max(1, round(cell * shown.shape[1] / shown.shape[2]))
    sheet = Image.new("RGB", (columns * (cell + 4) - 4, rows * (height + 4) - 4), _GAP)
    for index, values in enumerate(shown):
        tile = Image.fromarray(glow(spread(values))).resize((cell, height), Image.Resampling.NEAREST)
        row, column = divmod(index, columns)
        sheet.paste(tile, (column * (cell + 4), row * (height + 4)))
    return sheet


def overview(maps: Float) -> Image.Image:
    """The mean of a stage's maps (C, h, w), a pixel a cell, from its smallest to its largest value."""
    return Image.fromarray(glow(spread(maps.mean(0))))


def base(picture: Float) -> NDArray[np.uint8]:
    """A network's input (1, C, H, W) from 0 to 1 as a colour picture (H, W, 3)."""
    channels = picture[0] if len(picture[0]) == 3 else np.repeat(picture[0, :1], 3, 0)
    pixels: NDArray[np.uint8] = (np.clip(channels, 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    return pixels


def over(picture: Float, values: Float, strength: float = 0.6) -> Image.Image:
    """Places that matter, glowing over a pale picture.

    Args:
        picture: (1, C, H, W) from 0 to 1.
        values: (h, w) from 0 to 1; a coarse map is enlarged smoothly.
        strength: how much of the picture a full glow covers.
    """
    height, width = picture.shape[2:]
    large = np.asarray(Image.fromarray(values.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR))
    grey = base(picture).mean(2, keepdims=True) * 0.75 + 20
    covered = strength * np.clip(large, 0, 1)[..., None] ** 0.7
    mixed = grey * (1 - covered) + glow(large).astype(np.float32) * covered
    return Image.fromarray(mixed.round().clip(0, 255).astype(np.uint8))


def plain(picture: Float, side: int) -> Image.Image:
    """A network's input (1, C, H, W) from 0 to 1 on `side` px, its own pixels still to be seen."""
    return enlarged(Image.fromarray(base(picture)), side)


def enlarged(picture: Image.Image, side: int) -> Image.Image:
    """A picture on `side` px, its own pixels still to be seen."""
    return picture.resize((side, side), Image.Resampling.NEAREST)
