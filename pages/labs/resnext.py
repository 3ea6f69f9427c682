"""ResNeXt: a convolution split into groups, seen as a matrix, and what the same cost buys with more groups."""

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.figures.grouping import (
    block_diagonal,
    budget_bars,
    describe_block_diagonal,
    describe_budget,
)
from cnnviz.figures.sweep import describe_sweep, sweep_lines
from cnnviz.insight.resnext import Grouping, Split, grouping, same_cost
from cnnviz.language import N_, Language
from cnnviz.specs.labs.resnext import VIEWS, ResNeXtLabSpec
from cnnviz.ui.blocks import sweep
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.lab import Lab
from cnnviz.ui.places import RESNEXT
from cnnviz.ui.reader import dark
from cnnviz.ui.theme import colour_of

lab = Lab(
    RESNEXT,
    N_("Split into groups"),
    N_("ResNeXt cuts a convolution into groups that do not see one another. What gets lost, and what is gained?"),
    ResNeXtLabSpec,
    VIEWS,
)
PAPER = 32  # groups of ResNeXt-50
COLOUR = colour_of(architecture("resnext50_32x4d"))


@st.cache_resource(max_entries=256, show_spinner=False)
def grouped(spec: ResNeXtLabSpec) -> Grouping:
    """See `cnnviz.insight.resnext.grouping`; computed once for everybody."""
    return grouping(spec)


@st.cache_resource(max_entries=256, show_spinner=False)
def splits(spec: ResNeXtLabSpec) -> tuple[Split, ...]:
    """See `cnnviz.insight.resnext.same_cost`; computed once for everybody."""
    return same_cost(spec)


def render_matrix(spec: ResNeXtLabSpec, _: Language) -> dict[str, str]:
    """The matrix with the followed channel, and the cost over the number of groups."""
    found = grouped(spec)
    st.markdown(
        _(
            "**{groups} groups of {width} channels**: {weights} weights instead of {full}. Input channel {follow} "
            "reaches {few} of {channels} outputs, and behind a 1×1 convolution {many}.",
            groups=spec.groups,
            width=spec.group_width,
            weights=_.number(found.weights),
            full=_.number(found.weights_full),
            follow=spec.follow,
            few=len(found.reached),
            channels=spec.channels,
            many=len(found.reached_behind),
        )
    )
    figure_chart(
        drawn(block_diagonal, found, spec.groups, spec.follow, _, colour=COLOUR, dark=dark()),
        _,
        alt=describe_block_diagonal(found, spec.groups, spec.follow, _),
        key="matrix",
    )
    st.caption(
        _(
            "Filled squares: outputs that change, behind the 3×3 and behind a 1×1 that follows. Computed both ways, in "
            "groups and with this matrix filled up with zeros, the outputs differ by at most {difference}.",
            difference=_.significant(found.difference, 2),
        )
    )
    points = sweep("convolution", spec.convolution(), "groups")
    figure_chart(
        drawn(sweep_lines, points, spec.groups, _("Groups"), _, colour=COLOUR, dark=dark()),
        _,
        alt=describe_sweep(points, spec.groups, _("Groups"), _),
        key="cost",
    )
    return {}


def render_budget(spec: ResNeXtLabSpec, _: Language) -> dict[str, str]:
    """The widest middle for each number of groups at one cost."""
    ways = splits(spec)
    first, last = ways[0], next((way for way in ways if way.groups == PAPER), ways[-1])
    st.markdown(
        _(
            "For about {weights} weights the middle may have **{narrow} channels undivided and {wide} in {groups} "
            "groups of {width}**.",
            weights=_.compact(first.weights),
            narrow=first.middle,
            wide=last.middle,
            groups=last.groups,
            width=last.width,
        )
    )
    figure_chart(drawn(budget_bars, ways, _, colour=COLOUR, dark=dark()), _, alt=describe_budget(ways, _), key="budget")
    st.caption(
        _(
            "Under the channels of each middle, the weights of the block's three convolutions. The width of a group is "
            "a whole number, so the costs are close but not equal."
        )
    )
    return {}


lab.show({"matrix": render_matrix, "budget": render_budget})
