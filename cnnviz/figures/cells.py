"""Heatmaps and pictures of a drawing plan: few cells as boxes with gaps, many as one PNG, a px for each."""

import base64
import io
from typing import Any, Final

import numpy as np
from PIL import Image, ImageColor

from cnnviz.figures.axes import Axis
from cnnviz.figures.texts import Writer
from cnnviz.language import Language

BOXES: Final = 1024  # cells; more of them are one picture
_CLEAR: Final = 255  # the colour of a value that is none
SPOKEN: Final = 4225  # cells; more of them say nothing under the pointer (65 × 65)


def cells(trace: dict[str, Any], x: Axis, y: Axis, refs: dict[str, str], writer: Writer) -> list[dict[str, Any]]:
    """The marks of a heatmap or a picture."""
    picture = _picture(trace)
    columns, rows = picture.size
    across, up = trace.get("x"), trace.get("y")
    across = list(range(columns)) if across is None else list(across)
    up = list(range(rows)) if up is None else list(up)
    lefts, rights = (x.shares_of_numbers(side) for side in x.edges(across, 1.0))
    tops, bottoms = (y.shares_of_numbers(side) for side in y.edges(up, 1.0))
    hover = writer.grid(trace, up, across) if rows * columns <= SPOKEN else None
    gap = max(trace.get("xgap", 0), trace.get("ygap", 0))
    if gap and rows * columns <= BOXES:
        boxes, fills, said, names = [], [], [], []
        named = [name for row in trace.get("customdata", ()) for name in row]
        for number, (red, green, blue, alpha) in enumerate(np.asarray(picture.convert("RGBA")).reshape(-1, 4).tolist()):
            i, j = divmod(number, columns)
            if alpha:
                boxes.append([round(float(one), 5) for one in (lefts[j], rights[j], bottoms[i], tops[i])])
                fills.append(f"#{red:02x}{green:02x}{blue:02x}")
                said.append(hover[number] if hover else "")
                names += named[number : number + 1]
        return [{**refs, "kind": "boxes", "at": boxes, "colour": fills, "clip": True, "opacity": 1, "edge": None,
                 "hatch": None, "hover": said if hover else None, "gap": gap,
                 **({"names": names} if named else {})}]  # fmt: skip
    if tops[0] < tops[-1]:  # a picture begins above, a heatmap below
        picture = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        hover = hover and [text for i in reversed(range(rows)) for text in hover[i * columns : (i + 1) * columns]]
    whole = [lefts[0], rights[-1], *sorted((tops[0], bottoms[-1]))]
    return [{**refs, "kind": "picture", "at": [round(float(one), 5) for one in whole], "clip": True,
             "source": _png(picture), "columns": columns, "hover": hover}]  # fmt: skip


def _picture(trace: dict[str, Any]) -> Image.Image:
    """A px for each cell: a heatmap in 255 of its colours, clear where a value is none."""
    z = np.asarray(trace["z"], float)
    if trace["type"] == "image":
        return Image.fromarray(z.astype(np.uint8), "RGB")
    low, high = _ends(trace)
    stops = trace["colorscale"]
    if trace.get("reversescale"):
        stops = [(1 - stop, colour) for stop, colour in reversed(stops)]
    places = np.array([stop for stop, _colour in stops], float)
    tints = np.array([ImageColor.getrgb(colour)[:3] for _stop, colour in stops], float)
    levels = np.linspace(0, 1, _CLEAR)
    palette = np.rint(np.stack([np.interp(levels, places, tints[:, number]) for number in range(3)], axis=1))
    shares = np.clip((z - low) / ((high - low) or 1), 0, 1)
    level = np.where(np.isfinite(z), np.rint(np.nan_to_num(shares) * (_CLEAR - 1)), _CLEAR)
    picture = Image.fromarray(level.astype(np.uint8), "P")
    picture.putpalette([*palette.astype(int).ravel().tolist(), 0, 0, 0])
    picture.info["transparency"] = _CLEAR
    return picture


def _ends(trace: dict[str, Any]) -> tuple[float, float]:
    z = np.asarray(trace["z"], float)
    low, high = trace.get("zmin"), trace.get("zmax")
    return float(np.nanmin(z) if low is None else low), float(np.nanmax(z) if high is None else high)


def _png(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def scale_of(trace: dict[str, Any], _: Language) -> dict[str, Any] | None:
    """The colour scale beside a heatmap that asks for one."""
    if trace["type"] != "heatmap" or not trace.get("showscale", True):
        return None
    low, high = _ends(trace)
    first, last = int(np.ceil(low)), int(np.floor(high))
    step = max(1, -(-(last - first) // 8))
    return {
        "title": trace.get("colorbar", {}).get("title", {}).get("text", ""),
        "stops": [[float(stop), colour] for stop, colour in trace["colorscale"]],
        "ticks": [[round((tick - low) / ((high - low) or 1), 5), _.number(tick)]
                  for tick in range(first, last + 1, step)],
    }  # fmt: skip
