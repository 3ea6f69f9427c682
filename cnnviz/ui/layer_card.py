"""The selected layer: its formulas with its own numbers, what it sees, and a drawing of its kernel over its input."""

import streamlit as st

from cnnviz.figures.kernel import describe_kernel, kernel_drawing
from cnnviz.inspection.formula import formulas
from cnnviz.language import Language
from cnnviz.rows import LayerRow, Report
from cnnviz.ui.reader import dark
from cnnviz.ui.theme import INK, PAPER


def render_layer_card(report: Report, path: str | None, colour: str, _: Language, *, hidden: bool = False) -> None:
    """The card of a layer, or what to do to see one.

    Args:
        report: the network taken apart.
        path: of the selected layer, or None.
        colour: the network's own.
        _: the reader's language.
        hidden: leave out what is still to be predicted.
    """
    row = report.row(path) if path else None
    if row is None:
        st.caption(_("Choose a layer in the diagram or in the table: its formulas appear here, with its own numbers."))
        return
    words, drawing = st.columns([3, 2], gap="medium")
    with words:
        st.markdown(f"**{_escaped(row.path)}** · {row.type}")
        if hidden:
            st.caption(_("Predict it first: the numbers appear with your answer."))
        else:
            _render_numbers(row, report, _)
    with drawing:
        theme = int(dark())
        svg = None if hidden else kernel_drawing(row, _, ink=INK[theme], paper=PAPER[theme], accent=colour)
        if svg:
            st.image(svg, alt=describe_kernel(row, _))
            st.caption(describe_kernel(row, _))


def _render_numbers(row: LayerRow, report: Report, _: Language) -> None:
    """The formulas, or the plain figures of a layer that has none."""
    found = formulas(row)
    for formula in found:
        st.markdown(f"{_(formula.name)}: {_escaped(formula.symbols)}  \n**{_escaped(formula.text)}**")
    shapes = f"{_.shape(row.input_shape[1:])} → {_.shape(row.output_shape[1:])}"
    figures = [
        _("Shape: {shapes}", shapes=shapes),
        _("{count} parameters, {share} of the network's", count=_.number(row.parameters),
          share=_.percent(row.parameters / max(1, report.parameters), 1)),
        _("{count} MACs, {share} of the network's", count=_.number(row.macs),
          share=_.percent(row.macs / max(1, report.macs), 1)),
    ]  # fmt: skip
    if row.receptive_field is not None:
        height, width = row.receptive_field
        figures.append(_("Sees {height}×{width} px of the input", height=height, width=width))
    st.caption("  \n".join(figures))


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#+-!|~$" else letter for letter in text)
