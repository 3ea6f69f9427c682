"""Inception and 1×1: branches side by side with what each costs, and a convolution that is a dense layer per pixel."""

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.figures.branches import branch_bars, describe_branches
from cnnviz.figures.cost import CostEntry, cost_bars, describe_cost_bars
from cnnviz.figures.pixelwise import describe_pixels, pixel_pictures
from cnnviz.figures.theme import palette
from cnnviz.insight.inception import Branch, branches, pixelwise, small_cat
from cnnviz.inspection.blocks import compared
from cnnviz.language import N_, Language
from cnnviz.specs.block_catalog import block
from cnnviz.specs.labs.inception import VIEWS, InceptionLabSpec
from cnnviz.ui.blocks import block_report
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.lab import Lab
from cnnviz.ui.places import INCEPTION
from cnnviz.ui.reader import dark
from cnnviz.ui.theme import colour_of

lab = Lab(
    INCEPTION,
    N_("Side by side, pixel by pixel"),
    N_("Inception looks with several kernels at once, and cheap 1×1 convolutions make it affordable."),
    InceptionLabSpec,
    VIEWS,
)
COLOUR = colour_of(architecture("googlenet"))


@st.cache_resource(max_entries=256, show_spinner=False)
def lanes_of(spec: InceptionLabSpec) -> tuple[Branch, ...]:
    """See `cnnviz.insight.inception.branches`; computed once for everybody."""
    return branches(spec)


@st.cache_resource(max_entries=128, show_spinner=False)
def rivals(spec: InceptionLabSpec) -> list[tuple[str, dict[str, object], int, int]]:
    """What the block is measured against: title, its placeholders, parameters and MACs; computed once for everybody."""
    return [
        (other.title, dict(other.parameters), cost.parameters, cost.macs)
        for other, cost in compared(block("inception"), spec.block())
    ]


def render_branches(spec: InceptionLabSpec, _: Language) -> dict[str, str]:
    """Each branch's work and channels, and the block against one large kernel."""
    lanes, report = lanes_of(spec), block_report(spec.block())
    dearest = max(lanes, key=lambda lane: lane.macs)
    st.markdown(
        _(
            "**{received} channels in, {made} out, {macs} MACs.** The {name} branch does {share} of the work for "
            "{channels} of the channels.",
            received=report.input_shape[1],
            made=report.output_shape[1],
            macs=_.compact(report.macs),
            name=_("pooling") if dearest.name == "pool" else dearest.name,
            share=_.percent(dearest.macs / report.macs),
            channels=dearest.channels,
        )
    )
    figure_chart(
        drawn(branch_bars, lanes, _, colour=COLOUR, dark=dark()), _, alt=describe_branches(lanes, _), key="branches"
    )
    neutral = palette(dark()).neutral
    rows = [CostEntry(_("This block"), report.parameters, report.macs, COLOUR)]
    rows += [
        CostEntry(_(title, **parameters), weights, macs, neutral) for title, parameters, weights, macs in rivals(spec)
    ]
    figure_chart(drawn(cost_bars, rows, _, dark()), _, alt=describe_cost_bars(rows, _), key="costs")
    naive = lanes_of(InceptionLabSpec(c3a=0))
    return {"share": _.percent(naive[2].macs / sum(lane.macs for lane in naive))}


def render_pixels(spec: InceptionLabSpec, _: Language) -> dict[str, str]:
    """The small cat, its output, and the sum at the chosen pixel."""
    picture = small_cat()
    found = pixelwise(spec, picture)
    total = " + ".join(
        f"{_.number(weight, 2)} · {_.number(value, 2)}"
        for weight, value in zip((spec.red, spec.green, spec.blue), found.values, strict=True)
    )
    st.markdown(
        _("**{sum} = {result}** at the chosen pixel.", sum=total, result=_.number(found.result, 2))
        if spec.kernel_size == 1
        else _("The window covers {count} pixels; the output there is **{result}**.", count=spec.kernel_size**2,
               result=_.number(found.result, 2))
    )  # fmt: skip
    figure_chart(
        drawn(pixel_pictures, picture, found, spec.row, spec.column, _, dark=dark()),
        _,
        alt=describe_pixels(found, spec.row, spec.column, _),
        key="pixels",
    )
    changes = _.plural("{count} output changes", "{count} outputs change", int(found.changed.sum()))
    st.markdown(
        _(
            "**{changes}** with the framed pixel. Computed as a convolution and as a dense layer for each pixel, the "
            "outputs differ by at most **{difference}**.",
            changes=changes,
            difference=_.significant(found.difference, 2),
        )
    )
    st.caption(
        _(
            "The convolution has {few} weights. A dense layer from the whole picture to as many outputs would have "
            "{many}.",
            few=found.weights,
            many=_.compact(found.weights_dense),
        )
    )
    return {}


lab.show({"branches": render_branches, "pixel": render_pixels})
