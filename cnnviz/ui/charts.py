"""What is said of one network in drawers, each computed only while it is open: where it lives, depth, memory."""

import streamlit as st

from cnnviz.language import Language
from cnnviz.rows import Report
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.ui.components.depth_lines import depth_lines
from cnnviz.ui.components.treemap import network_treemaps
from cnnviz.ui.reader import dark


def render_charts(report: Report, group: str, _: Language) -> None:
    """The drawers; the layer that is selected in the group is marked, and a click on a chart selects one.

    Args:
        report: the network taken apart.
        group: of the components that share a selection.
        _: the reader's language.
    """
    with st.expander(
        _("Where the weights and the work are"), icon=":material/dashboard:", on_change="rerun", key="treemaps"
    ) as where:
        if where.open:
            network_treemaps(report, _, key="where", group=group)
    with st.expander(
        _("Channels and resolution through the depth"), icon=":material/stairs:", on_change="rerun", key="depth drawer"
    ) as through:
        if through.open:
            depth_lines(report, _, dark(), key="depth", group=group)


@st.cache_resource(max_entries=64, show_spinner=False)
def _peak(spec: ArchitectureSpec, batch_size: int) -> int:
    """See `cnnviz.inspection.peak.peak_bytes`; computed once for everybody."""
    from cnnviz.inspection.peak import peak_of

    return peak_of(spec, batch_size)


def render_memory(spec: ArchitectureSpec, report: Report, _: Language, *, key: str) -> None:
    """The drawer that sets what predicting a batch takes beside what training with it takes.

    Args:
        spec: the network.
        report: it taken apart, for the batch.
        _: the reader's language.
        key: the drawer's, which a link may open.
    """
    with st.expander(
        _("Memory to train and to predict"), icon=":material/memory:", on_change="rerun", key=key
    ) as drawer:
        if not drawer.open:
            return
        count, weights = report.input_shape[0], report.weight_bytes
        peak = _peak(spec, count)
        predicting, training = weights + peak, 2 * weights + report.saved_bytes
        st.markdown(
            _.plural(
                "For a batch of one picture, training takes **{times} times** the memory of predicting.",
                "For a batch of {count} pictures, training takes **{times} times** the memory of predicting.",
                count,
                times=_.significant(training / predicting, 2),
            )
        )
        left, right = st.columns(2)
        left.metric(_("To predict"), _.bytes(predicting))
        left.caption(
            _(
                "{weights} of weights, and at most {peak} of results alive at the same time: what no later layer needs "
                "is let go.",
                weights=_.bytes(weights),
                peak=_.bytes(peak),
            )
        )
        right.metric(_("To train"), _.bytes(training))
        right.caption(
            _(
                "{weights} of weights, as much for their gradients, and {kept} that the backward pass needs. Adam "
                "keeps two more values for each weight.",
                weights=_.bytes(weights),
                kept=_.bytes(report.saved_bytes),
            )
        )
        st.caption(_("In float32, without what PyTorch and its kernels need for themselves."))
