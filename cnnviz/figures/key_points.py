"""Two pictures side by side with their key points, and lines between those that belong together. No OpenCV needed."""

import math
from collections.abc import Sequence
from typing import Any, Final

from PIL import Image, ImageDraw

_SCALE: Final = 2  # the picture is enlarged, so that circles are round
_GAP: Final = 12  # px between the two
_GREY: Final = (150, 160, 175)
_ORANGE: Final = (230, 159, 0)  # Okabe and Ito's
_BLUE: Final = (86, 180, 233)


def matched_pictures(
    pictures: tuple[Image.Image, Image.Image], points: tuple[Sequence[Any], Sequence[Any]],
    pairs: Sequence[tuple[int, int]],
) -> Image.Image:  # fmt: skip
    """The pictures with a circle for each key point, its size and direction, and a line for each pair.

    Args:
        pictures: the two, grey.
        points: of each: objects with `x`, `y`, `size` (diameter) in px and `angle` in degrees clockwise.
        pairs: numbers of the points that belong together; they are orange, the others grey.
    """
    one, other = pictures
    starts = (0, one.width + _GAP)
    size = (one.width + _GAP + other.width, max(one.height, other.height))
    sheet = Image.new("RGB", (size[0] * _SCALE, size[1] * _SCALE), (128, 128, 128))
    for picture, start in zip(pictures, starts, strict=True):
        enlarged = picture.convert("RGB").resize((picture.width * _SCALE, picture.height * _SCALE))
        sheet.paste(enlarged, (start * _SCALE, 0))
    draw = ImageDraw.Draw(sheet)

    def middle(side: int, number: int) -> tuple[float, float]:
        point = points[side][number]
        return (starts[side] + point.x) * _SCALE, point.y * _SCALE

    for left, right in pairs:
        draw.line([middle(0, left), middle(1, right)], fill=_BLUE, width=1)
    for side in (0, 1):
        paired = {pair[side] for pair in pairs}
        for number, point in sorted(enumerate(points[side]), key=lambda item: item[0] in paired):
            x, y = middle(side, number)
            radius = max(3.0, point.size / 2 * _SCALE)
            colour = _ORANGE if number in paired else _GREY
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], outline=colour, width=2)
            turn = math.radians(point.angle)
            draw.line([(x, y), (x + radius * math.cos(turn), y + radius * math.sin(turn))], fill=colour, width=2)
    return sheet
