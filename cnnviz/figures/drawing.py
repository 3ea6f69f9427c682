"""A plotly figure as a short drawing plan: what a browser needs to draw a still chart without five megabytes of script.

Figures are built with plotly, and a notebook shows them with plotly. A page draws most of them itself
(`cnnviz.ui.components.figure_chart`): positions here are shares of an axis, 0 at its left or lower end and 1 at the
other, so that the browser only has to measure texts and to multiply. Read are the parts of plotly that the figures of
this folder use: lines, points, bars, heatmaps and pictures on linear, logarithmic and category axes, shapes,
annotations, a legend and a colour scale. `drawing` refuses a trace that it cannot read.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnviz.figures.axes import Axis, axes_of
from cnnviz.figures.cells import cells, scale_of
from cnnviz.figures.texts import Writer, lines_of
from cnnviz.language import Language

_PADDED: Final = 3  # px between a point and its name
_ANCHORS: Final = {"left": "start", "center": "middle", "right": "end"}
_DIGITS: Final = 5  # of a share: a fiftieth of a px on a chart of 2,000
_AUTO: Final = (1 / 3, 2 / 3)  # of the drawing: where an anchor that nobody has chosen changes sides


def drawing(figure: go.Figure, _: Language) -> dict[str, Any]:
    """The plan of a figure, ready for JSON.

    Args:
        figure: one of this folder's.
        _: the reader's language, for ticks and figures under the pointer.

    Raises:
        ValueError: for a kind of trace that the browser's side cannot draw.
    """
    layout = figure.layout.to_plotly_json()  # the figure's own way packs arrays into text
    traces = [trace.to_plotly_json() for trace in figure.data]
    axes = axes_of(traces, layout, _)
    plan = _Plan(layout, axes, Writer(_.code))
    for kinds in (("heatmap", "image"), ("bar",), ("scatter",)):  # plotly draws them in this order too
        for trace in traces:
            if trace["type"] in kinds:
                plan.add(trace)
    unknown = {trace["type"] for trace in traces} - {"heatmap", "image", "bar", "scatter"}
    if unknown:
        raise ValueError(f"cannot draw {', '.join(sorted(unknown))}")
    below, above = (
        [plan.shape(shape) for shape in layout.get("shapes", ()) if (shape.get("layer") == "below") == under]
        for under in (True, False)
    )
    return {
        "height": layout.get("height", 450),
        "margin": layout["margin"],
        "font": layout["font"]["size"],
        "ink": layout["font"]["color"],
        "axes": {name: axis.plan() for name, axis in axes.items()},
        "marks": [*below, *plan.marks, *above],
        "texts": [*plan.texts, *(plan.annotation(one) for one in layout.get("annotations", ()))],
        "legend": plan.legend(traces),
        "scale": next((scale for trace in traces if (scale := scale_of(trace, _)) is not None), None),
    }


class _Plan:
    """The marks of a figure as they are read, and where bars stand on one another."""

    def __init__(self, layout: dict[str, Any], axes: dict[str, Axis], writer: Writer) -> None:
        self._layout, self._axes, self._writer = layout, axes, writer
        self._piles: dict[tuple[str, str, float], float] = {}
        self.marks: list[dict[str, Any]] = []
        self.texts: list[dict[str, Any]] = []

    def add(self, trace: dict[str, Any]) -> None:
        """Read one trace."""
        if trace["type"] == "bar":
            self._bars(trace)
        elif trace["type"] == "scatter":
            self._points(trace)
        else:
            x, y = self._pair(trace)
            self.marks += cells(trace, self._axes[x], self._axes[y], {"x": x, "y": y}, self._writer)

    @staticmethod
    def _pair(trace: dict[str, Any]) -> tuple[str, str]:
        return trace.get("xaxis", "x"), trace.get("yaxis", "y")

    def _points(self, trace: dict[str, Any]) -> None:
        """Lines, markers and their names."""
        x, y = self._pair(trace)
        across, up = self._axes[x].shares(trace["x"]), self._axes[y].shares(trace["y"])
        mode = trace.get("mode", "lines")
        common = {"x": x, "y": y, "clip": trace.get("cliponaxis", True), "opacity": trace.get("opacity", 1)}
        hover = self._writer.points(trace)
        line, marker = trace.get("line", {}), trace.get("marker", {})
        if "lines" in mode:
            self.marks.append(
                {**common, "kind": "line", "at": _path(across, up, line.get("shape")), "colour": line.get("color"),
                 "width": line.get("width", 2), "dash": line.get("dash", "solid")}
            )  # fmt: skip
        drawn = "markers" in mode
        if drawn or hover:
            self.marks.append(
                {**common, "kind": "points", "at": _flat(across, up), "hover": hover,
                 "size": _plain(marker.get("size", 6)) if drawn else 0,
                 "symbol": _plain(marker.get("symbol", "circle")),
                 "colour": _plain(marker.get("color", line.get("color"))),
                 "opacity": _plain(marker.get("opacity", trace.get("opacity", 1)))}
            )  # fmt: skip
        if "text" in mode:
            self._names(trace, across, up, {"x": x, "y": y})

    def _names(self, trace: dict[str, Any], across: Any, up: Any, refs: dict[str, str]) -> None:
        font, sizes = trace.get("textfont", {}), trace.get("marker", {}).get("size", 6)
        for number, (u, v, text) in enumerate(zip(across, up, trace["text"], strict=True)):
            if not text or not np.isfinite((u, v)).all():
                continue
            place = _one(trace.get("textposition", "middle center"), number)
            vertical, horizontal = place.split()
            away = float(_one(sizes, number)) / 2 + _PADDED
            corner = vertical != "middle" and horizontal != "center"
            step = away * (0.7 if corner else 1)
            self.texts.append(
                {
                    **refs, "at": [_round(u), _round(v)], "lines": lines_of(text),
                    "dx": {"left": -step, "center": 0, "right": step}[horizontal],
                    "dy": {"top": -step, "middle": 0, "bottom": step}[vertical],
                    "anchor": {"left": "end", "center": "middle", "right": "start"}[horizontal],
                    "base": {"top": "bottom", "middle": "middle", "bottom": "top"}[vertical],
                    **self._font(font),
                }
            )  # fmt: skip

    def _bars(self, trace: dict[str, Any]) -> None:
        """Bars, one beside or on another, and their labels."""
        x, y = self._pair(trace)
        flat = trace.get("orientation") == "h"
        lengths, places = (trace["x"], trace["y"]) if flat else (trace["y"], trace["x"])
        along, over = (x, y) if flat else (y, x)
        positions, sides = self._axes[over].numbers(places), self._axes[over].edges(places, self._widths(trace, over))
        piled = self._layout.get("barmode") == "stack"
        boxes, ends = [], []
        for position, length, *side in zip(positions, np.asarray(lengths, float), *sides, strict=True):
            pile = (along, over, float(position))
            start = self._piles.get(pile, 0.0) if piled else 0.0
            self._piles[pile] = start + length
            low, high = self._axes[along].shares([start, start + length])
            first, last = self._axes[over].shares_of_numbers(np.array(side))
            boxes.append([_round(one) for one in ((low, high, first, last) if flat else (first, last, low, high))])
            ends.append((low, high, (first + last) / 2))
        marker = trace.get("marker", {})
        edge = marker.get("line", {})
        self.marks.append(
            {"kind": "boxes", "x": x, "y": y, "at": boxes, "colour": _plain(marker.get("color")), "clip": True,
             "opacity": _plain(marker.get("opacity", 1)), "hover": self._writer.bars(trace),
             "edge": [edge["color"], edge.get("width", 1)] if edge.get("color") else None,
             "hatch": marker["pattern"]["fgcolor"] if marker.get("pattern", {}).get("shape") else None}
        )  # fmt: skip
        self._labels(trace, flat, ends, {"x": x, "y": y})

    def _widths(self, trace: dict[str, Any], over: str) -> Any:
        if trace.get("width") is not None:
            return np.asarray(trace["width"], float)
        return self._axes[over].spacing * (1 - self._layout.get("bargap", 0.2))

    def _labels(self, trace: dict[str, Any], flat: bool, ends: list[Any], refs: dict[str, str]) -> None:
        if not trace.get("text"):
            return
        place, font = trace.get("textposition", "auto"), trace.get("textfont", {})
        inner = trace.get("insidetextanchor", "end")
        for number, (low, high, middle) in enumerate(ends):
            text = _one(trace["text"], number)
            if not text:
                continue
            at = (low + high) / 2 if place == "inside" and inner == "middle" else high
            mark: dict[str, Any] = {
                **refs, "at": [_round(at), _round(middle)] if flat else [_round(middle), _round(at)],
                "lines": lines_of(text), "dx": 0, "dy": 0, "anchor": "middle", "base": "middle", **self._font(font),
            }  # fmt: skip
            if place != "inside":
                mark |= {"dx": 4, "anchor": "start"} if flat else {"dy": -4, "base": "bottom"}
            if place == "auto":  # inside where there is room, which only the browser knows
                mark["inside"] = _round(abs(high - low))
            self.texts.append(mark)

    def shape(self, shape: dict[str, Any]) -> dict[str, Any]:
        """A rectangle, a disc, or a line."""
        x, across = self._along("x", shape.get("xref", "x"), [shape["x0"], shape["x1"]])
        y, up = self._along("y", shape.get("yref", "y"), [shape["y0"], shape["y1"]])
        line = shape.get("line", {})
        common = {"x": x, "y": y, "clip": False, "aside": True, "opacity": shape.get("opacity", 1)}
        if shape["type"] == "line":
            return {**common, "kind": "line", "at": [_flat(across, up)], "colour": line.get("color"),
                    "width": line.get("width", 2), "dash": line.get("dash", "solid")}  # fmt: skip
        return {
            **common, "kind": "disc" if shape["type"] == "circle" else "boxes",
            "at": [[*sorted(_round(one) for one in across), *sorted(_round(one) for one in up)]],
            "colour": shape.get("fillcolor", "none"), "hover": None, "hatch": None,
            "edge": [line.get("color"), line.get("width", 2)],
        }  # fmt: skip

    def _along(self, letter: str, ref: str, values: Sequence[float]) -> tuple[str, Any]:
        """The axis, or "paper" for the whole drawing, and the shares along it."""
        if ref == "paper":
            return "paper", values
        if ref.endswith(" domain"):
            return ref.removesuffix(" domain"), values
        return ref, self._axes[ref].shares(values)

    def annotation(self, note: dict[str, Any]) -> dict[str, Any]:
        """A text at a place."""
        found: dict[str, Any] = {}
        at = []
        for letter, anchor, sides in (("x", "xanchor", _ANCHORS), ("y", "yanchor", None)):
            ref, value = note.get(f"{letter}ref", letter), note[letter]
            if ref == "paper":
                share = float(value)
            else:  # on a logarithmic axis an annotation stands at a power of ten
                axis = self._axes[ref]
                share = float(axis.shares_of_numbers(np.array([value]))[0] if axis.log else axis.shares([value])[0])
            side = note.get(anchor)
            if side in (None, "auto"):
                order = ("left", "center", "right") if sides else ("bottom", "middle", "top")
                side = order[(share > _AUTO[0]) + (share > _AUTO[1])] if ref == "paper" else order[1]
            found[letter] = ref
            found["anchor" if sides else "base"] = sides[side] if sides else side
            at.append(_round(share))
        return {
            **found, "at": at, "lines": lines_of(note["text"]),
            "dx": note.get("xshift", 0), "dy": -note.get("yshift", 0), **self._font(note.get("font", {})),
        }  # fmt: skip

    def _font(self, font: dict[str, Any]) -> dict[str, Any]:
        own = self._layout["font"]
        return {"size": font.get("size", own["size"]), "colour": font.get("color", own["color"])}

    def legend(self, traces: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
        """The names of the lines above the drawing, if the figure has a legend."""
        if not self._layout.get("showlegend"):
            return None
        rows = [
            [trace["name"], trace["line"]["color"], trace["line"].get("dash", "solid"), trace["line"].get("width", 2)]
            for trace in traces
            if trace.get("showlegend", True) and trace.get("name")
        ]
        place = self._layout.get("legend", {})
        size = place.get("font", {}).get("size", self._layout["font"]["size"])
        return {"rows": rows, "end": place.get("xanchor") == "right", "size": size}


def _path(across: Any, up: Any, shape: str | None) -> list[list[float]]:
    """Pieces of a line, each flat: x, y, x, y, …; a gap where a value is none, corners where it goes in steps."""
    points = np.column_stack([across, up]).astype(float)
    gaps = np.flatnonzero(~np.isfinite(points).all(axis=1))
    pieces = [piece[np.isfinite(piece).all(axis=1)] for piece in np.split(points, gaps)]
    turn = {"hv": 1.0, "hvh": 0.5}.get(shape or "")
    if turn is not None:
        pieces = [_stepped(piece, turn) for piece in pieces]
    return [np.round(piece, _DIGITS).ravel().tolist() for piece in pieces if len(piece)]


def _stepped(points: NDArray[np.float64], turn: float) -> NDArray[np.float64]:
    """A line that goes straight across and straight up: two corners between two points, at a share of the way."""
    corner = points[:-1, 0] + turn * np.diff(points[:, 0])
    corners = np.stack(
        [points[:-1], np.column_stack([corner, points[:-1, 1]]), np.column_stack([corner, points[1:, 1]])]
    )
    return np.concatenate([corners.transpose(1, 0, 2).reshape(-1, 2), points[-1:]])


def _flat(across: Any, up: Any) -> list[float | None]:
    shares = np.round(np.column_stack([across, up]).astype(float), _DIGITS).ravel()
    found: list[float | None] = shares.tolist()
    for gap in np.flatnonzero(~np.isfinite(shares)):
        found[gap] = None
    return found


def _round(share: Any) -> float:
    return round(float(share), _DIGITS)


def _plain(value: Any) -> Any:
    """A list where there is one value for each mark, else the one value."""
    return [_plain(one) for one in value] if isinstance(value, list | tuple | np.ndarray) else value


def _one(value: Any, number: int) -> Any:
    return value[number] if isinstance(value, list | tuple | np.ndarray) else value
