"""The network's diagram, unfolded and folded in the browser: the layout of `cnnviz.figures.diagram_layout` in pieces.

The server lays out the inside of every block once and sends it; the browser only stacks the pieces, so folding asks
nobody. Blocks that are drawn alike share one piece, which keeps DenseNet-201 below 60 kB. All text is set as text.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import streamlit as st

from cnnviz.figures.diagram import GLYPHS, glyph_of, line_path, tone_of
from cnnviz.figures.diagram_layout import (
    LONG,
    Piece,
    default_open,
    gap_after,
    inner_width,
    piece,
    width_of,
)
from cnnviz.figures.diagram_structure import Part, stages_of, structure
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
from cnnviz.rows import Report
from cnnviz.ui.components.selection import SCRIPT, chosen_in, shown_and_taken
from cnnviz.ui.drawn import drawn

_HERE: Final = Path(__file__).parent
_MOUNT: Final = st.components.v2.component(
    "cnnviz_network_diagram",
    html=(_HERE / "network_diagram.html").read_text(encoding="utf-8"),
    css=(_HERE / "network_diagram.css").read_text(encoding="utf-8"),
    js=SCRIPT + (_HERE / "network_diagram.js").read_text(encoding="utf-8"),
)
_FORMS: Final = tuple(GLYPHS)


@dataclass(frozen=True, slots=True)
class DiagramResult:
    """What a reader has chosen: `selected` is the path of a layer, a block or a stage, or None."""

    selected: str | None


def diagram_labels(_: Language) -> dict[str, str]:
    """The words of the component itself, in the reader's language."""
    return {
        "expand_all": _("Expand all"),
        "collapse_all": _("Collapse all"),
        "failed": _("Cannot work"),
        "times": _("{count} times"),
        "output": _("output {shape}"),
        "unfold": _("Unfold or fold"),
        "add": _("sum"),
        "concatenate": _("concatenation"),
    }


def network_diagram(
    report: Report,
    _: Language,
    *,
    key: str,
    colour: str,
    network: str = "",
    selected: str | None = None,
    group: str = "",
    failed: str | None = None,
    height: int | None = None,
    caption: str = "",
    on_select: Callable[[], None] | None = None,
) -> DiagramResult:
    """Draw the network and return what is selected.

    Args:
        report: the network taken apart.
        _: the reader's language.
        key: the component's key; what is open and how far it is scrolled is kept under it.
        colour: the network's own colour in the reader's theme.
        network: the catalogue's key; another one starts folded again, a changed knob does not.
        selected: a path selected elsewhere: what holds it opens and it scrolls into view inside the diagram. None
            leaves the choice to the diagram, or to its group.
        group: components of one group share their selection, in the browser at once and in `selected_in(group)`.
        failed: the path of the first layer that cannot work.
        height: the most height in px before it scrolls inside itself; None lets it grow.
        caption: what it shows, read aloud; the description in words follows it.
        on_select: called before the rerun that a selection starts.

    Returns:
        The selection; a path that the network does not have counts as none.

    Example:
        >>> network_diagram(report, _, key="diagram", colour="#0072b2", network="lenet", group="explorer")
        DiagramResult(selected=None)
    """
    shown, take = shown_and_taken(key, group, selected, on_select)
    result = _MOUNT(
        key=key,
        data={
            "drawing": drawn(drawing_of, report, _),
            "labels": diagram_labels(_),
            "colour": colour,
            "network": network,
            "selected": shown,
            "group": group,
            "failed": failed,
            "height": height,
            "caption": caption,
            "description": drawn(describe_diagram, report, _),
        },
        on_selected_change=take,
    )
    path = shown if group else chosen_in(result)
    return DiagramResult(path if path is not None and report.row(path) is not None else None)


# What travels ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Packer:
    """Packs parts; blocks that are drawn alike share one template."""

    report: Report
    language: Language
    templates: dict[str, int] = field(default_factory=dict)

    def part(self, part: Part, gap: float, label: str, width: float, known: bool) -> dict[str, Any]:
        """A part without what is not there; its path is its parent's and its name."""
        _ = self.language
        packed: dict[str, Any] = {"n": part.row.name, "d": detail_of(part, _), "o": _.shape(part.output_shape[1:])}
        if part.kind == "repeat":
            packed |= {"id": part.id, "x": len(part.parts)}
        title = title_of(part, _)
        if title != part.row.name:
            packed["t"] = title
        if gap == LONG:
            packed["e"] = label
        if not known:
            packed["u"] = 1
        if not part.foldable:
            return {**packed, "w": tone_of(part.row)}
        packed["c"] = cost_of(part, _)
        share, form = share_of(part, self.report.parameters), glyph_of(part)
        if share >= 0.002:
            packed["s"] = round(share, 3)
        if form is not None:
            packed["g"] = _FORMS.index(form)
        if part.flow:
            return {**packed, **self.piece(piece(part, inner_width(width)), part)}
        packed["p"] = self.parts(part.parts, inner_width(width), "", part.known)
        return packed if part.known else {**packed, "q": 1}

    def parts(self, parts: tuple[Part, ...], width: float, first: str, known: bool) -> list[dict[str, Any]]:
        """Parts in a column; `first` is the shape on the arrow above them, "" for none."""
        packed, gap, label = [], float(LONG if first else 0), first
        for part in parts:
            packed.append(self.part(part, gap, label, width, known))
            gap, label = gap_after(part), self.language.shape(part.output_shape[1:])
        return packed

    def piece(self, drawn: Piece, block: Part) -> dict[str, Any]:
        """A block's inside: which template, and the texts that fill it: labels, outputs, shapes on the lines."""
        _, start = self.language, len(block.row.path) + 1 if block.row.path else 0
        nodes = [
            [node.id[start:], node.x, node.y, node.width, node.height, _join_or_tone(node.kind, node.row)]
            for node in drawn.nodes
        ]
        edges = [
            [line_path(edge.points), *(edge.points[-1] if edge.arrow else (None, None)), *(edge.label or ())]
            for edge in drawn.edges
        ]
        text = json.dumps([drawn.height, nodes, edges], separators=(",", ":"))
        template = self.templates.setdefault(text, len(self.templates))
        rows = [node.row for node in drawn.nodes if node.row is not None]
        return {
            "k": template,
            "l": [short_label(row, _) for row in rows],
            "m": _unlike([_.shape(row.output_shape[1:]) for row in rows]),
            "r": _unlike([_.shape(edge.shape[1:]) for edge in drawn.edges if edge.label]),
        }


def _join_or_tone(kind: str, row: Any) -> str:
    return "join" if kind == "join" else tone_of(row)


def _unlike(texts: list[str]) -> list[str]:
    """Texts that repeat the one before are left empty."""
    return [text if index == 0 or texts[index - 1] != text else "" for index, text in enumerate(texts)]


def drawing_of(report: Report, _: Language) -> Mapping[str, Any]:
    """The diagram as the browser gets it: templates of blocks, and the parts in order."""
    root = structure(report)
    width = width_of(root)
    packer = _Packer(report, _)
    first = _.shape(root.row.input_shape[1:])
    parts = packer.parts(stages_of(root), width, first, root.known)
    return {
        "parts": parts,
        "templates": [json.loads(text) for text in packer.templates],
        "glyphs": list(GLYPHS.values()),
        "width": width,
        "open": sorted(default_open(root)),
        "end": _.shape(root.row.output_shape[1:]),
        "note": order_note(root, _),
    }
