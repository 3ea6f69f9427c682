"""Two treemaps side by side that share the selected layer with the diagram and the table; drawn in the browser."""

from pathlib import Path
from typing import Any, Final

import streamlit as st

from cnnviz.figures.blocks import readable_on
from cnnviz.figures.treemap import HEIGHT, WIDTH, Tile, Treemap, describe_treemaps, share_text, treemaps
from cnnviz.language import Language
from cnnviz.rows import Report
from cnnviz.ui.components.selection import CHOICES, chosen_in, shown_and_taken

_HERE: Final = Path(__file__).parent
_MOUNT: Final = st.components.v2.component(
    "cnnviz_treemap",
    html='<div class="treemaps"></div>',
    css=(_HERE / "treemap.css").read_text(encoding="utf-8"),
    js=CHOICES + (_HERE / "treemap.js").read_text(encoding="utf-8"),
)


def network_treemaps(
    report: Report, _: Language, *, key: str, group: str = "", selected: str | None = None
) -> str | None:
    """Draw where the weights and the work of a network are; returns the path of the selected layer, or None.

    Args:
        report: the network taken apart.
        _: the reader's language.
        key: the component's key.
        group: components of one group share their selection, in the browser at once and in `selected_in(group)`.
        selected: a path selected elsewhere; None leaves the choice to the treemaps, or to their group. A layer that is
            too small to be drawn marks the module it is in.
    """
    shown, take = shown_and_taken(key, group, selected, None)
    result = _MOUNT(
        key=key,
        data={
            "panels": [_panel(panel, _) for panel in treemaps(report, _)],
            "description": describe_treemaps(report, _),
            "height": HEIGHT,
            "group": group,
            "selected": shown,
        },
        on_selected_change=take,
    )
    path = shown if group else chosen_in(result)
    return path if path is not None and report.row(path) is not None else None


def _panel(panel: Treemap, _: Language) -> dict[str, Any]:
    return {
        "title": panel.title,
        "total": _.compact(panel.total),
        "tiles": [_tile(tile, panel.total, _) for tile in panel.tiles],
    }


def _tile(tile: Tile, total: int, _: Language) -> dict[str, Any]:
    left, top, width, height = tile.box
    share = share_text(tile.value, total, _)
    return {
        "path": tile.path,
        "name": tile.name,
        "share": share,
        "words": f"{tile.path}: {_.number(tile.value)}, {share}",
        "place": [round(100 * left / WIDTH, 3), round(top, 2), round(100 * width / WIDTH, 3), round(height, 2)],
        "colour": tile.colour,
        "ink": readable_on(tile.colour),
    }
