"""Where everything of a network's diagram stands: one layout, drawn by the SVG and by the page's component alike.

A block with branches is laid out once, as a `Piece`; everything else stands in a column, one below the other. So
folding and unfolding only moves what is below, and a browser can do it by stacking the pieces that it was given.
Units are px; y grows downwards.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from cnnviz.figures.diagram_structure import Branches, Flow, Kind, Part, stages_of, structure, walk
from cnnviz.rows import LayerRow, Report, Shape

WIDTH: Final = 340  # a third of a laptop's page, and a phone
INSET: Final = 6  # of what stands inside an open part
LAYER: Final = 30  # height of a single layer in the column
FOLDED: Final = 50  # of a folded part: two lines
HEAD: Final = 32  # of an open part's heading
SHORT: Final = 14  # an arrow
LONG: Final = 28  # an arrow with a shape on it
INNER: Final = 24  # a layer inside a block
JOIN: Final = 22
_LANE: Final = 72  # narrowest lane: a shape fits on its line
_APART: Final = 4
_WIDEST: Final = 150  # of a layer inside a block
_BUS: Final = 8  # from where lanes part to the bend

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Node:
    """A box.

    Attributes:
        id: of its part, or the path of a layer inside a block.
        kind: of its part; "inner" and "join" inside blocks.
        row: what it stands for; None for a repeat.
        x, y, width, height: its place; of an open part, its heading's.
        level: 1 for a stage, 2 for what is inside, and so on.
        part: its part; of a layer inside a block, the block.
        open: whether it is unfolded.
    """

    id: str
    kind: Kind | Literal["inner", "join"]
    row: LayerRow | None
    x: float
    y: float
    width: float
    height: float
    level: int
    part: Part
    open: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """What flows from one box to the next.

    Attributes:
        source, target: ids of nodes; "" is what is outside: the network's input or output, or the block around a piece.
        shape: of what leaves the source, batch included.
        points: the corners of its line.
        label: where its shape is written, the text's middle; None where it is the same as before.
        arrow: whether it ends in a point: into a box, not into the frame around it.
        known: False where only the order of execution is known.
    """

    source: str
    target: str
    shape: Shape
    points: tuple[Point, ...]
    label: Point | None = None
    arrow: bool = True
    known: bool = True


@dataclass(frozen=True, slots=True)
class Frame:
    """The border around an open part."""

    id: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Piece:
    """The inside of a block, measured from its top left corner."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    height: float


