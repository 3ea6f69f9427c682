"""Channels and resolution through the depth, with the layer that everything on the page shares; drawn in the browser.

A drawing of its own: the page needs no plotly.js, whose 4.7 MB take a browser longer to read than everything else here.
"""

from pathlib import Path
from typing import Final

import streamlit as st

from cnnviz.figures.depth import depth_points, depth_ticks, describe_depth, describe_point
from cnnviz.language import Language
from cnnviz.rows import Report
from cnnviz.ui.components.selection import SCRIPT, chosen_in, shown_and_taken

_HERE: Final = Path(__file__).parent
_MOUNT: Final = st.components.v2.component(
    "cnnviz_depth_chart",
    html='<div class="depth"></div>',
    css=(_HERE / "depth_chart.css").read_text(encoding="utf-8"),
    js=SCRIPT + (_HERE / "depth_chart.js").read_text(encoding="utf-8"),
)


def network_depth(report: Report, _: Language, *, key: str, group: str = "", selected: str | None = None) -> str | None:
    """Draw channels and heights on one logarithmic axis; returns the path of the selected layer, or None.

    Args:
        report: the network taken apart.
        _: the reader's language.
        key: the component's key.
        group: components of one group share their selection, in the browser at once and in `selected_in(group)`.
        selected: a path selected elsewhere; None leaves the choice to the chart, or to its group. A layer inside a
            block marks the block.
    """
    points = depth_points(report)
    shown, take = shown_and_taken(key, group, selected, None)
    result = _MOUNT(
        key=key,
        data={
            "points": [
                {"path": point.path, "lines": [point.channels, point.size], "words": describe_point(point, _)}
                for point in points
            ],
            "ticks": [{"index": index, "name": points[index].stage} for index in depth_ticks(points)],
            "names": [_("Channels or units"), _("Height in px")],
            "below": _("Stage, in the order of execution"),
            "description": describe_depth(report, _),
            "group": group,
            "selected": shown,
        },
        on_selected_change=take,
    )
    path = shown if group else chosen_in(result)
    return path if path is not None and report.row(path) is not None else None
