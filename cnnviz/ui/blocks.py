"""A block on the page: its drawing with live shapes, its totals, and its cost along a knob, each computed once."""

from typing import Final

import streamlit as st

from cnnviz.figures.diagram import describe_diagram, network_diagram
from cnnviz.figures.diagram_layout import every_id, layout
from cnnviz.figures.diagram_structure import structure
from cnnviz.inspection.blocks import SweepPoint
from cnnviz.inspection.blocks import block_report as take_apart
from cnnviz.inspection.blocks import sweep as costs_along
from cnnviz.language import Language
from cnnviz.rows import Report
from cnnviz.specs.block_catalog import block
from cnnviz.specs.blocks import BlockSpec, ResNeXtSpec
from cnnviz.ui.reader import dark
from cnnviz.ui.theme import INK, PAPER

DRAWING: Final = 430  # px; a long block scrolls in it
MARGIN: Final = 24


@st.cache_resource(max_entries=256, show_spinner=False)
def block_report(spec: BlockSpec) -> Report:
    """A block taken apart, computed once for everybody; see `cnnviz.inspection.blocks.block_report`."""
    return take_apart(spec)


@st.cache_resource(max_entries=128, show_spinner=False)
def sweep(key: str, spec: BlockSpec, knob: str) -> tuple[SweepPoint, ...]:
    """The cost of a block along a knob; see `cnnviz.inspection.blocks.sweep`."""
    return costs_along(block(key), spec, knob)


def render_totals(spec: BlockSpec, report: Report, _: Language) -> None:
    """What goes in, what comes out, and the two costs."""
    received, made = _.shape(report.input_shape[1:]), _.shape(report.output_shape[1:])
    with st.container(gap=None):
        st.header(f"{received} → {made}", anchor=False)
        st.markdown(
            _(
                "**{parameters}** parameters, **{macs}** MACs per picture",
                parameters=_.compact(report.parameters),
                macs=_.compact(report.macs),
            ),
            help=_(
                "Shapes are channels × height × width. Exactly {parameters} parameters and {macs} "
                "multiply-accumulates; 1 MAC = 2 FLOPs.",
                parameters=_.number(report.parameters),
                macs=_.number(report.macs),
            ),
        )
    if isinstance(spec, ResNeXtSpec):
        st.caption(
            _(
                "{groups} groups, each {width} channels wide: two different numbers whose product is the middle, "
                "{middle} channels.",
                groups=spec.groups,
                width=spec.group_width,
                middle=spec.middle,
            )
        )


def render_drawing(report: Report, title: str, colour: str, _: Language) -> None:
    """The block unfolded, with the shapes that flow through it."""
    theme = int(dark())
    unfolded = every_id(structure(report))
    drawn = network_diagram(report, _, ink=INK[theme], paper=PAPER[theme], colour=colour, open=unfolded)
    height = min(DRAWING, round(layout(report, unfolded).size[1]) + MARGIN)
    with st.container(height=height, border=False, horizontal_alignment="center", key="drawing"):
        st.image(drawn, alt=f"{title}. {describe_diagram(report, _)}")
