"""Dense: channels put behind one another instead of added, the terms of a series, and the memory that it takes."""

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.figures.kept import describe_kept, kept_bars
from cnnviz.figures.staircase import describe_join_weights, describe_staircase, join_weights, staircase_bars
from cnnviz.figures.terms import describe_terms, terms_lines
from cnnviz.insight.dense import Joined, Kept, Step, ceiling, joined, memory, staircase
from cnnviz.insight.terms import FUNCTIONS, MOST, terms
from cnnviz.language import N_, Language
from cnnviz.specs.labs.dense import VIEWS, DenseLabSpec
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.lab import Lab
from cnnviz.ui.network import report_of
from cnnviz.ui.places import DENSE
from cnnviz.ui.reader import dark
from cnnviz.ui.theme import colour_of

lab = Lab(
    DENSE,
    N_("Put behind, not added"),
    N_("DenseNet keeps everything that was ever computed in a block. What it gains, and what it costs."),
    DenseLabSpec,
    VIEWS,
)
COLOURS = {key: colour_of(architecture(key)) for key in ("densenet", "resnet18")}


@st.cache_resource(max_entries=128, show_spinner=False)
def steps_of(spec: DenseLabSpec) -> tuple[Step, ...]:
    """See `cnnviz.insight.dense.staircase`; computed once for everybody."""
    return staircase(spec)


@st.cache_resource(max_entries=128, show_spinner=False)
def kept(spec: DenseLabSpec) -> tuple[Kept, ...]:
    """See `cnnviz.insight.dense.memory`; computed once for everybody."""
    return memory(spec, report_of)


@st.cache_resource(show_spinner=False)
def tried() -> Joined:
    """See `cnnviz.insight.dense.joined`; computed once for everybody."""
    return joined()


def render_staircase(spec: DenseLabSpec, _: Language) -> dict[str, str]:
    """The channels, and what a layer would weigh if its result were added."""
    steps = steps_of(spec)
    last = next(step for step in reversed(steps) if step.kind == "layer")
    st.markdown(
        _(
            "**{start} channels become {end}.** The last layer has {weights} weights; if its result "
            "were added, it would need {added}.",
            start=_.number(steps[0].channels),
            end=_.number(steps[-1].channels),
            weights=_.compact(last.weights),
            added=_.compact(last.weights_added),
        )
    )
    figure_chart(
        drawn(staircase_bars, steps, _, colour=COLOURS["densenet"], dark=dark()),
        _,
        alt=describe_staircase(steps, _),
        key="staircase",
    )
    figure_chart(
        drawn(join_weights, steps, _, colour=COLOURS["densenet"], dark=dark()),
        _,
        alt=describe_join_weights(steps, _),
        key="weights",
    )
    found = tried()
    st.caption(
        _(
            "Tried with random weights: behind four dense layers the input is still there, off by {concatenated}; "
            "behind four additions it is off by up to {added}.",
            concatenated=_.significant(found.concatenated, 2),
            added=_.significant(found.added, 2),
        )
    )
    return {"limit": _.number(ceiling(32, 4, 0.5))}


def render_terms(spec: DenseLabSpec, _: Language) -> dict[str, str]:
    """The function and both sums."""
    found, function = terms(spec), FUNCTIONS[spec.function]
    st.markdown(
        _(
            "**{count} terms of {function}**: added up as the series says they are off by {added} on average, kept and "
            "weighed by {weighed}.",
            count=spec.terms,
            function=function.formula,
            added=_.significant(found.error_added, 2),
            weighed=_.significant(found.error_weighed, 2),
        )
    )
    figure_chart(
        drawn(
            terms_lines, found, function.formula, _, colour=COLOURS["densenet"], other=COLOURS["resnet18"], dark=dark()
        ),
        _,
        alt=describe_terms(found, function.formula, _),
        key="terms",
    )
    st.caption(_("Off: root of the mean square over the interval. Thin lines: the single terms of the series."))
    all_of_them = terms(DenseLabSpec(function="log", terms=MOST))
    return {
        "added": _.significant(all_of_them.error_added, 2),
        "weighed": _.significant(all_of_them.error_weighed, 2),
    }


def render_memory(spec: DenseLabSpec, _: Language) -> dict[str, str]:
    """What both networks keep at 96 px and at the chosen size."""
    rows = kept(spec)
    dense, large, residual, _large = rows
    st.markdown(
        _(
            "At {size} px DenseNet keeps **{large}**, {times} times as much as at 96 px. It has {share} of ResNet-18's "
            "weights and keeps {more} times the memory.",
            size=spec.size,
            large=_.bytes(large.saved_bytes),
            times=_.significant(large.saved_bytes / dense.saved_bytes, 2),
            share=_.percent(dense.parameters / residual.parameters),
            more=_.significant(dense.saved_bytes / residual.saved_bytes, 2),
        )
    )
    figure_chart(drawn(kept_bars, rows, _, colours=COLOURS, dark=dark()), _, alt=describe_kept(rows, _), key="kept")
    st.caption(
        _(
            "For {batch} pictures. At 96 px the concatenations hold {copied}; the channels that were new in them would "
            "fit into {fresh}.",
            batch=spec.batch,
            copied=_.bytes(dense.copied_bytes),
            fresh=_.bytes(dense.fresh_bytes),
        )
    )
    return {
        "parameters": _.compact(dense.parameters),
        "other": _.compact(residual.parameters),
        "dense": _.bytes(dense.saved_bytes),
        "residual": _.bytes(residual.saved_bytes),
    }


lab.show({"staircase": render_staircase, "terms": render_terms, "memory": render_memory})
