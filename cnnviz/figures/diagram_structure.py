"""What a network is made of as its diagram draws it, from the rows of its report alone: no torch.

The project's own networks say with modules where paths meet (`Add`, `Concatenate`), so their branches, shortcuts and
concatenations follow from the rows. Of any other network only the tree and the order of execution are known; its parts
say so (`known` is False) and nobody draws an arrow that may not be there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from cnnviz.rows import LayerRow, Report, Shape

Kind = Literal["layer", "chain", "block", "repeat"]
Form = Literal["plain", "residual", "projection", "inception", "dense"]

JOINS: Final = frozenset({"Add", "Concatenate"})
_OWN: Final = frozenset({"Network", "LoneBlock"})  # the root of every network of the project
_BLOCKS: Final = frozenset({"ResidualBlock", "BottleneckBlock", "ResNeXtBlock", "InceptionBlock", "DenseLayer"})
_CHAINS: Final = frozenset({"Sequential", "Conv2dNormActivation", "ConvNormActivation"})
_FEWEST: Final = {"block": 2, "chain": 3}  # how many equal neighbours become one "×N"


@dataclass(frozen=True, slots=True)
class Layer:
    """A single layer inside a block."""

    row: LayerRow


@dataclass(frozen=True, slots=True)
class Branches:
    """Lanes that leave one point and meet in a join; an empty lane is the input itself."""

    lanes: tuple["Flow", ...]
    join: LayerRow


Flow = tuple[Layer | Branches, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Something that stands in the diagram, folded or open.

    Attributes:
        id: its path; for a repeat the first path, "*" and how many there are.
        kind: a single layer, a chain of parts, a block that is drawn as a whole, or several equal neighbours.
        row: the row; of the first one for a repeat.
        parts: what stands inside, one after another.
        flow: the inside of a block, layer by layer.
        form: what joins there are in a block.
        known: whether the parts inside are known to feed each other in this order.
    """

    id: str
    kind: Kind
    row: LayerRow
    parts: tuple["Part", ...] = ()
    flow: Flow = ()
    form: Form = "plain"
    known: bool = True

    @property
    def foldable(self) -> bool:
        """Whether it has an inside."""
        return self.kind != "layer"

    @property
    def output_shape(self) -> Shape:
        """The shape that leaves it."""
        return self.parts[-1].output_shape if self.kind == "repeat" else self.row.output_shape


def structure(report: Report) -> Part:
    """The network as a part; its own parts are the stages."""
    children: dict[str, list[LayerRow]] = {}
    for row in report.layers[1:]:
        children.setdefault(row.parent, []).append(row)
    return _part(report.root, children, own=report.root.type in _OWN)


def stages_of(root: Part) -> tuple[Part, ...]:
    """What stands in the outermost column: the network's stages, or a network of a single layer itself."""
    return root.parts or (root,)


def walk(part: Part) -> Iterator[Part]:
    """A part and everything foldable or single inside it, outside in."""
    yield part
    for inner in part.parts:
        yield from walk(inner)


def layers_of(flow: Flow) -> Iterator[LayerRow]:
    """Every layer of a block's inside, joins included, each lane from top to bottom."""
    for step in flow:
        if isinstance(step, Layer):
            yield step.row
        else:
            for lane in step.lanes:
                yield from layers_of(lane)
            yield step.join


def layers_in(part: Part) -> Iterator[LayerRow]:
    """Every single layer of a part, in order."""
    for inner in walk(part):
        if inner.kind == "layer":
            yield inner.row
        yield from layers_of(inner.flow)


def blocks_of(part: Part) -> Iterator[Part]:
    """The blocks with branches, shortcuts or concatenations, in order."""
    return (inner for inner in walk(part) if inner.kind == "block" and inner.form != "plain")


def lanes_of(block: Part) -> tuple[Flow, ...]:
    """The lanes that meet in a block's last join; () if there is none."""
    joins = [step for step in block.flow if isinstance(step, Branches)]
    return joins[-1].lanes if joins else ()


def ancestors(root: Part, path: str) -> tuple[str, ...]:
    """The ids to open until a path is seen, outside in; () if it is seen anyway or not there at all."""
    for part in root.parts:
        if part.kind != "repeat" and part.row.path == path:
            return ()
        inside = any(_holds(member, path) for member in (part.parts if part.kind == "repeat" else (part,)))
        if inside:
            return (part.id, *ancestors(part, path))
    return ()


