"""Charts of one network, each computed only while its drawer is open: where it lives, and what happens in depth."""

import streamlit as st

from cnnviz.figures.depth import depth_chart, describe_depth
from cnnviz.language import Language
from cnnviz.rows import Report
from cnnviz.ui.components.selection import select, selected_in
from cnnviz.ui.components.treemap import network_treemaps
from cnnviz.ui.reader import dark

PLAIN = {"displayModeBar": False}


def render_charts(report: Report, group: str, _: Language) -> None:
    """The drawers; the layer that is selected in the group is marked, and a click on a chart selects one.

    Args:
        report: the network taken apart.
        group: of the components that share a selection.
        _: the reader's language.
    """
    path = selected_in(group)
    with st.expander(
        _("Where the weights and the work are"), icon=":material/dashboard:", on_change="rerun", key="treemaps"
    ) as where:
        if where.open:
            network_treemaps(report, _, key="where", group=group)
    with st.expander(
        _("Channels and resolution through the depth"), icon=":material/stairs:", on_change="rerun", key="depth drawer"
    ) as through:
        if through.open:
            st.plotly_chart(
                depth_chart(report, _, dark(), path),
                config=PLAIN,
                alt=describe_depth(report, _),
                key="depth",
                on_select=lambda: _take(group),
                selection_mode="points",
            )


def _take(group: str) -> None:
    """A click on a point selects its layer everywhere."""
    points = st.session_state["depth"]["selection"]["points"]
    paths = [point.get("customdata") for point in points]
    path = next((path[0] if isinstance(path, list) else path for path in paths if path), None)
    if path:
        select(group, path)
