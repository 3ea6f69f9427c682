"""A network drawn as the textbook draws it, top to bottom, as SVG: stages, blocks, layers, and the shapes between them.

`network_diagram` is a pure function of the report and of what is unfolded; the page's component draws the same layout
from the same pieces. Colours come from the caller, so both themes work.
"""

from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import Final

from cnnviz.figures.diagram_layout import Diagram, Edge, Frame, Node, Point, layout_of
from cnnviz.figures.diagram_structure import Form, Part, blocks_of, structure
from cnnviz.figures.diagram_words import (
    cost_of,
    describe_diagram,
    detail_of,
    order_note,
    share_of,
    short_label,
    title_of,
)
from cnnviz.language import Language
from cnnviz.rows import LayerRow, Report

__all__ = ["GLYPHS", "GLYPH_SIZE", "describe_diagram", "glyph_of", "line_path", "network_diagram", "tone_of"]

GLYPH_SIZE: Final = (40, 34)
_SUM: Final = "M17 26a4 4 0 1 1-8 0a4 4 0 1 1 8 0M10.500 26h5M13 23.500v5M13 30V34"
# What a folded block does with its input, as one line each; an open curve is what goes around the layers.
GLYPHS: Final[Mapping[Form, str]] = {
    "residual": "M13 0V7M6 7h14v11h-14zM13 18V22M13 3H34V26H17" + _SUM,
    "projection": "M13 0V7M6 7h14v11h-14zM13 18V22M13 3H33V8M28 8h10v10h-10zM33 18V26H17" + _SUM,
    "inception": "M20 0V4M4.500 4H35.500M4.500 4V9M15 4V9M25 4V9M35.500 4V9M1 9h7v12h-7zM11.500 9h7v12h-7z"
    "M21.500 9h7v12h-7zM32 9h7v12h-7zM4.500 21V26M15 21V26M25 21V26M35.500 21V26M4.500 26H35.500M20 26V34",
    "dense": "M10 0V34M5 5h10v5h-10zM5 15h10v5h-10zM5 25h10v5h-10zM10 2.500C26 2.500 26 12.500 10 12.500"
    "M10 2.500C36 2.500 36 22.500 10 22.500M10 2.500C44 2.500 44 32 10 32M10 12.500C26 12.500 26 22.500 10 22.500",
}
_FONT: Final = "system-ui,-apple-system,Segoe UI,Roboto,sans-serif"
_MARGIN: Final = 8
_RADIUS: Final = 6
_WIDE: Final = 0.56  # of the font's size: the mean width of a letter


def network_diagram(
    report: Report,
    _: Language,
    *,
    ink: str,
    paper: str,
    colour: str,
    open: frozenset[str] = frozenset(),
    selected: str | None = None,
    failed: str | None = None,
) -> str:
    """The diagram as a complete SVG document with a title and a description.

    Args:
        report: the network taken apart.
        _: the reader's language.
        ink: colour of text and lines.
        paper: the background.
        colour: the network's own colour.
        open: ids of the unfolded parts: paths, and of repeats as `structure` names them.
        selected: the path of the selected layer or block; what is inside it is marked too.
        failed: the path of the first layer that cannot work; what holds it is marked while it is folded.
    """
    root = structure(report)
    return _Drawing(root, report, _, ink, paper, colour, selected, failed).svg(layout_of(root, open))


def glyph_of(part: Part) -> Form | None:
    """Which small drawing a folded part shows: that of the blocks most frequent in it; None for plain chains."""
    forms = Counter(block.form for block in blocks_of(part))
    return forms.most_common(1)[0][0] if forms else None


def tone_of(row: LayerRow) -> str:
    """What a layer's box is filled like: "weights" learns a kernel, "pool" shrinks, "quiet" only scales or bends."""
    kind = row.formula.get("kind")
    if kind in ("convolution", "dense"):
        return "weights"
    return "pool" if kind in ("pooling", "global_pooling", "adaptive_pooling") else "quiet"


def line_path(points: tuple[Point, ...]) -> str:
    """An edge's corners as an SVG path with rounded bends."""
    first, *rest = points
    text = f"M{_n(first[0])} {_n(first[1])}"
    for index, (x, y) in enumerate(rest):
        if index == len(rest) - 1:
            text += f"L{_n(x)} {_n(y)}"
            continue
        before, after = points[index], rest[index + 1]
        near, far = _towards((x, y), before), _towards((x, y), after)
        text += f"L{_n(near[0])} {_n(near[1])}Q{_n(x)} {_n(y)} {_n(far[0])} {_n(far[1])}"
    return text


def _towards(corner: Point, other: Point) -> Point:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    step = min(_RADIUS, length / 2)
    return corner[0] + dx / length * step, corner[1] + dy / length * step


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def fitted(text: str, size: float, room: float) -> str:
    """A text cut to a width in px, with an ellipsis where something was cut."""
    letters = max(1, int(room / (size * _WIDE)))
    return text if len(text) <= letters else text[: letters - 1].rstrip(" ,·") + "…"


