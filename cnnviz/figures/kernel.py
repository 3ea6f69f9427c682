"""What one layer does, as a small drawing: a kernel over its padded input and the output value that it makes.

Only a corner of a large picture is drawn, at the scale of single pixels; the words under it have the layer's own
numbers. `describe_kernel` says the same to those who do not see it. No torch, no streamlit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

from cnnviz.language import Language
from cnnviz.rows import LayerRow

WIDTH: Final = 320
_FONT: Final = "system-ui,-apple-system,Segoe UI,Roboto,sans-serif"
_MOST_CELLS: Final = 13  # of the input along one side, padding included
_PLANE: Final = 168  # px for them
_TOP: Final = 22
_UNITS: Final = 5  # of a dense layer that are drawn on each side
_GROUPS: Final = 4


@dataclass(slots=True)
class _Sheet:
    """Collects shapes."""

    ink: str
    paper: str
    accent: str
    shapes: list[str] = field(default_factory=list)

    def cell(self, x: float, y: float, size: float, fill: str = "none", opacity: float = 1, dash: bool = False) -> None:
        more = " stroke-dasharray='2 2'" if dash else ""
        self.shapes.append(
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{size:.1f}' height='{size:.1f}' fill='{fill}' "
            f"fill-opacity='{opacity}' stroke='{self.ink}' stroke-opacity='.45' stroke-width='.8'{more}/>"
        )

    def border(self, x: float, y: float, width: float, height: float, colour: str, dash: bool = False) -> None:
        more = " stroke-dasharray='4 3'" if dash else ""
        self.shapes.append(
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='none' stroke='{colour}' "
            f"stroke-width='2'{more}/>"
        )

    def block(self, x: float, y: float, width: float, height: float, opacity: float) -> None:
        self.shapes.append(
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' rx='3' fill='{self.accent}' "
            f"fill-opacity='{opacity}' stroke='{self.ink}' stroke-width='1'/>"
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, opacity: float = 1) -> None:
        self.shapes.append(
            f"<path d='M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}' stroke='{self.ink}' stroke-opacity='{opacity}' "
            "stroke-width='1.2'/>"
        )

    def text(self, x: float, y: float, text: str, *, size: int = 12, anchor: str = "start", bold: bool = False) -> None:
        weight = " font-weight='600'" if bold else ""
        self.shapes.append(
            f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' fill='{self.ink}'{weight}>"
            f"{escape(text)}</text>"
        )


def kernel_drawing(row: LayerRow, _: Language, *, ink: str, paper: str, accent: str) -> str | None:
    """The drawing as SVG, or None for layers that have none (activations, batch norm, dropout, containers).

    Args:
        row: a single layer.
        _: the reader's language.
        ink: colour of lines and text.
        paper: the background.
        accent: colour of the kernel and of what it makes.
    """
    draw = _DRAWINGS.get(str(row.formula.get("kind"))) if row.leaf else None
    words = describe_kernel(row, _)
    if draw is None or not words:
        return None
    sheet = _Sheet(ink, paper, accent)
    height = draw(sheet, row, _)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:.0f}' width='{WIDTH}' "
        f"height='{height:.0f}' role='img' font-family='{_FONT}'><title>{escape(words)}</title>"
        f"<rect width='{WIDTH}' height='{height:.0f}' fill='{paper}'/>" + "".join(sheet.shapes) + "</svg>"
    )


# Convolution and pooling -----------------------------------------------------------------------------------------


def footprint(row: LayerRow, position: int, axis: int = 0) -> tuple[int, ...]:
    """Which input rows (axis 0) or columns (axis 1) one output position reads; negative ones lie in the padding."""
    assert row.kernel is not None
    stride, padding, dilation = (pair[axis] if pair else other for pair, other in (
        (row.stride, 1), (row.padding, 0), (row.dilation, 1)))  # fmt: skip
    start = position * stride - padding
    return tuple(start + dilation * index for index in range(row.kernel[axis]))


def _window(sheet: _Sheet, row: LayerRow, _: Language) -> float:
    padding = row.padding or (0, 0)
    sizes = row.input_shape[-2:]
    drawn = tuple(min(sizes[axis] + 2 * padding[axis], _cells(row, axis)) for axis in (0, 1))
    step = _PLANE / max(*drawn, 6)
    left, top = 8.0, float(_TOP)
    sheet.text(left, 14, _("input {shape}", shape=_.shape(row.input_shape[1:])))
    read = [set(footprint(row, 0, axis)) for axis in (0, 1)]
    for y in range(drawn[0]):
        for x in range(drawn[1]):
            place = y - padding[0], x - padding[1]
            inside = all(0 <= place[axis] < sizes[axis] for axis in (0, 1))
            taken = place[0] in read[0] and place[1] in read[1]
            sheet.cell(left + x * step, top + y * step, step, sheet.accent if taken else "none", 0.55, not inside)
    if padding != (0, 0):
        sheet.border(
            left + padding[1] * step, top + padding[0] * step, min(sizes[1], drawn[1] - padding[1]) * step,
            min(sizes[0], drawn[0] - padding[0]) * step, sheet.ink,
        )  # fmt: skip
    reach = [read_one[-1] - read_one[0] + 1 for read_one in (footprint(row, 0, 0), footprint(row, 0, 1))]
    sheet.border(left, top, reach[1] * step, reach[0] * step, sheet.accent)
    stride = row.stride or (1, 1)
    if row.output_shape[-1] > 1 and stride[1] + reach[1] <= drawn[1]:
        sheet.border(left + stride[1] * step, top, reach[1] * step, reach[0] * step, sheet.accent, dash=True)
    _output(sheet, row, step, (left + reach[1] * step, top + reach[0] * step / 2), _)
    bottom = top + drawn[0] * step + 18
    bottom = max(bottom, top + 90)
    if (row.groups or 1) > 1:
        bottom = _groups(sheet, row, bottom, _)
    return _captions(sheet, row, bottom, _)


def _cells(row: LayerRow, axis: int) -> int:
    """How many cells to draw along one side: the kernel, the next two steps and a little more."""
    reach = footprint(row, 0, axis)
    stride = row.stride[axis] if row.stride else 1
    return max(reach[-1] - reach[0] + 1, min(_MOST_CELLS, reach[-1] - reach[0] + 2 + 2 * stride))


def _output(sheet: _Sheet, row: LayerRow, step: float, start: tuple[float, float], _: Language) -> None:
    size = max(12.0, min(step, 20.0))
    x, y = 218.0, 60.0
    rows, columns = min(row.output_shape[-2], 3), min(row.output_shape[-1], 4)
    sheet.line(start[0], start[1], x, y + size / 2, 0.7)
    for line in range(rows):
        for column in range(columns):
            first = line == column == 0
            sheet.cell(x + column * size, y + line * size, size, sheet.accent if first else "none", 0.9)
    if columns > 1:
        sheet.border(x + size, y, size, size, sheet.accent, dash=True)
    sheet.text(x, y - 24, _("output"))
    sheet.text(x, y - 8, _.shape(row.output_shape[1:]))


def _groups(sheet: _Sheet, row: LayerRow, top: float, _: Language) -> float:
    """The channels of a grouped convolution: each group of outputs reads its own group of inputs."""
    groups = row.groups or 1
    shown = min(groups, _GROUPS)
    width = (WIDTH - 60) / shown
    for index in range(shown):
        x = 8 + index * width
        sheet.block(x, top, width - 10, 14, 0.25)
        sheet.line(x + (width - 10) / 2, top + 14, x + (width - 10) / 2, top + 34)
        sheet.block(x, top + 34, width - 10, 14, 0.6)
    if groups > shown:
        sheet.text(8 + shown * width, top + 28, f"… {groups}")
    return top + 68


def _captions(sheet: _Sheet, row: LayerRow, top: float, _: Language) -> float:
    for line in _settings(row, _):
        sheet.text(8, top, line)
        top += 17
    return top - 5


def _settings(row: LayerRow, _: Language) -> list[str]:
    """The numbers of a window in words, two a line."""
    words = [_("kernel {size}", size=_pair(row.kernel)), _("stride {size}", size=_side(row.stride))]
    words.append(_("padding {size}", size=_side(row.padding)))
    if row.dilation is not None and row.dilation != (1, 1):
        words.append(_("dilation {size}", size=_side(row.dilation)))
    lines = [", ".join(words)]
    groups = row.groups or 1
    if groups > 1:
        lines.append(
            _(
                "{groups} groups: {inputs} channels in, {outputs} out, each",
                groups=groups,
                inputs=row.input_shape[1] // groups,
                outputs=row.output_shape[1] // groups,
            )
        )
    return lines


def _pair(pair: tuple[int, int] | None) -> str:
    return "×".join(map(str, pair or (1, 1)))


def _side(pair: tuple[int, int] | None) -> str:
    first, second = pair or (0, 0)
    return str(first) if first == second else f"{first}×{second}"


# Dense layers, joins and averages --------------------------------------------------------------------------------


def _dense(sheet: _Sheet, row: LayerRow, _: Language) -> float:
    sides = (row.input_shape[-1], 50.0), (row.output_shape[-1], 250.0)
    places = []
    for count, x in sides:
        shown = min(count, _UNITS)
        places.append([(x, 34 + 26 * (_UNITS - shown) / 2 + 26 * index) for index in range(shown)])
    for index, end in enumerate(places[1]):
        for start in places[0]:
            sheet.line(*start, *end, 0.85 if index == 0 else 0.2)
    for side, ((count, x), points) in enumerate(zip(sides, places, strict=True)):
        for index, (_x, y) in enumerate(points):
            opacity = 0.9 if side and index == 0 else 0.25
            sheet.shapes.append(
                f"<circle cx='{x}' cy='{y:.1f}' r='8' fill='{sheet.paper}' /><circle cx='{x}' cy='{y:.1f}' r='8' "
                f"fill='{sheet.accent}' fill-opacity='{opacity}' stroke='{sheet.ink}'/>"
            )
        if count > _UNITS:
            sheet.text(x, 34 + 26 * _UNITS + 2, "⋮", size=16, anchor="middle", bold=True)
    sheet.text(50, 14, _("{count} inputs", count=_.number(sides[0][0])), anchor="middle")
    sheet.text(250, 14, _("{count} units", count=_.number(sides[1][0])), anchor="middle")
    sheet.text(8, 190, _("every unit reads all {count} inputs", count=_.number(sides[0][0])))
    return 200


def _addition(sheet: _Sheet, row: LayerRow, _: Language) -> float:
    shape = _.shape(row.output_shape[1:])
    for x, sign in ((8.0, "+"), (116.0, "="), (224.0, "")):
        for line in range(3):
            for column in range(3):
                marked = line == column == 1
                sheet.cell(x + column * 22, 26 + line * 22, 22, sheet.accent if marked else "none", 0.6)
        sheet.text(x + 87, 66, sign, size=22, anchor="middle", bold=True)
    sheet.text(8, 14, shape)
    sheet.text(116, 14, shape)
    sheet.text(224, 14, shape)
    sheet.text(8, 112, _("value by value, channel by channel"))
    return 122


def _concatenation(sheet: _Sheet, row: LayerRow, _: Language) -> float:
    parts = [int(part) for part in str(row.formula["parts"]).split(" + ")]
    total, room = sum(parts), WIDTH - 16.0
    x = 8.0
    for index, part in enumerate(parts):
        width = room * part / total
        opacity = 0.25 + 0.45 * (index % 2)
        sheet.block(x + 3, 26, max(1.0, width - 6), 24, opacity)
        sheet.block(x, 86, width, 24, opacity)
        sheet.line(x + width / 2, 50, x + width / 2, 86, 0.7)
        if width > 26:
            sheet.text(x + width / 2, 42, str(part), anchor="middle")
        x += width
    sheet.text(8, 14, _("channels side by side"))
    sheet.text(WIDTH / 2, 102, str(total), anchor="middle", bold=True)
    sheet.text(8, 130, f"{row.formula['parts']} = {total}" if len(parts) < 6 else f"{len(parts)} → {total}")
    return 140


def _global(sheet: _Sheet, row: LayerRow, _: Language) -> float:
    sheet.text(8, 14, _("input {shape}", shape=_.shape(row.input_shape[1:])))
    for line in range(6):
        for column in range(6):
            sheet.cell(8 + column * 20, _TOP + line * 20, 20, sheet.accent, 0.45)
    sheet.line(128, 82, 218, 82)
    sheet.cell(218, 72, 20, sheet.accent, 0.9)
    sheet.text(218, 50, _("output"))
    sheet.text(218, 66, _.shape(row.output_shape[1:]))
    sheet.text(8, 164, _("all positions of a channel become one value"))
    return 174


_DRAWINGS: Final[Mapping[str, Callable[[_Sheet, LayerRow, Language], float]]] = {
    "convolution": _window,
    "pooling": _window,
    "dense": _dense,
    "addition": _addition,
    "concatenation": _concatenation,
    "global_pooling": _global,
}


def describe_kernel(row: LayerRow, _: Language) -> str:
    """The drawing in words; "" for layers without one."""
    make = _SENTENCES.get(str(row.formula.get("kind"))) if row.leaf else None
    return make(row, _) if make else ""


def _say_window(row: LayerRow, _: Language) -> str:
    words: dict[str, Any] = {
        "settings": ", ".join(_settings(row, _)),
        "input": _.shape(row.input_shape[1:]),
        "output": _.shape(row.output_shape[1:]),
    }
    if row.formula.get("kind") == "pooling":
        if "Avg" in row.type:
            return _("Each output value is the mean of a window ({settings}): {input} becomes {output}.", **words)
        return _("Each output value is the largest of a window ({settings}): {input} becomes {output}.", **words)
    return _("A kernel slides over the input ({settings}): {input} becomes {output}.", **words)


_SENTENCES: Final[Mapping[str, Callable[[LayerRow, Language], str]]] = {
    "convolution": _say_window,
    "pooling": _say_window,
    "dense": lambda row, _: _(
        "Each of {outputs} units is a weighted sum of all {inputs} inputs.",
        outputs=_.number(row.output_shape[-1]),
        inputs=_.number(row.input_shape[-1]),
    ),
    "addition": lambda row, _: _(
        "{count} inputs of {shape} are added value by value.",
        count=row.formula.get("terms", 2),
        shape=_.shape(row.output_shape[1:]),
    ),
    "concatenation": lambda row, _: _(
        "Inputs with {parts} channels stand side by side: {shape}.",
        parts=str(row.formula["parts"]),
        shape=_.shape(row.output_shape[1:]),
    ),
    "global_pooling": lambda row, _: _(
        "All positions of a channel become one value: {input} becomes {output}.",
        input=_.shape(row.input_shape[1:]),
        output=_.shape(row.output_shape[1:]),
    ),
}
