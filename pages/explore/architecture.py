"""Architecture: pick a network, change it, and see every layer with its shape and its cost."""

import streamlit as st

from cnnviz.architectures import ArchitectureSpec, architecture
from cnnviz.figures.stages import describe_stages, stage_diagram
from cnnviz.inspection.facts import headline
from cnnviz.language import N_, Language
from cnnviz.rows import Report
from cnnviz.ui.components.layer_tree import layer_tree, tree_labels
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.frame import heading
from cnnviz.ui.layers import tree_columns, tree_rows
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import (
    SIZE_FIELDS,
    choose_network,
    good_or_last,
    knob_names,
    render_refusals,
    report_of,
)
from cnnviz.ui.places import COMPARE, TRAINING, page_link
from cnnviz.ui.reader import dark
from cnnviz.ui.takeaway import render_table_downloads
from cnnviz.ui.theme import INK, PAPER, colour_of

BATCH = 128  # for the memory that training keeps
HEIGHT = 460

page = heading(N_("Take a network apart"), N_("Every layer with its shape, its parameters and what it costs."))
_ = page.language
link = PageLink("architecture")
choice, *sizes = st.columns([2, 1, 1, 1])
with choice:
    entry, is_new = choose_network(link, _, default="resnet18")
defaults = dict(entry.spec())
form = SpecForm(entry.spec_type, link, defaults, _, restart=is_new)
for column, name in zip(sizes, SIZE_FIELDS, strict=True):
    with column:
        form.draw([name])
knobs = knob_names(entry.spec_type)
with st.expander(_("Change the network"), icon=":material/tune:", key="knobs", on_change="rerun") as drawer:
    if drawer.open:
        with st.grid("auto", min_column_width=240):
            form.draw(knobs)
    else:
        form.hold(knobs)


def take_apart() -> tuple[ArchitectureSpec, Report]:
    """The spec of the widgets and its report."""
    spec = entry.spec(**form.values)
    return spec, report_of(spec, BATCH)


def render_totals(report: Report, _: Language) -> None:
    """The four totals, readable from the last row; the exact figures on hover."""
    totals = (
        (
            _("Parameters"),
            _.compact(report.parameters),
            _("{count} weights and biases.", count=_.number(report.parameters)),
        ),
        (
            _("MACs per picture"),
            _.compact(report.macs),
            _("{count} multiply-accumulates; 1 MAC = 2 FLOPs.", count=_.number(report.macs)),
        ),
        (_("Weights"), _.bytes(report.weight_bytes), _("In float32, 4 bytes each.")),
        (
            _("Kept while training"),
            _.bytes(report.saved_bytes),
            _("Values that the backward pass needs, for a batch of {count} pictures.", count=BATCH),
        ),
    )
    for column, (label, value, help) in zip(st.columns(4), totals, strict=True):
        column.metric(label, value, help=help)


render_refusals(link, form.sentence, _)
good = good_or_last("architecture", take_apart, form.show)
link.write({"net": entry.key, **form.values}, {"net": "resnet18", **defaults})
if good is None:
    st.stop()
spec, report = good
shown_entry = architecture(spec.key)
left, right = st.columns([1, 2], gap="medium")
with right:
    render_totals(report, _)
    st.markdown(headline(report, _))
    layer_tree(
        tree_rows(report, _, _(shown_entry.title)),
        columns=tree_columns(_, BATCH),
        labels=tree_labels(_),
        key="layers",
        height=HEIGHT,
        caption=_("The layers of {title}", title=_(shown_entry.title)),
    )
with left:
    theme = int(dark())
    with st.container(height=HEIGHT + 130, border=False, key="stages"):
        st.image(
            stage_diagram(report, _, ink=INK[theme], colour=colour_of(shown_entry), paper=PAPER[theme]),
            alt=describe_stages(report, _),
        )
with st.container(horizontal=True):
    page_link(TRAINING, _("Train it"), **{"net": entry.key, **link.wanted})
    page_link(COMPARE, _("Compare it"), networks=",".join(filter(None, (shown_entry.ancestor, shown_entry.key))))
with page.take_away():
    render_table_downloads(report, shown_entry.key, _)
