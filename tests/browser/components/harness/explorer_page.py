"""Explorers of networks: a diagram and a table with one selection; `?nets=` says which, one group each."""

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.language import Language, match_language
from cnnviz.rows import Report
from cnnviz.ui.components.depth_lines import depth_lines
from cnnviz.ui.components.layer_tree import layer_tree, tree_labels
from cnnviz.ui.components.network_diagram import network_diagram
from cnnviz.ui.components.selection import select, selected_in
from cnnviz.ui.components.treemap import network_treemaps
from cnnviz.ui.layers import tree_columns, tree_rows
from cnnviz.ui.theme import colour_of

_ = Language(match_language(st.context.locale))
st.set_page_config(layout="wide")
st.session_state.setdefault("knob", 1)
nets = st.query_params.get("nets", "resnet18").split(",")
height = int(st.query_params.get("height", 560))


@st.cache_resource
def report_of(key: str, width: float) -> Report:
    from cnnviz.inspection import report_of as take_apart

    return take_apart(architecture(key).spec(**({"width": width} if width != 1 else {})))


with st.container(horizontal=True):
    if st.button("From Python"):
        select("0 " + nets[0], st.query_params.get("path", "stage3.block2.body.conv2"))
    if st.button("Knob"):
        st.session_state.knob += 1
    st.button("Rerun")
failed = st.query_params.get("failed")
for number, key in enumerate(nets):
    entry, group = architecture(key), f"{number} {key}"
    report = report_of(key, 1.0 if st.session_state.knob == 1 else 0.5)
    left, right = st.columns([1, 2], gap="medium")
    with left:
        network_diagram(
            report,
            _,
            key=f"diagram{number}",
            colour=colour_of(entry),
            network=key,
            group=group,
            failed=failed,
            height=height,
            caption=f"Diagram of {entry.title}",
        )
    with right:
        layer_tree(
            tree_rows(report, _, entry.title, (failed, "does not fit") if failed else None),
            columns=tree_columns(_, 128),
            labels=tree_labels(_),
            group=group,
            key=f"tree{number}",
            height=height,
            caption=f"Layers of {entry.title}",
        )
    if "maps" in st.query_params:
        network_treemaps(report, _, key=f"maps{number}", group=group)
        depth_lines(report, _, key=f"depth{number}", group=group)
    st.text(f"{key}: {selected_in(group)!r}")
