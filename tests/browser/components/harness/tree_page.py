"""A page with a tree of layers and the buttons that the tests press."""

import streamlit as st

from cnnviz.language import Language, match_language
from cnnviz.ui.components.layer_tree import TreeColumn, layer_tree, tree_labels

_ = Language(match_language(st.context.locale))
st.set_page_config(layout="wide")
st.session_state.setdefault("selected_layer", None)
st.session_state.setdefault("version", 1)
size = st.query_params.get("size", "small")


def figures(parameters: int, total: int, output: str, kernel: str = "") -> list[object]:
    return [
        kernel or "–",
        output,
        {"text": _.compact(parameters), "sort": parameters, "title": _.number(parameters), "share": parameters / total},
        {
            "text": _.compact(parameters * 97),
            "sort": parameters * 97,
            "title": _.number(parameters * 97),
            "share": (parameters / total) ** 0.5,
        },
        {"text": _.bytes(parameters * 4), "sort": parameters * 4, "title": f"{_.number(parameters * 4)} B"},
    ]


def small() -> list[dict[str, object]]:
    """The layers of LeNet in three stages; one name is markup, which must be shown as text."""
    total = 61_706
    layers = [
        ("", 0, False, "LeNet", "", total, "10", ""),
        ("stem", 1, False, "stem", "Sequential", 156, "6×14²", ""),
        ("stem.conv", 2, True, "conv", "Conv2d", 156, "6×28²", "5×5"),
        ("stem.activation", 2, True, "activation", "Sigmoid", 0, "6×28²", ""),
        ("stem.pool", 2, True, "pool", "AvgPool2d", 0, "6×14²", "2×2"),
        ("body", 1, False, "body", "Sequential", 2_416, "16×5²", ""),
        ("body.conv", 2, True, "conv", "Conv2d", 2_416, "16×10²", "5×5"),
        ("body.<img src=x onerror=alert(1)>", 2, True, "<img src=x onerror=alert(1)>", "Sigmoid", 0, "16×10²", ""),
        ("body.pool", 2, True, "pool", "AvgPool2d", 0, "16×5²", "2×2"),
        ("head", 1, False, "head", "Sequential", 59_134, "10", ""),
        ("head.1", 2, True, "1", "Linear", 48_120, "120", ""),
        ("head.2", 2, True, "2", "Linear", 10_164, "84", ""),
        ("head.3", 2, True, "3", "Linear", 850, "10", ""),
    ]
    if st.session_state.version > 1:
        layers.append(("head.4", 2, True, "4", "Softmax", 0, "10", ""))
    rows = [
        {"path": path, "depth": depth, "leaf": leaf, "name": name, "type": kind, "cells": figures(count, total, out, k)}
        for path, depth, leaf, name, kind, count, out, k in layers
    ]
    if st.session_state.version == 3:
        broken = next(row for row in rows if row["path"] == "body.pool")
        broken |= {
            "failed": True,
            "note": _("A kernel of 2×2 does not fit on 1×1. The input must have at least 32 px."),
        }
    return rows


def large() -> list[dict[str, object]]:
    """1,001 rows, as deep and wide as DenseNet-201."""
    total = 20_000_000
    rows: list[dict[str, object]] = []

    def add(path: str, depth: int, leaf: bool, kind: str, count: int) -> None:
        name = path.rpartition(".")[2] or "DenseNet-201"
        rows.append(
            {
                "path": path,
                "depth": depth,
                "leaf": leaf,
                "name": name,
                "type": kind,
                "cells": figures(count, total, "64×28²"),
            }
        )

    add("", 0, False, "", total)
    for block in range(8):
        add(f"block{block}", 1, False, "DenseBlock", 3 * block**2 * 2_000)
        for layer in range(31):
            add(f"block{block}.layer{layer}", 2, False, "DenseLayer", layer * 1_000)
            for part in ("norm", "conv", "add"):
                add(f"block{block}.layer{layer}.{part}", 3, True, part.title(), layer * 300)
    return rows


columns = [
    TreeColumn(_("Kernel"), priority=4, align="left", sortable=False),
    TreeColumn(_("Output"), priority=1, align="left", sortable=False, help=_("Channels × height × width")),
    TreeColumn(_("Parameters"), help=_("Weights and biases that training changes")),
    TreeColumn(_("MACs"), priority=2),
    TreeColumn(_("Memory"), priority=3),
]
with st.container(horizontal=True):
    if st.button("Select elsewhere"):
        st.session_state.selected_layer = "head.2"
    if st.button("New data"):
        st.session_state.version += 1
    st.button("Rerun")


def chosen() -> None:
    st.session_state.selected_layer = st.session_state.tree["selected"]


result = layer_tree(
    large() if size == "large" else small(),  # type: ignore[arg-type]
    columns=columns,
    labels=tree_labels(_),
    selected=st.session_state.selected_layer,
    key="tree",
    height=int(st.query_params.get("height", 420)),
    caption="Layers",
    on_select=chosen,
)
st.text(f"Selected: {result.selected!r}")
