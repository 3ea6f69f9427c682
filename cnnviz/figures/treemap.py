"""Where a network's weights are and where its work is done: two treemaps on one hierarchy.

Each rectangle is a module; its area is its share. A stage has the same colour in both, so that a stage that holds the
weights and does little of the work is seen at once. No torch, no streamlit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cnnviz.language import Language
from cnnviz.rows import LayerRow, Report

# Okabe and Ito's colours for all kinds of colour vision (jfly.uni-koeln.de/color), in an order in which
# neighbours differ in lightness too.
COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#8a8f98")
WIDTH: Final = 560.0
"""px of a treemap on a wide screen; narrower ones squeeze it."""
HEIGHT: Final = 320.0
"""px of a treemap."""
_SMALLEST: Final = 0.004  # of the whole: smaller ones cannot be seen
_HEAD: Final = 22.0  # px for the name of a module that holds others
_PAD: Final = 3.0  # px around them
_MOST: Final = 0.5

Box = tuple[float, float, float, float]
"""Left, top, width and height in px."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One module's rectangle.

    Attributes:
        path: as in the report's rows.
        name: what is written on it.
        value: parameters or MACs, those of everything in it included.
        share: of the network's, from 0 to 1.
        box: where it lies, in px of a treemap of `WIDTH` × `HEIGHT`.
        colour: of its stage.
    """

    path: str
    name: str
    value: int
    share: float
    box: Box
    colour: str


@dataclass(frozen=True, slots=True)
class Treemap:
    """The rectangles of one figure, parents before what is in them; `total` is the network's."""

    title: str
    total: int
    tiles: tuple[Tile, ...]


def stage_colours(report: Report) -> Mapping[str, str]:
    """The colour of every stage that costs something, by its path."""
    paid = [row.path for row in report.stages if row.parameters or row.macs]
    return {path: COLOURS[index % len(COLOURS)] for index, path in enumerate(paid)}


def treemaps(report: Report, _: Language) -> tuple[Treemap, Treemap]:
    """Parameters and MACs as two treemaps.

    Args:
        report: the network taken apart.
        _: the reader's language.
    """
    return (
        _treemap(report, _("Parameters"), lambda row: row.parameters),
        _treemap(report, _("MACs per picture"), lambda row: row.macs),
    )


def squarified(areas: Sequence[float], box: Box) -> list[Box]:
    """Rectangles of given areas that fill a box, each as near to a square as its neighbours allow.

    The algorithm of Bruls, Huizing and van Wijk, "Squarified treemaps" (2000): rows along the shorter side, each as
    long as that makes its worst rectangle squarer.

    Args:
        areas: more than 0 each, of any scale: only their shares count.
        box: what they fill.

    Returns:
        A rectangle for each area, in the order of the areas.
    """
    left, top, width, height = box
    scale = width * height / sum(areas) if areas else 0.0
    order = sorted(range(len(areas)), key=lambda index: -areas[index])
    found: list[Box] = [box] * len(areas)
    while order:
        side = min(width, height)
        count = 1
        while count < len(order) and _worst([areas[index] * scale for index in order[: count + 1]], side) <= _worst(
            [areas[index] * scale for index in order[:count]], side
        ):
            count += 1
        row, order = order[:count], order[count:]
        depth = sum(areas[index] for index in row) * scale / side if side else 0.0
        along = 0.0
        for index in row:
            length = areas[index] * scale / depth if depth else 0.0
            if width >= height:
                found[index] = (left, top + along, depth, length)
            else:
                found[index] = (left + along, top, length, depth)
            along += length
        if width >= height:
            left, width = left + depth, width - depth
        else:
            top, height = top + depth, height - depth
    return found


def _worst(areas: Sequence[float], side: float) -> float:
    """The largest ratio of long to short side among rectangles stacked along a side."""
    total = sum(areas)
    if not total or not side:
        return float("inf")
    return max(side**2 * max(areas) / total**2, total**2 / (side**2 * min(areas))) if min(areas) else float("inf")