class _Drawing:
    """Turns a layout into SVG."""

    def __init__(
        self,
        root: Part,
        report: Report,
        _: Language,
        ink: str,
        paper: str,
        colour: str,
        selected: str | None,
        failed: str | None,
    ) -> None:
        self.root, self.report, self.language = root, report, _
        self.ink, self.paper, self.colour = ink, paper, colour
        self.selected, self.failed = selected, failed

    def svg(self, diagram: Diagram) -> str:
        """The whole document."""
        note = order_note(self.root, self.language)
        width, height = diagram.size[0] + 2 * _MARGIN, diagram.size[1] + 2 * _MARGIN + (22 if note else 0)
        title = self.language("Diagram of the network")
        parts = [self.frame(frame) for frame in diagram.frames]
        parts += [self.edge(edge) for edge in diagram.edges]
        parts += [self.node(node) for node in diagram.nodes]
        if note:
            parts.append(self.text(0, diagram.size[1] + 14, fitted(note, 12, diagram.size[0] * 1.1), 12))
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{-_MARGIN} {-_MARGIN} {_n(width)} {_n(height)}' "
            f"width='{_n(width)}' height='{_n(height)}' role='img' aria-labelledby='title desc' "
            f"font-family='{_FONT}'><title id='title'>{escape(title)}</title>"
            f"<desc id='desc'>{escape(describe_diagram(self.report, self.language))}</desc>"
            "<defs><marker id='tip' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='8' markerHeight='8' "
            f"markerUnits='userSpaceOnUse' orient='auto'><path d='M0 0.500L8 4L0 7.500z' fill='{self.ink}'/></marker>"
            f"</defs><rect x='{-_MARGIN}' y='{-_MARGIN}' width='{_n(width)}' height='{_n(height)}' "
            f"fill='{self.paper}'/>" + "".join(parts) + "</svg>"
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        anchor: str = "start",
        bold: bool = False,
        dim: bool = False,
    ) -> str:
        """One line of text."""
        more = (" font-weight='600'" if bold else "") + (" fill-opacity='.78'" if dim else "")
        return (
            f"<text x='{_n(x)}' y='{_n(y)}' font-size='{size}' text-anchor='{anchor}' fill='{self.ink}'{more}>"
            f"{escape(text)}</text>"
        )

    def frame(self, frame: Frame) -> str:
        """The border of an open part."""
        return (
            f"<rect x='{_n(frame.x)}' y='{_n(frame.y)}' width='{_n(frame.width)}' height='{_n(frame.height)}' rx='8' "
            f"fill='{self.colour}' fill-opacity='.07' stroke='{self.colour}' stroke-opacity='.6'/>"
        )

    def edge(self, edge: Edge) -> str:
        """A line, its point and its shape."""
        tip = " marker-end='url(#tip)'" if edge.arrow else ""
        dots = "" if edge.known else " stroke-dasharray='1.5 4' stroke-linecap='round'"
        line = f"<path d='{line_path(edge.points)}' fill='none' stroke='{self.ink}' stroke-width='1.3'{tip}{dots}/>"
        if edge.label is None:
            return line
        x, y = edge.label
        shape = self.language.shape(edge.shape[1:])
        width = len(shape) * 12 * _WIDE + 6
        return (
            f"{line}<rect x='{_n(x - width / 2)}' y='{_n(y - 8)}' width='{_n(width)}' height='15' rx='3' "
            f"fill='{self.paper}'/>" + self.text(x, y + 4, shape, 12, anchor="middle")
        )

    def node(self, node: Node) -> str:
        """A box with what is written on it; its path stands in `data-path`."""
        path = node.row.path if node.row is not None else node.id
        name = "" if node.row is None else f"<title>{escape(node.row.path)}</title>"
        draw = {"inner": self.inner, "join": self.join, "layer": self.layer}.get(node.kind)
        shape = draw(node) if draw else self.heading(node) if node.open else self.folded(node)
        return f"<g data-path='{escape(path)}'>{name}{shape}</g>"

    def box(self, node: Node, fill: float, *, round: float = 6, quiet: bool = False) -> str:
        """The rectangle: tinted, marked where it is selected or cannot work."""
        chosen, broken = self.chosen(node), self.broken(node)
        stroke = self.ink if broken else self.colour
        width = 3 if chosen or broken else 1.3
        more = " stroke-dasharray='6 4'" if broken else " stroke-opacity='.55'" if quiet and not chosen else ""
        where = f"x='{_n(node.x)}' y='{_n(node.y)}' width='{_n(node.width)}' height='{_n(node.height)}' rx='{round}'"
        return (
            f"<rect {where} fill='{self.paper}'/><rect {where} fill='{self.colour}' fill-opacity='{fill}' "
            f"stroke='{stroke}' stroke-width='{width}'{more}/>"
        )

    def chosen(self, node: Node) -> bool:
        """Whether it is what is selected or stands inside it."""
        if self.selected is None or node.row is None:
            return False
        path = node.row.path
        return path == self.selected or (
            node.kind in ("inner", "join") and bool(self.selected) and path.startswith(f"{self.selected}.")
        )

    def broken(self, node: Node) -> bool:
        """Whether it is, or holds while it is folded, the layer that cannot work."""
        if self.failed is None:
            return False
        rows = [part.row for part in node.part.parts] if node.row is None else [node.row]
        holds = any(self.failed.startswith(f"{row.path}.") for row in rows)
        return any(self.failed == row.path for row in rows) or (holds and not node.open)

    def mark(self, node: Node) -> str:
        return "✕ " if self.broken(node) else ""

    def layer(self, node: Node) -> str:
        """A single layer in the column: what it does, and its name at the right."""
        assert node.row is not None
        name = title_of(node.part, self.language)
        label = self.mark(node) + short_label(node.row, self.language)
        room = node.width - 28 - len(name) * 12 * _WIDE
        tone = tone_of(node.row)
        return (
            self.box(node, {"weights": 0.2, "pool": 0.08}.get(tone, 0.0), quiet=tone == "quiet")
            + self.text(node.x + 10, node.y + 20, fitted(label, 13, room), 13)
            + self.text(node.x + node.width - 10, node.y + 20, name, 12, anchor="end", dim=True)
        )

    def inner(self, node: Node) -> str:
        """A layer inside a block."""
        assert node.row is not None
        label = fitted(self.mark(node) + short_label(node.row, self.language), 12, node.width - 4)
        tone = tone_of(node.row)
        middle = self.text(node.x + node.width / 2, node.y + 16, label, 12, anchor="middle")
        return self.box(node, {"weights": 0.2, "pool": 0.08}.get(tone, 0.0), round=4, quiet=tone == "quiet") + middle

    def join(self, node: Node) -> str:
        """A sum or a concatenation."""
        assert node.row is not None
        sign = self.mark(node) + short_label(node.row, self.language)
        size, drop = (18, 17) if sign == "+" else (13, 15.5)
        sign = self.text(node.x + node.width / 2, node.y + drop, sign, size, anchor="middle", bold=True)
        return self.box(node, 0.35, round=11) + sign

    def heading(self, node: Node) -> str:
        """The first line of an open part."""
        box = self.box(node, 0.16, round=8) if self.chosen(node) or self.broken(node) else ""
        return box + self.twisty(node) + self.line(node, node.y + 21, node.width - 34)

    def folded(self, node: Node) -> str:
        """A folded part: its name, what it is, what it costs, and what it does with its input."""
        form = glyph_of(node.part)
        room = node.width - 36 - (GLYPH_SIZE[0] + 8 if form else 0)
        behind = ""
        if node.kind == "repeat":
            behind = "".join(
                f"<path d='M{_n(node.x + 6 + d)} {_n(node.y + node.height + d)}H{_n(node.x + node.width + d)}"
                f"V{_n(node.y + 6 + d)}' fill='none' stroke='{self.colour}' stroke-opacity='.6' stroke-width='1.3'/>"
                for d in (2.5, 5)
            )
        share = share_of(node.part, self.report.parameters)
        shapes = [behind, self.box(node, 0.04), self.bar(node, share), self.twisty(node)]
        shapes.append(self.line(node, node.y + 21, room))
        cost = fitted(cost_of(node.part, self.language), 12, room)
        shapes.append(self.text(node.x + 26, node.y + 39, cost, 12, dim=True))
        if form:
            x, y = node.x + node.width - GLYPH_SIZE[0] - 8, node.y + (node.height - GLYPH_SIZE[1]) / 2
            shapes.append(
                f"<path d='{GLYPHS[form]}' transform='translate({_n(x)} {_n(y)})' fill='none' "
                f"stroke='{self.ink}' stroke-width='1.3'/>"
            )
        return "".join(shapes)

    def bar(self, node: Node, share: float) -> str:
        """The share of the network's parameters, along the lower edge."""
        width = max(0.0, (node.width - 12) * share)
        if width < 1:
            return ""
        return (
            f"<rect x='{_n(node.x + 6)}' y='{_n(node.y + node.height - 5)}' width='{_n(width)}' height='3' rx='1.5' "
            f"fill='{self.colour}'/>"
        )

    def line(self, node: Node, y: float, room: float) -> str:
        """Name and what it is, one after the other, and how often."""
        times = f"×{len(node.part.parts)} " if node.kind == "repeat" else ""
        name = self.mark(node) + times + title_of(node.part, self.language)
        name = fitted(name, 14, room)
        left = room - len(name) * 14 * 0.6 - 8
        detail = fitted(detail_of(node.part, self.language), 12, left) if left > 24 else ""
        return (
            f"<text x='{_n(node.x + 26)}' y='{_n(y)}' font-size='14' font-weight='600' fill='{self.ink}'>{escape(name)}"
            f"<tspan dx='8' font-size='12' font-weight='400'>{escape(detail)}</tspan></text>"
        )

    def twisty(self, node: Node) -> str:
        """The triangle that says whether it is open."""
        x, y = _n(node.x + 10), _n(node.y + 16)
        turn = "m0 -2l9 0l-4.500 6z" if node.open else "m1 -5l6 4.500l-6 4.500z"
        return f"<path d='M{x} {y}{turn}' fill='{self.ink}'/>"
