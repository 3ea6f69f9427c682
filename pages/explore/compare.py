"""Compare: two to four networks side by side, their totals, their stages and their cost."""

import streamlit as st

from cnnviz.architectures import ArchitectureSpec, architecture, catalog
from cnnviz.figures.cost import CostEntry, cost_bars, describe_cost_bars
from cnnviz.language import N_
from cnnviz.rows import Report
from cnnviz.specs.comparison import MOST, ComparisonSpec
from cnnviz.ui.comparison import stages_table, totals_table
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import good_or_last, render_refusals, report_of
from cnnviz.ui.places import ARCHITECTURE, TRAINING, page_link
from cnnviz.ui.reader import dark
from cnnviz.ui.theme import colour_of

BATCH = 128  # for the memory that training keeps

page = heading(N_("Side by side"), N_("What each network added to the one before, and what it paid for it."))
_ = page.language
link = PageLink("compare")
form = SpecForm(ComparisonSpec, link, dict(ComparisonSpec()), _)
wide, narrow = st.columns([3, 1])
with wide:
    form.choose_several("networks", [entry.key for entry in catalog()], lambda key: _(architecture(key).title), MOST)
with narrow:
    form.draw(["image_size"])


def take_apart() -> tuple[tuple[ArchitectureSpec, Report], ...]:
    """Each network's spec and report."""
    chosen = ComparisonSpec.parse(form.values)
    size = {} if chosen.image_size == "own" else {"image_size": int(chosen.image_size)}
    specs = [architecture(key).spec(**size) for key in chosen.networks]
    return tuple((spec, report_of(spec, BATCH)) for spec in specs)


render_refusals(link, form.sentence, _)
compared = good_or_last("compare", take_apart, form.show)
link.write(form.values, dict(ComparisonSpec()))
if compared is None:
    st.stop()
entries = [architecture(spec.key) for spec, _report in compared]
reports = [report for _spec, report in compared]
titles = [_(entry.title) for entry in entries]
st.table(totals_table(entries, reports, _), alt=_("Totals of {networks}", networks=", ".join(titles)))
costs = [
    CostEntry(_(entry.title), report.parameters, report.macs, colour_of(entry), entry.key)
    for entry, report in zip(entries, reports, strict=True)
]
st.plotly_chart(
    cost_bars(costs, _, dark()), config={"displayModeBar": False}, alt=describe_cost_bars(costs, _), key="costs"
)
st.header(_("Stage by stage"), anchor=False)
st.caption(
    _("Stages stand in one line when their resolution is the same; what the left neighbour lacks is tinted and bold.")
)
st.table(stages_table(entries, reports, _), alt=_("Stages of {networks}", networks=", ".join(titles)))
with st.container(horizontal=True):
    for entry in entries:
        page_link(ARCHITECTURE, _("Take {title} apart", title=_(entry.title)), net=entry.key)
    page_link(TRAINING, _("Train {title}", title=_(entries[-1].title)), net=entries[-1].key)
with page.take_away():
    st.download_button(
        _("Totals as CSV"),
        lambda: totals_table(entries, reports, _).to_csv(),
        file_name="compare.csv",
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
    )