def _treemap(report: Report, title: str, value: Callable[[LayerRow], int]) -> Treemap:
    total = value(report.root)
    alone = _alone(report)
    rows = [row for row in report.layers[1:] if total and value(row) / total >= _SMALLEST and row.path not in alone]
    known = {row.path for row in rows}
    colours = stage_colours(report)
    inside: dict[str, list[LayerRow]] = {}
    for row in rows:
        inside.setdefault(row.parent if row.parent in known else "", []).append(row)

    def tiles(parent: str, amount: int, box: Box) -> Iterator[Tile]:
        children = inside.get(parent, [])
        left_over = amount - sum(map(value, children))  # too small to be drawn, but it keeps its place
        areas = [float(value(row)) for row in children] + ([float(left_over)] if left_over > 0 else [])
        for row, place in zip(children, squarified(areas, box), strict=False):
            colour = colours.get(row.path.partition(".")[0], COLOURS[-1])
            yield Tile(row.path, row.name or row.type, value(row), value(row) / total, place, colour)
            if row.path in inside:
                yield from tiles(row.path, value(row), _inner(place))

    return Treemap(title, total, tuple(tiles("", total, (0.0, 0.0, WIDTH, HEIGHT))))


def _inner(box: Box) -> Box:
    """What is left of a module's rectangle for those in it."""
    left, top, width, height = box
    head = min(_HEAD, height / 3)
    pad = min(_PAD, width / 8)
    return left + pad, top + head, width - 2 * pad, height - head - min(_PAD, height / 8)


def _alone(report: Report) -> frozenset[str]:
    """Layers that have the whole cost of what is around them: drawn, they would only repeat it."""
    paid: dict[str, list[LayerRow]] = {}
    for row in report.layers[1:]:
        if row.parent and (row.parameters or row.macs):
            paid.setdefault(row.parent, []).append(row)
    return frozenset(rows[0].path for rows in paid.values() if len(rows) == 1 and rows[0].leaf)


def share_text(value: int, total: int, _: Language) -> str:
    """A share in percent; a small one is not nothing."""
    share = value / total if total else 0.0
    return f"< {_.percent(0.01)}" if 0 < share < 0.005 else _.percent(share)


def describe_treemaps(report: Report, _: Language) -> str:
    """What the two treemaps show, as a sentence that states the lesson, and then the stages' shares."""
    if not report.parameters or not report.macs:
        return _("This network has nothing to learn.")
    stages = [row for row in report.stages or (report.root,) if row.parameters or row.macs]
    each = "; ".join(
        _(
            "{title}: {parameters} of the parameters, {macs} of the MACs",
            title=row.name or row.type,
            parameters=share_text(row.parameters, report.parameters, _),
            macs=share_text(row.macs, report.macs, _),
        )
        for row in stages
    )
    return f"{_lesson(report, stages, _)} {each}."


def _lesson(report: Report, stages: list[LayerRow], _: Language) -> str:
    dense = [row for row in report.leaves if row.formula.get("kind") == "dense"]
    weights = sum(row.parameters for row in dense) / report.parameters
    if _MOST <= weights <= 1:
        return _(
            "The dense layers hold {weights} of the weights and do {work} of the work.",
            weights=_.percent(weights),
            work=_.percent(sum(row.macs for row in dense) / report.macs),
        )
    heavy, busy = max(stages, key=lambda row: row.parameters), max(stages, key=lambda row: row.macs)
    return (
        _(
            "{heavy} holds the most weights, {weights}, but {busy} does the most work, {work}.",
            heavy=heavy.name or heavy.type,
            weights=_.percent(heavy.parameters / report.parameters),
            busy=busy.name or busy.type,
            work=_.percent(busy.macs / report.macs),
        )
        if heavy.path != busy.path
        else _(
            "{stage} holds {weights} of the weights and does {work} of the work, more than any other stage.",
            stage=heavy.name or heavy.type,
            weights=_.percent(heavy.parameters / report.parameters),
            work=_.percent(busy.macs / report.macs),
        )
    )
