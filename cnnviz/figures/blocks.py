"""Small drawings of what is new in each network, as SVG text: boxes for layers, lines for what flows between them.

A drawing is made of three patterns: a chain, branches that meet in a join, and a chain whose earlier outputs reach all
later layers. Pure text, no torch, no streamlit; the colours come from the caller, so both themes work.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from cnnviz.language import N_, Language

WIDTH: Final = 248
HEIGHT: Final = 84
_BOX: Final = 22  # height of a layer's box
_FONT: Final = "font-family='system-ui,-apple-system,Segoe UI,Roboto,sans-serif'"
_POOL: Final = N_("pool")
_DENSE: Final = N_("dense")


def readable_on(colour: str) -> str:
    """Black or white, whichever has the larger contrast on a "#rrggbb" colour (WCAG 2 relative luminance)."""
    linear = []
    for start in (1, 3, 5):
        channel = int(colour[start : start + 2], 16) / 255
        linear.append(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff"


@dataclass(slots=True)
class _Canvas:
    """Collects shapes; `ink` draws lines and text, `colour` fills what is new."""

    ink: str
    colour: str
    paper: str
    shapes: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, label: str, new: bool = False) -> None:
        fill, text = (self.colour, readable_on(self.colour)) if new else ("none", self.ink)
        self.shapes.append(
            f"<rect x='{x:.1f}' y='{y - _BOX / 2:.1f}' width='{width:.1f}' height='{_BOX}' rx='4' fill='{fill}' "
            f"stroke='{self.colour if new else self.ink}' stroke-width='1.2'/>"
            f"<text x='{x + width / 2:.1f}' y='{y + 3.8:.1f}' text-anchor='middle' font-size='10.5' fill='{text}' "
            f"{_FONT}>{escape(label)}</text>"
        )

    def circle(self, x: float, y: float, label: str) -> None:
        self.shapes.append(
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='9' fill='{self.colour}'/>"
            f"<text x='{x:.1f}' y='{y + 4:.1f}' text-anchor='middle' font-size='{13 if len(label) == 1 else 9}' "
            f"font-weight='700' fill='{readable_on(self.colour)}' {_FONT}>{escape(label)}</text>"
        )

    def line(self, path: str, new: bool = False) -> None:
        self.shapes.append(
            f"<path d='{path}' fill='none' stroke='{self.colour if new else self.ink}' "
            f"stroke-width='{2 if new else 1.2}'/>"
        )


def _chain(canvas: _Canvas, labels: Sequence[str], new: Sequence[int] = (), y: float = HEIGHT / 2) -> None:
    gap = 8.0
    width = (WIDTH - 8 - gap * (len(labels) - 1)) / len(labels)
    for index, label in enumerate(labels):
        x = 4 + index * (width + gap)
        if index:
            canvas.line(f"M{x - gap:.1f} {y}H{x:.1f}")
        canvas.box(x, y, width, label, index in new)


def _branches(canvas: _Canvas, branches: Sequence[Sequence[str]], join: str, new: Sequence[int] = ()) -> None:
    left, right = 16.0, WIDTH - 30.0
    step = HEIGHT / len(branches)
    middle = HEIGHT / 2
    for row, labels in enumerate(branches):
        y = step * (row + 0.5)
        curve_in = f"M4 {middle}C{left - 2} {middle} {left - 6} {y} {left + 6} {y}"
        curve_out = f"M{right - 10} {y}C{right + 6} {y} {right - 2} {middle} {right + 10} {middle}"
        canvas.line(f"{curve_in}H{right - 10}", new=not labels)
        canvas.line(curve_out, new=not labels)
        width = 58.0 if len(labels) < 3 else 44.0
        span = right - 22 - left
        for column, label in enumerate(labels):
            x = left + 12 + span * (column + 0.5) / len(labels) - width / 2 - 4
            canvas.shapes.append(
                f"<rect x='{x:.1f}' y='{y - 9:.1f}' width='{width:.1f}' height='18' fill='{canvas.paper}'/>"
            )
            height = min(_BOX, step - 3)
            fill, text = (canvas.colour, readable_on(canvas.colour)) if row in new else (canvas.paper, canvas.ink)
            canvas.shapes.append(
                f"<rect x='{x:.1f}' y='{y - height / 2:.1f}' width='{width:.1f}' height='{height:.1f}' rx='4' "
                f"fill='{fill}' stroke='{canvas.colour if row in new else canvas.ink}' stroke-width='1.2'/>"
                f"<text x='{x + width / 2:.1f}' y='{y + 3.8:.1f}' text-anchor='middle' font-size='10.5' "
                f"fill='{text}' {_FONT}>{escape(label)}</text>"
            )
    canvas.circle(right + 14, middle, join)


def _staircase(canvas: _Canvas, labels: Sequence[str]) -> None:
    y, gap = HEIGHT - 22.0, 20.0
    width = (WIDTH - 34 - gap * len(labels)) / len(labels)
    starts = [10 + gap + index * (width + gap) for index in range(len(labels))]
    canvas.line(f"M4 {y}H{WIDTH - 26}")
    for index, x in enumerate(starts):
        for later in range(index, len(labels)):
            target = starts[later] + width + 8
            top = y - 18 - 13 * (later - index)
            source = x - 10
            canvas.line(f"M{source:.1f} {y}C{source:.1f} {top:.1f} {target:.1f} {top:.1f} {target:.1f} {y}", new=True)
    for x, label in zip(starts, labels, strict=True):
        canvas.shapes.append(f"<rect x='{x}' y='{y - 11}' width='{width}' height='22' fill='{canvas.paper}'/>")
        canvas.box(x, y, width, label)
    canvas.circle(WIDTH - 14, y, "[,]")


_DRAWINGS: Final[Mapping[str, Callable[[_Canvas, Language], None]]] = {
    "lenet": lambda canvas, _: _chain(canvas, ("5×5", _(_POOL), "5×5", _(_POOL), _(_DENSE)), new=(0, 2)),
    "lenet_bn": lambda canvas, _: _chain(canvas, ("5×5", "BN", "σ", _(_POOL)), new=(1,)),
    "alexnet": lambda canvas, _: _chain(canvas, ("11×11", "ReLU", "5×5", "3×3", _(_DENSE)), new=(0, 1)),
    "vgg11": lambda canvas, _: _chain(canvas, ("3×3", "3×3", _(_POOL)), new=(0, 1)),
    "nin": lambda canvas, _: _chain(canvas, ("5×5", "1×1", "1×1"), new=(1, 2)),
    "googlenet": lambda canvas, _: _branches(
        canvas, (("1×1",), ("1×1", "3×3"), ("1×1", "5×5"), (_(_POOL), "1×1")), "[,]", new=(1, 2)
    ),
    "resnet18": lambda canvas, _: _branches(canvas, ((), ("3×3", "BN", "3×3")), "+"),
    "resnext50_32x4d": lambda canvas, _: _branches(
        canvas, ((), ("1×1", "3×3", "1×1"), ("1×1", "3×3", "1×1"), ("1×1", "3×3", "1×1")), "+", new=(1, 2, 3)
    ),
    "densenet": lambda canvas, _: _staircase(canvas, ("3×3", "3×3", "3×3")),
}


def block_drawing(key: str, _: Language, *, ink: str, colour: str, paper: str) -> str | None:
    """The SVG of what is new in a network of the timeline, or None for a key without a drawing.

    Args:
        key: a catalogue key.
        ink: colour of lines and text.
        colour: the network's own colour, for what is new.
        paper: the background.
    """
    draw = _DRAWINGS.get(key)
    if draw is None:
        return None
    canvas = _Canvas(ink=ink, colour=colour, paper=paper)
    draw(canvas, _)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}'>"
        + "".join(canvas.shapes)
        + "</svg>"
    )


def cost_drawing(
    rows: Sequence[tuple[str, str, float]], *, ink: str, colour: str, track: str, width: int = WIDTH
) -> str:
    """Bars on a common scale, as SVG: each row's label, its value in words and its share of the largest (0 to 1)."""
    height = 30 * len(rows)
    shapes = []
    for index, (label, value, share) in enumerate(rows):
        y = 30 * index
        shapes.append(
            f"<text x='0' y='{y + 12}' font-size='11.5' fill='{ink}' {_FONT}>{escape(label)}</text>"
            f"<text x='{width}' y='{y + 12}' font-size='12.5' font-weight='600' text-anchor='end' fill='{ink}' {_FONT}>"
            f"{escape(value)}</text>"
            f"<rect x='0' y='{y + 17}' width='{width}' height='7' rx='2' fill='{track}'/>"
            f"<rect x='0' y='{y + 17}' width='{max(1.5, share * width):.1f}' height='7' rx='2' fill='{colour}'/>"
        )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}'>"
        + "".join(shapes)
        + "</svg>"
    )