@dataclass(frozen=True, slots=True)
class Diagram:
    """A laid-out network; `size` is (width, height)."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    frames: tuple[Frame, ...]
    size: tuple[float, float]


def layout(report: Report, open: frozenset[str]) -> Diagram:
    """Where everything stands.

    Args:
        report: the network taken apart.
        open: ids of the parts that are unfolded; see `every_id` and `default_open`.
    """
    root = structure(report)
    return layout_of(root, open)


def layout_of(root: Part, open: frozenset[str]) -> Diagram:
    """The layout of a structure that is already there."""
    column = _Column(open)
    width = width_of(root)
    stages = stages_of(root)
    bottom = column.stack(stages, 0, 0, width, 1, ("", root.row.input_shape, LONG), root.known)
    last = stages[-1]
    middle = width / 2
    line = ((middle, bottom), (middle, bottom + LONG))
    column.edges.append(Edge(last.id, "", last.output_shape, line, (middle, bottom + LONG / 2 - 2)))
    return Diagram(tuple(column.nodes), tuple(column.edges), tuple(column.frames), (width, bottom + LONG))


def every_id(root: Part) -> frozenset[str]:
    """The ids of everything that can be unfolded."""
    return frozenset(part.id for stage in stages_of(root) for part in walk(stage) if part.foldable)


def default_open(root: Part, layers: int = 16) -> frozenset[str]:
    """What is unfolded at first: everything in a network as small as LeNet, nothing in any other."""
    single = sum(part.kind == "layer" for part in walk(root))
    return every_id(root) if single <= layers and not any(part.flow for part in walk(root)) else frozenset()


def width_of(root: Part) -> float:
    """The width of the diagram: the usual one, or what its widest block needs."""
    widest = max((_depth_inset(level) + _need(part.flow) for part, level in _levels(root, 0) if part.flow), default=0)
    return max(WIDTH, widest)


def _levels(part: Part, level: int) -> Iterator[tuple[Part, int]]:
    yield part, level
    for inner in part.parts:
        yield from _levels(inner, level + 1)


def _depth_inset(level: int) -> float:
    return 2 * INSET * level


def inner_width(width: float) -> float:
    """What remains for the inside of an open part of some width."""
    return width - 2 * INSET


class _Column:
    """Collects what stands in columns."""

    def __init__(self, open: frozenset[str]) -> None:
        self.open = open
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.frames: list[Frame] = []

    def stack(
        self,
        parts: Sequence[Part],
        x: float,
        y: float,
        width: float,
        level: int,
        arriving: tuple[str, Shape, float],
        known: bool,
    ) -> float:
        """Parts one below the other; returns where the last one ends."""
        source, shape, gap = arriving
        middle = x + width / 2
        for part in parts:
            label = (middle, y + gap / 2 - 2) if gap == LONG else None
            self.edges.append(Edge(source, part.id, shape, ((middle, y), (middle, y + gap)), label, known, known))
            y = self.put(part, x, y + gap, width, level)
            source, shape, gap = part.id, part.output_shape, gap_after(part)
        return y

    def put(self, part: Part, x: float, y: float, width: float, level: int) -> float:
        """One part; returns where it ends."""
        row = None if part.kind == "repeat" else part.row
        if not part.foldable or part.id not in self.open:
            height = FOLDED if part.foldable else LAYER
            self.nodes.append(Node(part.id, part.kind, row, x, y, width, height, level, part))
            return y + height
        self.nodes.append(Node(part.id, part.kind, row, x, y, width, HEAD, level, part, open=True))
        inside = (x + INSET, y + HEAD, inner_width(width))
        if part.flow:
            bottom = self.insert(part, *inside, level + 1)
        else:
            start = (part.id, part.row.input_shape, SHORT)
            bottom = self.stack(part.parts, *inside, level + 1, start, part.known)
            middle, last = x + width / 2, part.parts[-1]
            line = ((middle, bottom), (middle, bottom + SHORT))
            self.edges.append(Edge(last.id, part.id, last.output_shape, line, None, False, part.known))
            bottom += SHORT
        self.frames.append(Frame(part.id, x, y, width, bottom - y))
        return bottom

    def insert(self, block: Part, x: float, y: float, width: float, level: int) -> float:
        """The inside of a block, moved to its place."""
        drawn = piece(block, width)
        for node in drawn.nodes:
            self.nodes.append(replace(node, x=node.x + x, y=node.y + y, level=level))
        for edge in drawn.edges:
            self.edges.append(
                replace(
                    edge,
                    source=edge.source or block.id,
                    target=edge.target or block.id,
                    points=tuple((a + x, b + y) for a, b in edge.points),
                    label=(edge.label[0] + x, edge.label[1] + y) if edge.label else None,
                )
            )
        return y + drawn.height


def gap_after(part: Part) -> float:
    """The length of the arrow behind a part: long where a new shape is written on it."""
    return LONG if part.output_shape != part.row.input_shape else SHORT


# The inside of a block -------------------------------------------------------------------------------------------


def piece(block: Part, width: float) -> Piece:
    """The inside of a block, its lanes side by side."""
    drawing = _Lanes(block)
    end = drawing.run(block.flow, width / 2, 0, width, _Pen("", block.row.input_shape))
    drawing.finish(end)
    return Piece(tuple(drawing.nodes), tuple(drawing.edges), end.y + SHORT)


@dataclass(frozen=True, slots=True)
class _Pen:
    """Where a line has come to: who it comes from, what flows on it, its corners so far."""

    source: str
    shape: Shape
    points: tuple[Point, ...] = ()
    changed: bool = False

    @property
    def y(self) -> float:
        return self.points[-1][1]


class _Lanes:
    """Collects what stands inside a block."""

    def __init__(self, block: Part) -> None:
        self.block = block
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []

    def run(self, flow: Flow, x: float, y: float, width: float, pen: _Pen) -> _Pen:
        """Layers one below the other around the axis `x`; returns the line that leaves the last one."""
        if not pen.points:
            pen = replace(pen, points=((x, y),))
        for step in flow:
            pen = (
                self.branch(step, x, width, pen) if isinstance(step, Branches) else self.layer(step.row, x, width, pen)
            )
        return pen

    def layer(self, row: LayerRow, x: float, width: float, pen: _Pen) -> _Pen:
        top = pen.y + (LONG if pen.changed else SHORT)
        self.line(pen, row.path, (x, top), (x, (pen.y + top) / 2 - 2) if pen.changed else None)
        box = min(width, _WIDEST)
        self.nodes.append(Node(row.path, "inner", row, x - box / 2, top, box, INNER, 0, self.block))
        return _Pen(row.path, row.output_shape, ((x, top + INNER),), row.output_shape != row.input_shape)

    def branch(self, branches: Branches, x: float, width: float, pen: _Pen) -> _Pen:
        bend = pen.y + _BUS
        ends: list[tuple[float, _Pen]] = []
        for lane, (left, lane_width) in zip(branches.lanes, _places(branches.lanes, x, width), strict=True):
            axis = left + lane_width / 2
            start = _Pen(pen.source, pen.shape, (*pen.points, (x, bend), (axis, bend)))
            ends.append((axis, self.run(lane, axis, bend, lane_width, start)))
        bus = max(end.y for _axis, end in ends) + LONG
        join, top = branches.join, bus + _BUS + 4
        for axis, end in ends:
            line = replace(end, points=(*end.points, (axis, bus), (x, bus)))
            self.line(line, join.path, (x, top), (axis, bus - 14))
        box = 44.0
        self.nodes.append(Node(join.path, "join", join, x - box / 2, top, box, JOIN, 0, self.block))
        changed = join.output_shape != ends[0][1].shape
        return _Pen(join.path, join.output_shape, ((x, top + JOIN),), changed)

    def line(self, pen: _Pen, target: str, end: Point, label: Point | None) -> None:
        self.edges.append(Edge(pen.source, target, pen.shape, _straight((*pen.points, end)), label))

    def finish(self, pen: _Pen) -> None:
        end = (pen.points[-1][0], pen.y + SHORT)
        self.edges.append(Edge(pen.source, "", pen.shape, _straight((*pen.points, end)), None, arrow=False))


def _straight(points: Sequence[Point]) -> tuple[Point, ...]:
    """Corners only: points that repeat or lie on a straight line between their neighbours are left out."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and _in_line(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _in_line(first: Point, middle: Point, last: Point) -> bool:
    return first[0] == middle[0] == last[0] or first[1] == middle[1] == last[1]


def _need(flow: Flow) -> float:
    """The least width of a lane."""
    return max((_needs(step.lanes) for step in flow if isinstance(step, Branches)), default=float(_LANE))


def _needs(lanes: Sequence[Flow]) -> float:
    return sum(map(_need, lanes)) + _APART * (len(lanes) - 1)


def _places(lanes: Sequence[Flow], x: float, width: float) -> Iterator[tuple[float, float]]:
    """Left edge and width of each lane; what is left over goes to the lanes that have layers."""
    filled = sum(map(bool, lanes)) or 1
    spare = max(0.0, width - _needs(lanes)) / filled
    widths = [_need(lane) + (spare if lane else 0) for lane in lanes]
    left = x - (sum(widths) + _APART * (len(lanes) - 1)) / 2
    for lane_width in widths:
        yield left, lane_width
        left += lane_width + _APART
