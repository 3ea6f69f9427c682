"""The formulas of a layer with its own numbers filled in, from its row alone: no torch.

Convolution: (k_h·k_w·c_in/g + 1)·c_out parameters, h_out·w_out·k_h·k_w·(c_in/g)·c_out multiply-accumulates, output size
⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1, receptive field r + d(k − 1)·j and jump j·s. A formula whose value is not the row's own
(a layer that runs several times on different sizes, say) is left out, so that none can be shown wrong.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from cnnviz.language import N_
from cnnviz.rows import LayerRow

PARAMETERS: Final = N_("Parameters")
MACS: Final = N_("MACs")
SIZE: Final = N_("Output size")
SIZES: Final = N_("Output height"), N_("Output width")
CHANNELS: Final = N_("Output channels")
UNITS: Final = N_("Output units")
VALUES: Final = N_("Values added")
RECEPTIVE_FIELD: Final = N_("Receptive field")
RECEPTIVE_FIELDS: Final = N_("Height of the receptive field"), N_("Width of the receptive field")
JUMP: Final = N_("Distance between neighbours in the input")
JUMPS: Final = N_("Distance between rows in the input"), N_("Distance between columns in the input")


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula of one layer.

    Attributes:
        name: what it computes (English message of the catalogue).
        symbols: the formula as the chapter writes it.
        expression: the same with the layer's numbers.
        value: what comes out.
        unit: "px", or "" for counts.
    """

    name: str
    symbols: str
    expression: str
    value: int
    unit: str = ""

    @property
    def text(self) -> str:
        """(5·5·1 + 1)·6 = 156."""
        return f"{self.expression} = {self.value}" + (f" {self.unit}" if self.unit else "")


def formulas(row: LayerRow) -> tuple[Formula, ...]:
    """The formulas of a layer, in the order parameters, MACs, output size, receptive field; () where there are none."""
    make = _KINDS.get(str(row.formula.get("kind")))
    return tuple(make(row, dict(row.formula))) if make and row.calls else ()


def _kept(formula: Formula, truth: int) -> Iterator[Formula]:
    if formula.value == truth:
        yield formula


def _plus_bias(weights: str, bias: int) -> str:
    return f"({weights} + 1)" if bias else weights


def _runs(row: LayerRow) -> tuple[str, str]:
    """The factor for a layer that runs more than once in a forward pass."""
    return ("·n", f"·{row.calls}") if row.calls > 1 else ("", "")


