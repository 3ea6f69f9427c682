"""A report as the rows of the layer tree: every figure formatted in the reader's language, the exact one on hover."""

from collections.abc import Callable, Collection, Sequence

import streamlit as st

from cnnviz.architectures import Architecture
from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.rows import LayerRow, Report
from cnnviz.ui.components.layer_tree import TreeCell, TreeColumn, TreeRow

_CONTAINERS = frozenset({"Sequential", "ModuleList", "Network"})  # they say nothing that the tree does not show


def tree_columns(_: Language, batch_size: int) -> list[TreeColumn]:
    """The columns, most important first; the others leave where room is short."""
    return [
        TreeColumn(_("Output"), 0, "left", sortable=False, help=_("Channels × height × width, or units.")),
        TreeColumn(_("Parameters"), 0, help=_("Weights and biases; shared ones count once.")),
        TreeColumn(_("MACs"), 1, help=_("Multiply-accumulates for one picture; 1 MAC = 2 FLOPs.")),
        TreeColumn(
            _("Kept"),
            2,
            help=_("Memory that training keeps for the backward pass, for a batch of {count}.", count=batch_size),
        ),
        TreeColumn(_("Kernel"), 3, "left", sortable=False, help=_("Kernel / stride / padding, and groups.")),
        TreeColumn(_("Sees"), 4, help=_("Receptive field: the pixels of the input that one output position sees.")),
    ]


def tree_rows(
    report: Report, _: Language, title: str, failed: tuple[str, str] | None = None, hidden: Collection[str] = ()
) -> list[TreeRow]:
    """The rows, parents before their children.

    Args:
        report: the network taken apart.
        _: the reader's language.
        title: the network's name, for the first row.
        failed: the path of the first layer that cannot work and why, if there is one.
        hidden: paths whose output and parameters are still to be predicted.
    """
    rows = [_row(row, report, _, title, failed) for row in report.layers]
    unseen = frozenset(hidden)
    for row in rows:
        if row["path"] in unseen:
            row["cells"] = ["?", "?", *row["cells"][2:]]
    return rows


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
            _("Values that the backward pass needs, for a batch of {count} pictures.", count=report.input_shape[0]),
        ),
    )
    with st.grid(4, min_column_width=130):  # two in a row on a phone
        for label, value, help in totals:
            st.metric(label, value, help=help)


def render_published(entry: Architecture, _: Language) -> None:
    """What torchvision publishes about a network of its own, and which network of the chapter it is to be told from."""
    published = entry.published
    if entry.form != "torchvision" or published is None:
        return
    st.caption(
        _(
            "torchvision's own {title}: {top1} top-1 and {top5} top-5 on ImageNet ({weights}), {macs} G MACs at "
            "{size} px. It may differ from the chapter's network of that name.",
            title=entry.title,
            top1=_.percent(published.top1, 1),
            top5=_.percent(published.top5, 1),
            weights=published.weights,
            macs=_.number(published.gmacs, 2),
            size=published.crop_size,
        )
    )


def failing_layer(
    errors: Sequence[CnnvizError], report: Report, sentence: Callable[[CnnvizError], str]
) -> tuple[str, str] | None:
    """The first layer that cannot work with what was asked for, or the part of the page's network it is in, and why."""
    for error in errors:
        path = str(error.parameters.get("layer") or "").partition(" ")[0]
        while path and report.row(path) is None:
            path = path.rpartition(".")[0]
        if path:
            return path, sentence(error)
    return None


def _row(row: LayerRow, report: Report, _: Language, title: str, failed: tuple[str, str] | None) -> TreeRow:
    tree: TreeRow = {
        "path": row.path,
        "depth": row.depth,
        "leaf": row.leaf,
        "name": row.name or title,
        "type": "" if row.type in _CONTAINERS else row.type,
        "cells": [
            _.shape(row.output_shape[1:]),
            _figure(row.parameters, report.parameters, _),
            _figure(row.macs, report.macs, _),
            _memory(row.saved_bytes, report.saved_bytes, _),
            _kernel(row),
            _field(row),
        ],
    }
    if failed is not None and failed[0] == row.path:
        tree["failed"], tree["note"] = True, failed[1]
    return tree


def _figure(value: int, total: int, _: Language) -> TreeCell:
    if not value:
        return {"text": "", "sort": 0}
    return {"text": _.compact(value), "sort": value, "title": _.number(value), "share": value / total}


def _memory(value: int, total: int, _: Language) -> TreeCell:
    if not value:
        return {"text": "", "sort": 0}
    return {"text": _.bytes(value), "sort": value, "title": f"{_.number(value)} B", "share": value / total}


def _pair(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def _kernel(row: LayerRow) -> str:
    if row.kernel is None or not row.leaf:
        return ""
    text = f"{row.kernel[0]}×{row.kernel[1]}"
    if row.stride is not None:
        text += f" / {_pair(row.stride)}"
    if row.padding is not None:
        text += f" / {_pair(row.padding)}"
    return text + (f" · g{row.groups}" if row.groups and row.groups > 1 else "")


def _field(row: LayerRow) -> TreeCell:
    if row.receptive_field is None:
        return {"text": "", "sort": None}
    height, width = row.receptive_field
    return {"text": f"{height}×{width}", "sort": height * width}
