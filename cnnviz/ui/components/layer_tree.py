"""A tree of layers that a keyboard and a screen reader can walk: `st.dataframe` is a canvas without a tree.

The browser holds the tree; the server sends finished text and learns one thing: which row is selected. Expansion,
search, sorting and scrolling stay in the browser and survive new rows under the same key. All text is set as text,
never as markup, so a layer may have any name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NotRequired, TypedDict

import streamlit as st

from cnnviz.language import Language
from cnnviz.ui.components.selection import SCRIPT, chosen_in, shown_and_taken

_HERE: Final = Path(__file__).parent
_MOUNT: Final = st.components.v2.component(
    "cnnviz_layer_tree",
    html=(_HERE / "layer_tree.html").read_text(encoding="utf-8"),
    css=(_HERE / "layer_tree.css").read_text(encoding="utf-8"),
    js=SCRIPT + (_HERE / "layer_tree.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class TreeColumn:
    """One column of figures; the column with the layers' names stands before them and is always there.

    Attributes:
        title: the heading, in the reader's language.
        priority: 0 is always shown; where room is short, the highest numbers leave first.
        align: numbers stand right, text left.
        sortable: whether its heading sorts the layers within each block.
        help: a sentence about it, shown on hover and read aloud.
    """

    title: str
    priority: int = 0
    align: Literal["left", "right"] = "right"
    sortable: bool = True
    help: str = ""


class TreeCell(TypedDict):
    """A cell: text as it is shown, and what stands behind it."""

    text: str
    sort: NotRequired[float | None]
    """The number it is sorted by; cells without one sort as text, and None comes last."""
    title: NotRequired[str]
    """The exact figure, shown on hover."""
    share: NotRequired[float | None]
    """0 to 1: a discreet bar behind the figure."""


class TreeRow(TypedDict):
    """A row; rows come in the tree's order, parents before their children."""

    path: str
    depth: int
    leaf: bool
    cells: Sequence[str | TreeCell]
    """One per column."""
    name: NotRequired[str]
    """What the first column shows; the last part of the path if it is left out."""
    type: NotRequired[str]
    """Stands after the name in grey and is found by the search too."""
    failed: NotRequired[bool]
    """The first layer that cannot work: marked with an icon and `note`."""
    note: NotRequired[str]
    """A sentence under the name, for example why it cannot work."""


@dataclass(frozen=True, slots=True)
class TreeResult:
    """What a reader has chosen: `selected` is the path of a row ("" is the network itself) or None."""

    selected: str | None


def tree_labels(_: Language) -> dict[str, str]:
    """The words of the component itself, in the reader's language."""
    return {
        "layer": _("Layer"),
        "search": _("Find a layer by name or type"),
        "clear": _("Clear the search"),
        "expand_all": _("Expand all"),
        "collapse_all": _("Collapse all"),
        "found": _("{count} of {total} layers match"),
        "nothing": _("No layer matches “{text}”."),
        "failed": _("Cannot work"),
        "sort_none": _("Sorted as in the network"),
        "sort_ascending": _("Sorted by {column}, smallest first"),
        "sort_descending": _("Sorted by {column}, largest first"),
        "share": _("{percent} of the whole"),
        "hidden": _("Columns hidden for lack of room: {columns}"),
        "locale": _.code,
    }


def layer_tree(
    rows: Sequence[TreeRow],
    *,
    columns: Sequence[TreeColumn],
    labels: Mapping[str, str],
    selected: str | None = None,
    group: str = "",
    key: str,
    height: int | None = None,
    expanded_depth: int = 1,
    caption: str = "",
    on_select: Callable[[], None] | None = None,
) -> TreeResult:
    """Draw a tree of layers and return the selected one.

    Args:
        rows: the tree in its order; all text is finished and in the reader's language.
        columns: the columns of figures, as many as each row has cells.
        labels: the component's own words, from `tree_labels`.
        selected: a row selected elsewhere: its ancestors open and it scrolls into view inside the table. None leaves
            the choice to the table, or to its group.
        group: components of one group share their selection, in the browser at once and in `selected_in(group)`.
        key: the component's key; what is open, searched and sorted is kept under it.
        height: the most height in px before it scrolls inside itself; None lets it grow.
        expanded_depth: rows of smaller depth start open; 1 shows the network and its stages.
        caption: what the table is about, read aloud before it.
        on_select: called before the rerun that a selection starts; `st.session_state[key]["selected"]` is the path.

    Returns:
        The selection; a path that is not among the rows counts as none.

    Raises:
        ValueError: if a row has another number of cells than there are columns.

    Example:
        >>> layer_tree(
        ...     [
        ...         {"path": "", "depth": 0, "leaf": False, "name": "LeNet", "cells": ["10", "61.7 k"]},
        ...         {"path": "conv1", "depth": 1, "leaf": True, "type": "Conv2d", "cells": [
        ...             "6×28×28", {"text": "156", "sort": 156, "title": "156", "share": 0.0025}]},
        ...     ],
        ...     columns=[TreeColumn("Output", align="left", sortable=False), TreeColumn("Parameters")],
        ...     labels=tree_labels(_),
        ...     key="layers",
        ... )
        TreeResult(selected=None)
    """
    for row in rows:
        if len(row["cells"]) != len(columns):
            raise ValueError(f"row {row['path']!r}: {len(row['cells'])} cells, expected {len(columns)}")
    shown, take = shown_and_taken(key, group, selected, on_select)
    result = _MOUNT(
        key=key,
        data={
            "rows": [_packed(row) for row in rows],
            "columns": [_column(column) for column in columns],
            "labels": dict(labels),
            "selected": shown,
            "group": group,
            "height": height,
            "expanded": expanded_depth,
            "caption": caption,
        },
        on_selected_change=take,  # a state only appears in the result where a callback names it
    )
    path = shown if group else chosen_in(result)
    return TreeResult(path if any(row["path"] == path for row in rows) else None)


def _column(column: TreeColumn) -> dict[str, Any]:
    return {
        "title": column.title,
        "priority": column.priority,
        "align": column.align,
        "sortable": column.sortable,
        "help": column.help,
    }


def _packed(row: TreeRow) -> list[Any]:
    """A row as a list, without what is not there: 900 rows are sent at once."""
    flags = {name: row[name] for name in ("failed", "note") if row.get(name)}
    return [
        row["path"],
        row["depth"],
        int(row["leaf"]),
        row.get("name", row["path"].rpartition(".")[2]),
        row.get("type", ""),
        [_packed_cell(cell) for cell in row["cells"]],
        flags,
    ]


def _packed_cell(cell: str | TreeCell) -> Any:
    if isinstance(cell, str):
        return cell
    packed = [cell["text"], cell.get("sort"), cell.get("title", ""), cell.get("share")]
    while len(packed) > 1 and not packed[-1] and packed[-1] != 0:
        packed.pop()
    return packed