def _convolution(row: LayerRow, n: dict[str, Any]) -> Iterator[Formula]:
    groups, bias = n["groups"], n["bias"]
    per_group, group = (f"{n['c_in']}/{groups}", "c_in/g") if groups > 1 else (f"{n['c_in']}", "c_in")
    kernel = f"{n['k_h']}·{n['k_w']}"
    weights = n["k_h"] * n["k_w"] * (n["c_in"] // groups)
    yield from _kept(
        Formula(
            PARAMETERS,
            f"{_plus_bias(f'k_h·k_w·{group}', bias)}·c_out",
            f"{_plus_bias(f'{kernel}·{per_group}', bias)}·{n['c_out']}",
            (weights + bias) * n["c_out"],
        ),
        row.parameters,
    )
    symbol, times = _runs(row)
    inside = (f"({group})", f"({per_group})") if groups > 1 else (group, per_group)
    yield from _kept(
        Formula(
            MACS,
            f"h_out·w_out·k_h·k_w·{inside[0]}·c_out{symbol}",
            f"{n['h_out']}·{n['w_out']}·{kernel}·{inside[1]}·{n['c_out']}{times}",
            n["h_out"] * n["w_out"] * weights * n["c_out"] * row.calls,
        ),
        row.macs,
    )
    yield from _window(row, n)


def _pooling(row: LayerRow, n: dict[str, Any]) -> Iterator[Formula]:
    yield from _window(row, n)


def _window(row: LayerRow, n: dict[str, Any]) -> Iterator[Formula]:
    """Output size and receptive field, once where height and width are the same."""
    square = all(n[f"{name}_h"] == n[f"{name}_w"] for name in ("k", "s", "p", "d"))
    same = square and n["h_in"] == n["w_in"]
    for side, name in zip("hw", (SIZE,) if same else SIZES, strict=False):
        yield from _kept(_size(n, side, name), n[f"{side}_out"])
    if row.receptive_field is None or row.jump is None or "r_h" not in n:
        return
    same = square and n["r_h"] == n["r_w"] and n["j_h"] == n["j_w"]
    for index, side in enumerate("h" if same else "hw"):
        seen = _field(n, side, RECEPTIVE_FIELD if same else RECEPTIVE_FIELDS[index])
        yield from _kept(seen, row.receptive_field[index])
        step, stride = n[f"j_{side}"], n[f"s_{side}"]
        jump = Formula(JUMP if same else JUMPS[index], "j·s", f"{step}·{stride}", step * stride, "px")
        yield from _kept(jump, row.jump[index])


def _field(n: dict[str, Any], side: str, name: str) -> Formula:
    before, step, kernel, dilation = (n[f"{part}_{side}"] for part in ("r", "j", "k", "d"))
    factor, symbol = (f"{dilation}·", "d·") if dilation != 1 else ("", "")
    return Formula(
        name,
        f"r + {symbol}(k − 1)·j",
        f"{before} + {factor}({kernel} − 1)·{step}",
        before + dilation * (kernel - 1) * step,
        "px",
    )


def _size(n: dict[str, Any], side: str, name: str) -> Formula:
    size, kernel, stride, padding, dilation = n[f"{side}_in"], *(n[f"{part}_{side}"] for part in ("k", "s", "p", "d"))
    around = int(2 * padding)
    left, right = ("⌈", "⌉") if n.get("ceil") else ("⌊", "⌋")
    reach, symbol = (f"{dilation}·({kernel} − 1)", "d(k − 1)") if dilation != 1 else (f"({kernel} − 1)", "(k − 1)")
    room = size + around - dilation * (kernel - 1) - 1
    value = -(-room // stride) + 1 if n.get("ceil") else room // stride + 1
    tail = ""
    if n.get("ceil") and (value - 1) * stride >= size + padding:
        value, tail = value - 1, " − 1"  # PyTorch: no window may begin in the padding behind the picture
    written = f"2·{padding}" if int(padding) == padding else f"{around}"
    return Formula(
        name,
        f"{left}(n + 2p − {symbol} − 1)/s{right} + 1{tail}",
        f"{left}({size} + {written} − {reach} − 1)/{stride}{right} + 1{tail}",
        int(value),
        "px",
    )


def _dense(row: LayerRow, n: dict[str, Any]) -> Iterator[Formula]:
    inputs, outputs, bias, positions = n["in_features"], n["out_features"], n["bias"], n["positions"]
    yield from _kept(
        Formula(
            PARAMETERS,
            f"{_plus_bias('in', bias)}·out",
            f"{_plus_bias(str(inputs), bias)}·{outputs}",
            (inputs + bias) * outputs,
        ),
        row.parameters,
    )
    symbol, times = _runs(row)
    before, factor = ("positions·", f"{positions}·") if positions > 1 else ("", "")
    yield from _kept(
        Formula(
            MACS,
            f"{before}in·out{symbol}",
            f"{factor}{inputs}·{outputs}{times}",
            positions * inputs * outputs * row.calls,
        ),
        row.macs,
    )


def _batch_norm(row: LayerRow, n: dict[str, Any]) -> Iterator[Formula]:
    if n["affine"]:
        made = Formula(PARAMETERS, "2·c", f"2·{n['channels']}", 2 * n["channels"])
        yield from _kept(made, row.parameters)


def _layer_norm(row: LayerRow, n: dict[str, Any]) -> Iterator[Formula]:
    learned = n["scale"] + n["shift"]
    if learned:
        made = Formula(PARAMETERS, f"{learned}·c", f"{learned}·{n['features']}", learned * n["features"])
        yield from _kept(made, row.parameters)


def _addition(row: LayerRow, n: dict[str, Any]) -> Iterator[Formula]:
    value = prod(row.output_shape[1:])
    made = Formula(VALUES, "(n − 1)·c·h·w", f"{n['terms'] - 1}·{n['sizes']}", (n["terms"] - 1) * value)
    yield from _kept(made, (n["terms"] - 1) * value)


def _concatenation(row: LayerRow, n: dict[str, Any]) -> Iterator[Formula]:
    value = sum(int(part) for part in str(n["parts"]).split(" + "))
    yield from _kept(Formula(CHANNELS, "c₁ + c₂ + …", str(n["parts"]), value), row.output_shape[1])


def _flatten(row: LayerRow, n: dict[str, Any]) -> Iterator[Formula]:
    value = prod(int(size) for size in str(n["sizes"]).split("·"))
    yield from _kept(Formula(UNITS, "c·h·w", str(n["sizes"]), value), row.output_shape[-1])


_KINDS: Final[Mapping[str, Callable[[LayerRow, dict[str, Any]], Iterator[Formula]]]] = {
    "convolution": _convolution,
    "pooling": _pooling,
    "dense": _dense,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "addition": _addition,
    "concatenation": _concatenation,
    "flatten": _flatten,
}
