"""Report rows: what `inspect` finds out about a network, as plain data that needs no torch to be drawn.

Conventions, the same everywhere: shapes include the batch; MACs are multiply-accumulates of convolutions, dense layers
and attention's matrix products for ONE image (1 MAC = 2 FLOPs); bytes are for the whole batch; parameters count each
shared weight once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer of the tree, containers and functional operations included, in the order of execution.

    Attributes:
        path: dotted name inside the network, "" for the network itself.
        type: the module's class name.
        depth: 0 for the network, 1 for its stages, and so on.
        leaf: whether it has no children of its own.
        input_shape: shape of its first tensor input, batch included.
        output_shape: shape of its first tensor output.
        parameters: parameters of the module and everything in it, each shared weight once.
        macs: multiply-accumulates of the module and everything in it, for one image.
        output_bytes: bytes of its output, for the batch.
        saved_bytes: bytes that autograd keeps inside it for the backward pass of the batch, each storage counted once.
        receptive_field: pixels of the input (height, width) that one output position sees; None where it is not a
            place any more (dense layers, whole-image operations).
        jump: distance in input pixels between two neighbouring output positions; None as above.
        field_start: pixel of the input (row, column) at which the first output position's receptive field begins;
            negative where it begins in the padding; None as above.
        kernel, stride, padding, dilation: of convolutions and poolings, as (height, width); None elsewhere.
        groups: of convolutions; None elsewhere.
        formula: the numbers that its formulas need (c_in, c_out, k_h, k_w, h_out, w_out, bias, …).
        calls: how often it ran in one forward pass (shared modules run more than once).
        functional: whether it is an operation without a module, such as `x + y` in a network's own code. Its path is
            that of the module around it and its name with a number ("layer1.0.add_1"); it has no parameters, since the
            weights that it may use belong to a module.
    """

    path: str
    type: str
    depth: int
    leaf: bool
    input_shape: Shape
    output_shape: Shape
    parameters: int
    macs: int
    output_bytes: int
    saved_bytes: int
    receptive_field: tuple[int, int] | None = None
    jump: tuple[int, int] | None = None
    kernel: tuple[int, int] | None = None
    stride: tuple[int, int] | None = None
    padding: tuple[int, int] | None = None
    dilation: tuple[int, int] | None = None
    groups: int | None = None
    formula: Mapping[str, int | float | str] = field(default_factory=dict)
    calls: int = 1
    functional: bool = False
    field_start: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def parent(self) -> str:
        """The path of the module around it; "" for stages and for the network itself."""
        return self.path.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Report:
    """A network taken apart: the rows of its tree and the totals that follow from them."""

    input_shape: Shape
    layers: tuple[LayerRow, ...]
    weight_bytes: int

    @property
    def root(self) -> LayerRow:
        """The row of the network itself."""
        return self.layers[0]

    @property
    def stages(self) -> tuple[LayerRow, ...]:
        """The network's direct children, which in the project's networks are the chapter's stages."""
        return tuple(row for row in self.layers if row.depth == 1)

    @property
    def leaves(self) -> tuple[LayerRow, ...]:
        """The rows of single layers."""
        return tuple(row for row in self.layers if row.leaf)

    @property
    def parameters(self) -> int:
        """Parameters of the network, each shared weight once."""
        return self.root.parameters

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        return self.root.macs

    @property
    def saved_bytes(self) -> int:
        """Bytes that autograd keeps for the backward pass of the batch, each storage once."""
        return self.root.saved_bytes

    @property
    def output_shape(self) -> Shape:
        """Shape of the network's output, batch included."""
        return self.root.output_shape

    def row(self, path: str) -> LayerRow | None:
        """The row at a path, or None."""
        return next((row for row in self.layers if row.path == path), None)

    def children(self, path: str) -> Iterator[LayerRow]:
        """The rows directly inside the module at `path`."""
        depth = path.count(".") + 2 if path else 1
        prefix = f"{path}." if path else ""
        return (row for row in self.layers if row.depth == depth and row.path.startswith(prefix))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: the totals first, then the rows."""
        return {
            "input_shape": list(self.input_shape),
            "output_shape": list(self.output_shape),
            "parameters": self.parameters,
            "macs": self.macs,
            "weight_bytes": self.weight_bytes,
            "saved_bytes": self.saved_bytes,
            "layers": [asdict(row) for row in self.layers],
        }

    def to_frame(self) -> "pandas.DataFrame":
        """One line per row, for notebooks and CSV."""
        import pandas

        return pandas.DataFrame([asdict(row) for row in self.layers])
