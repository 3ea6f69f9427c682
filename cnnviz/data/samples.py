"""The cat: "Chelsea", photographed by Stéfan van der Walt, CC0 (see `assets/cat.LICENSE.txt`)."""

from functools import cache
from typing import Final

from PIL import Image

from cnnviz.data.files import ASSETS, reading

PATH: Final = ASSETS / "cat.png"


def cat() -> Image.Image:
    """A cat's face, 451×300 px, RGB; a new picture on every call, so that nobody draws into another's.

    Raises:
        CnnvizError: "data_missing" or "data_damaged", naming the file.
    """
    size, pixels = _pixels()
    return Image.frombytes("RGB", size, pixels)


@cache  # immutable, small and quick to read: two threads that arrive together read it twice and nothing else happens
def _pixels() -> tuple[tuple[int, int], bytes]:
    with reading(PATH), Image.open(PATH, formats=("PNG",)) as image:
        picture = image.convert("RGB")
        return picture.size, picture.tobytes()