def _holds(part: Part, path: str) -> bool:
    return path == part.row.path or path.startswith(f"{part.row.path}.")


def _part(row: LayerRow, children: dict[str, list[LayerRow]], own: bool) -> Part:
    rows = children.get(row.path, [])
    if not rows:
        return Part(row.path, "layer", row)
    if own and row.type in _BLOCKS:
        flow = _flow(rows, children)
        return Part(row.path, "block", row, flow=flow, form=_form(row, flow))
    parts = _grouped([_part(child, children, own) for child in rows])
    return Part(row.path, "chain", row, parts, known=own or _follow(row, rows))


def _follow(row: LayerRow, rows: Sequence[LayerRow]) -> bool:
    """Whether children feed each other: a sequential container, and every shape fits."""
    fits = all(first.output_shape == second.input_shape for first, second in pairwise(rows))
    return row.type in _CHAINS and fits and rows[0].input_shape == row.input_shape


def _flow(rows: Sequence[LayerRow], children: dict[str, list[LayerRow]]) -> Flow:
    """The inside of a block of the project.

    Every child before the last join is a lane of its own that begins at the block's input. A join takes the lanes that
    wait and, where it has one input more, what came before: the result of the join before it, or the block's input.
    """
    last = max((index for index, row in enumerate(rows) if row.type in JOINS), default=-1)
    value: Flow = ()
    waiting: list[Flow] = []
    for index, row in enumerate(rows):
        if row.type in JOINS:
            lanes = [value, *waiting] if _inputs(row) > len(waiting) else list(waiting)
            if row.type == "Add" and not value:
                lanes.sort(key=len, reverse=True)  # an empty lane, the input itself, stands at the side
            value = (Branches(tuple(lanes), row),)
            waiting = []
        elif index < last:
            waiting.append(_flat(row, children))
        else:
            value = (*value, *_flat(row, children))
    return value


def _inputs(join: LayerRow) -> int:
    """How many tensors meet."""
    if join.formula.get("kind") == "concatenation":
        return len(str(join.formula["parts"]).split(" + "))
    return int(join.formula.get("terms", 2))


def _flat(row: LayerRow, children: dict[str, list[LayerRow]]) -> Flow:
    """The layers of a chain inside a block."""
    rows = children.get(row.path, [])
    return tuple(step for child in rows for step in _flat(child, children)) if rows else (Layer(row),)


def _form(row: LayerRow, flow: Flow) -> Form:
    if not any(isinstance(step, Branches) for step in flow):
        return "plain"
    if row.type == "InceptionBlock":
        return "inception"
    if row.type == "DenseLayer":
        return "dense"
    weighs = any(inner.kernel for lane in lanes_of(Part("", "block", row, flow=flow))[1:] for inner in layers_of(lane))
    return "projection" if weighs else "residual"


def _grouped(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Neighbours that are built alike become one repeat."""
    groups: list[list[Part]] = []
    signatures: list[object] = []
    for part in parts:
        signature = _signature(part)
        if groups and signature is not None and signature == signatures[-1]:
            groups[-1].append(part)
        else:
            groups.append([part])
            signatures.append(signature)
    made: list[Part] = []
    for group in groups:
        first = group[0]
        if len(group) < _FEWEST.get(first.kind, 2):
            made += group
        else:
            made.append(Part(f"{first.id}*{len(group)}", "repeat", first.row, tuple(group), form=first.form))
    return tuple(made)


def _signature(part: Part) -> object:
    """What two parts must share to count as the same; None for single layers, which are never grouped.

    Channels count only where a layer chooses them: batch norms of a dense block grow with their input.
    """
    if part.kind == "layer":
        return None
    layers = tuple(
        (row.type, row.kernel, row.stride, row.padding, row.dilation, row.groups, row.calls, _width(row))
        for row in layers_in(part)
    )
    return part.row.type, part.form, layers


def _width(row: LayerRow) -> int | None:
    chosen = row.formula.get("kind") in ("convolution", "dense")
    return row.output_shape[1] if chosen and len(row.output_shape) > 1 else None
