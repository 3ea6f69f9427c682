"""Charts of one network, each computed only while its drawer is open: where it lives, and what happens in depth."""

import streamlit as st

from cnnviz.language import Language
from cnnviz.rows import Report
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
