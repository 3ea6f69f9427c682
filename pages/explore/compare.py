"""Compare: two to four networks or variants side by side: totals, stages, layers, accuracy and speed."""

import streamlit as st

from cnnviz.architectures import ArchitectureSpec
from cnnviz.figures.accuracy import accuracy_cost, describe_accuracy_cost
from cnnviz.figures.cost import CostEntry, cost_bars, describe_cost_bars
from cnnviz.figures.layer_lines import MEASURES, Line, describe_layer_lines, layer_lines
from cnnviz.language import N_
from cnnviz.rows import Report
from cnnviz.specs.catalog import torchvision_catalog
from cnnviz.specs.comparison import MOST, ComparisonSpec, Contender, contender, contenders
from cnnviz.ui.comparison import stages_table, tell_apart, totals_table
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_option, good_or_last, render_refusals, report_of
from cnnviz.ui.places import ARCHITECTURE, TRAINING, page_link
from cnnviz.ui.reader import dark
from cnnviz.ui.speed import render_speed

BATCH = 128  # for the memory that training keeps

page = heading(N_("Side by side"), N_("What each network added to the one before, and what it paid for it."))
_ = page.language
link = PageLink("compare")
form = SpecForm(ComparisonSpec, link, dict(ComparisonSpec()), _)
wide, narrow = st.columns([3, 1])
with wide:
    form.choose_several("networks", [one.key for one in contenders()], lambda key: contender(key).title(_), MOST)
with narrow:
    form.draw(["image_size"])


def take_apart() -> tuple[tuple[Contender, ArchitectureSpec, Report], ...]:
    """Each network with its spec and its report."""
    chosen = ComparisonSpec.parse(form.values)
    found = [(one, one.spec(chosen.size)) for one in chosen.contenders]
    return tuple((one, spec, report_of(spec, BATCH)) for one, spec in found)


render_refusals(link, form.sentence, _)
compared = good_or_last("compare", take_apart, form.show)
measure_slot = st.container()
if compared is None:
    link.write(form.values, dict(ComparisonSpec()))
    st.stop()
chosen = [one for one, _spec, _report in compared]
reports = [report for _one, _spec, report in compared]
titles = [one.title(_) for one in chosen]
strokes = tell_apart(chosen, dark())
with measure_slot:
    st.table(totals_table(chosen, reports, _), alt=_("Totals of {networks}", networks=", ".join(titles)))
    costs = [
        CostEntry(title, report.parameters, report.macs, colour, one.key)
        for one, title, report, (colour, _dash) in zip(chosen, titles, reports, strokes, strict=True)
    ]
    figure_chart(drawn(cost_bars, costs, _, dark()), _, alt=describe_cost_bars(costs, _), key="costs")
    st.header(_("Stage by stage"), anchor=False)
    st.caption(
        _(
            "Stages stand in one line when their resolution is the same; what the left neighbour lacks is tinted and "
            "bold."
        )
    )
    st.table(stages_table(chosen, reports, _), alt=_("Stages of {networks}", networks=", ".join(titles)))
st.header(_("Layer by layer"), anchor=False)
measure, _new = choose_option(link, "measure", {key: kind.title for key, kind in MEASURES.items()}, _("Along depth"), _)
lines = [
    Line(title, report, colour, dash) for title, report, (colour, dash) in zip(titles, reports, strokes, strict=True)
]
figure_chart(drawn(layer_lines, lines, measure, _, dark()), _, alt=describe_layer_lines(lines, measure, _),
                key="layers")  # fmt: skip
with st.expander(
    _("Accuracy against cost"), icon=":material/scatter_plot:", on_change="rerun", key="accuracy"
) as shelf:
    if shelf.open:
        everything = torchvision_catalog()
        keys = {one.entry.key.removeprefix("torchvision/") for one in chosen}
        marked = {f"torchvision/{key}" for key in keys}
        st.caption(
            _("Published by torchvision for its own networks, trained on ImageNet; the chosen ones by their namesakes.")
        )
        figure_chart(drawn(accuracy_cost, everything, marked, _, dark()),
                     _, alt=describe_accuracy_cost(everything, marked, _), key="scatter")  # fmt: skip
with st.expander(_("Measured speed"), icon=":material/timer:", on_change="rerun", key="speed") as clock:
    if clock.open:
        render_speed([spec for _one, spec, _report in compared], titles, _)
link.write({**form.values, "measure": measure}, {**dict(ComparisonSpec()), "measure": next(iter(MEASURES))})
with st.container(horizontal=True):
    for one, title in zip(chosen, titles, strict=True):
        variant = {"variant": one.variant.key} if one.variant else {}
        page_link(ARCHITECTURE, _("Take {title} apart", title=title), net=one.entry.key, **variant)
    if chosen[-1].entry.form != "torchvision":
        page_link(TRAINING, _("Train {title}", title=titles[-1]), net=chosen[-1].entry.key)
with page.take_away():
    st.download_button(
        _("Totals as CSV"),
        lambda: totals_table(chosen, reports, _).to_csv(),
        file_name="compare.csv",
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
    )
