"""Architecture: pick a network, change it, and see every layer with its shape and its cost."""

import streamlit as st

from cnnviz.architectures import ArchitectureSpec, architecture
from cnnviz.figures.diagram import network_diagram as diagram_svg
from cnnviz.inspection.facts import headline
from cnnviz.language import N_
from cnnviz.rows import Report
from cnnviz.ui.charts import render_charts, render_memory
from cnnviz.ui.components.layer_tree import layer_tree, tree_labels
from cnnviz.ui.components.network_diagram import network_diagram
from cnnviz.ui.components.selection import select, selected_in
from cnnviz.ui.drawn import drawn
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.frame import heading
from cnnviz.ui.layer_card import render_layer_card
from cnnviz.ui.layers import failing_layer, render_published, render_totals, tree_columns, tree_rows
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import (
    SIZE_FIELDS,
    BatchSpec,
    choose_network,
    choose_variant,
    good_or_last,
    knob_names,
    render_refusals,
    report_of,
)
from cnnviz.ui.places import COMPARE, TRAINING, page_link
from cnnviz.ui.predicting import render_prediction
from cnnviz.ui.reader import dark, projector
from cnnviz.ui.takeaway import render_network_downloads
from cnnviz.ui.theme import INK, PAPER, colour_of

HEIGHT = 520
GROUP = "architecture"  # diagram, table and charts share one selected layer

page = heading(N_("Take a network apart"), N_("Every layer with its shape, its parameters and what it costs."))
_ = page.language
link = PageLink("architecture")
choice, variants, sizes = st.columns([3, 3, 8])
with choice:
    entry, is_new = choose_network(link, _, default="resnet18", shelves=True)
with variants:
    variant, changed = choose_variant(link, entry, _)
defaults = dict(entry.spec(**variant))
form = SpecForm(entry.spec_type, link, defaults, _, restart=is_new or changed)
batch = SpecForm(BatchSpec, link, dict(BatchSpec()), _)
with sizes:
    row, below = st.grid(4, min_column_width=130), st.container()  # a field is too narrow for a sentence
    with row:
        form.draw(SIZE_FIELDS, errors=below)
        batch.draw(["batch"], errors=below)
knobs = knob_names(entry.spec_type)


def take_apart() -> tuple[ArchitectureSpec, Report]:
    """The spec of the widgets and its report."""
    spec = entry.spec(**form.values)
    return spec, report_of(spec, BatchSpec.parse(batch.values).batch)


left, right = st.columns([2, 3] if projector() else [1, 2], gap="medium")  # enlarged it takes more
with left, st.expander(_("Change the network"), icon=":material/tune:", key="knobs", on_change="rerun") as drawer:
    if drawer.open:
        with st.grid("auto", min_column_width=150):
            form.draw(knobs)
    else:
        form.hold(knobs)
if link.asked.get("layer"):
    select(GROUP, link.asked["layer"])
if link.asked.get("memory") or link.returned:
    st.session_state[link.key("memory")] = link.asked.get("memory") == "1"
render_refusals(link, form.sentence, _)
good = good_or_last("architecture", take_apart, form.show)
link.write(
    {"net": entry.key, "variant": st.session_state[link.key("variant")], **form.values, **batch.values,
     "layer": selected_in(GROUP) or "", "memory": bool(st.session_state.get(link.key("memory")))},
    {"net": "resnet18", "variant": "", **defaults, **dict(BatchSpec()), "layer": "", "memory": False},
)  # fmt: skip
if good is None:
    st.stop()
spec, report = good
shown = architecture(spec.key)
failed = failing_layer(form.errors, report, form.sentence)
with left:
    network_diagram(
        report, _, key="diagram", colour=colour_of(shown), network=shown.key, group=GROUP, height=HEIGHT,
        failed=failed[0] if failed else None, caption=_("The network {title}", title=_(shown.title)),
    )  # fmt: skip
with right:
    render_totals(report, _)
    render_published(shown, _)
    st.markdown(headline(report, _))
    predicting = st.toggle(_("Predict, then reveal"), key="predict", help=_("Hides outputs and parameters."))
    hidden = render_prediction(report, selected_in(GROUP), spec, _) if predicting else ()
    layer_tree(
        drawn(tree_rows, report, _, _(shown.title), failed, tuple(hidden)),
        columns=tree_columns(_, report.input_shape[0]),
        labels=tree_labels(_),
        group=GROUP,
        key="layers",
        height=HEIGHT - 100,
        caption=_("The layers of {title}", title=_(shown.title)),
    )
    path = selected_in(GROUP)
    with st.container(border=True, key="card"):
        render_layer_card(report, path, colour_of(shown), _, hidden=path in hidden)
render_charts(report, GROUP, _)
render_memory(spec, report, _, key=link.key("memory"))
with st.container(horizontal=True):
    if shown.form != "torchvision":
        page_link(TRAINING, _("Train it"), form.changed(), net=entry.key)
    namesake = shown.ancestor if shown.form == "torchvision" else None
    page_link(COMPARE, _("Compare it"), networks=",".join(filter(None, (namesake or shown.ancestor, shown.key))))
with page.take_away():
    theme = int(dark())
    look = {"ink": INK[theme], "paper": PAPER[theme], "colour": colour_of(shown)}
    render_network_downloads(spec, report, lambda: diagram_svg(report, _, **look, failed=None), _)
