"""Results: what a trained network gets right and wrong, class by class, at any moment that was kept of its training."""

import streamlit as st

from cnnviz.data import CLASS_NAMES
from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.training import TEST_IMAGES
from cnnviz.ui.engine import engine
from cnnviz.ui.fields import error_text
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_option, render_refusals
from cnnviz.ui.places import TRAINING, page_link
from cnnviz.ui.results import (
    choose_checkpoint,
    choose_run,
    predictions_at,
    render_confusion,
    render_difference,
    render_norms,
    render_pairs,
    render_replay,
    render_worst,
)

page = heading(N_("Right and wrong"), N_("What a trained network takes for what, at any moment of its training."))
_ = page.language
link = PageLink("results")
try:
    engine()
except CnnvizError as error:
    st.error(_.error(error), icon=":material/error:")
    st.stop()
left, right = st.columns([1, 2], gap="medium", vertical_alignment="bottom")
with left:
    run = choose_run(link, _)
render_refusals(link, lambda error: error_text(error, _), _)
if run is None:
    st.info(_("No run has kept a checkpoint yet. Train a network, then come back."), icon=":material/grid_on:")
    page_link(TRAINING, _("Train a network first"))
    st.stop()
with right:
    moment = choose_checkpoint(link, run, _)
if moment is None:
    link.write({"run": run.id}, {})
    st.info(_("The checkpoints of this run made room for newer ones."), icon=":material/delete_sweep:")
    st.stop()
step, path = moment
try:
    with st.spinner(_("The network looks at the test pictures…"), show_time=True):
        found = predictions_at(run, path)
except CnnvizError as error:
    st.error(_.error(error), icon=":material/error:")
    st.stop()
with st.grid(3, min_column_width=110):
    st.metric(_("Test accuracy"), _.percent(found.accuracy, 2))
    st.metric(_("Test loss"), _.significant(found.loss))
    st.metric(_("Pictures"), _.number(len(found.labels)))
render_difference(run, step, found, _)
views = {
    "confusion": N_("Confusions"),
    "mistakes": N_("Mistakes"),
    "replay": N_("What it sees"),
    "norms": N_("Weights and gradients"),
}
view, _new = choose_option(link, "view", views, _("Look at"), _)
link.write({"run": run.id, "step": step, "view": view}, {"view": "confusion"})
if view == "confusion":
    render_confusion(run, found, _)
    st.header(_("Taken for each other"), anchor=False)
    render_pairs(found, _)
elif view == "mistakes":
    st.caption(_("The pictures whose own class got the least probability."))
    render_worst(found, _)
elif view == "replay":
    key = link.key("picture")
    st.session_state.setdefault(key, 0)
    st.number_input(
        _("Test picture (0 is an {name})", name=_(CLASS_NAMES[9])), 0, TEST_IMAGES - 1, key=key, width=260,
        persist_state="session",
    )  # fmt: skip
    render_replay(run, path, int(st.session_state[key]), _)
else:
    what, _new = choose_option(
        link, "what", {"gradient": N_("Gradients"), "weight": N_("Weights")}, _("Root mean square of"), _
    )
    st.caption(
        _(
            "Layers from the input (top) to the output. Where gradients fade on their way to the input, the first "
            "layers hardly learn; a sum past a block lets them through."
        )
    )
    render_norms(run, what, _)
with page.take_away():
    pass
