"""Blocks: each block of the chapter on its own, its shapes, and its cost against what it replaced."""

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.figures.cost import CostEntry, cost_bars, describe_cost_bars
from cnnviz.figures.sweep import describe_sweep, sweep_lines
from cnnviz.figures.theme import palette
from cnnviz.inspection.blocks import compared
from cnnviz.language import N_
from cnnviz.specs.block_catalog import BLOCKS, Block, block
from cnnviz.specs.blocks import BlockSpec
from cnnviz.ui.blocks import block_report, render_drawing, render_totals, sweep
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_option, good_or_last, render_refusals
from cnnviz.ui.reader import dark
from cnnviz.ui.takeaway import render_table_downloads
from cnnviz.ui.theme import colour_of

page = heading(N_("Block by block"), N_("What each block does to a shape, and what it costs against what it replaced."))
_ = page.language
link = PageLink("blocks")
key, is_new = choose_option(link, "block", {entry.key: entry.title for entry in BLOCKS}, _("Block"), _)
entry: Block = block(key)
st.markdown(f"**{_(entry.idea)}**")
left, right = st.columns([1, 1], gap="medium")
with left:
    drawing = st.container()
    examples = {"own": N_("The chapter's example"), **{name: title for name, (title, _spec) in entry.examples.items()}}
    example, changed = ("own", False)
    if entry.examples:
        example, changed = choose_option(link, f"{key}.example", examples, _("Example"), _, many=True)
    start = entry.examples[example][1] if example in entry.examples else entry.spec_type()
    form = SpecForm(entry.spec_type, link, dict(start), _, restart=is_new or changed, prefix=f"{key}.")
    with st.grid(3, min_column_width=130):
        form.draw(entry.spec_type.model_fields)


def take_apart() -> BlockSpec:
    """The spec of the widgets, once its block has worked."""
    spec = entry.spec_type.parse(form.values)
    block_report(spec)
    return spec


spec = good_or_last(f"blocks {key}", take_apart, form.show)
values, defaults = form.linked()
link.write(
    {"block": key, f"{key}.example": example, **values}, {"block": BLOCKS[0].key, f"{key}.example": "own", **defaults}
)
render_refusals(link, form.sentence, _)
if spec is None:
    st.stop()
report = block_report(spec)
network = architecture(entry.network)
with drawing:
    render_drawing(report, _(entry.title), colour_of(network), _)
with right:
    render_totals(spec, report, _)
    neutral = palette(dark()).neutral
    rows = [
        CostEntry(_("This block"), report.parameters, report.macs, colour_of(network), "own"),
        *(
            CostEntry(_(other.title, **other.parameters), cost.parameters, cost.macs, neutral, str(number))
            for number, (other, cost) in enumerate(compared(entry, spec))
        ),
    ]
    figure_chart(drawn(cost_bars, rows, _, dark()), _, alt=describe_cost_bars(rows, _), key="costs")
    knobs = {name: entry.spec_type.model_fields[name].title or name for name in entry.sweeps}
    knob = next(iter(knobs))
    if len(knobs) > 1:
        knob, _new = choose_option(link, f"{key}.curve", knobs, _("Curve over"), _)
    points, own = sweep(key, spec, knob), int(getattr(spec, knob))
    figure_chart(
        drawn(sweep_lines, points, own, _(knobs[knob]), _, colour=colour_of(network), dark=dark()),
        _,
        alt=describe_sweep(points, own, _(knobs[knob]), _),
        key="sweep",
    )
with page.take_away():
    render_table_downloads(report, key, _)
