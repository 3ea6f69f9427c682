"""Channels and resolution through the depth, sharing the selected layer with the diagram, the table and the treemaps.

Drawn in the browser as SVG of our own: the first chart of Plotly's on a page waits for five megabytes of script.
"""

from pathlib import Path
from typing import Any, Final

import streamlit as st

from cnnviz.figures.depth import HEIGHT, DepthChart, DepthLine, DepthPoint, depth_chart, describe_depth
from cnnviz.language import Language
from cnnviz.rows import Report
from cnnviz.ui.components.selection import CHOICES, chosen_in, shown_and_taken

_HERE: Final = Path(__file__).parent
_MOUNT: Final = st.components.v2.component(
    "cnnviz_depth_lines",
    html='<div class="depth-lines"></div>',
    css=(_HERE / "depth_lines.css").read_text(encoding="utf-8"),
    js=CHOICES + (_HERE / "depth_lines.js").read_text(encoding="utf-8"),
)
_UNIT: Final = 1000  # the drawing's own units across and up
_ROOM: Final = (40, 60)  # % of the drawing at the left of which the channels' and the heights' name has no room
_MARKED: Final = 40  # points; more of them would run into one another


def depth_lines(
    report: Report, _: Language, dark: bool = False, *, key: str, group: str = "", selected: str | None = None
) -> str | None:
    """Draw the depth chart of a network; returns the path of the selected layer, or None.

    Args:
        report: the network taken apart.
        _: the reader's language.
        dark: the reader's theme.
        key: the component's key.
        group: components of one group share their selection, in the browser at once and in `selected_in(group)`.
        selected: a path selected elsewhere; None leaves the choice to the chart, or to its group. A layer inside a
            block marks the block.
    """
    shown, take = shown_and_taken(key, group, selected, None)
    chart = depth_chart(report, _, dark)
    result = _MOUNT(
        key=key,
        data={
            "height": HEIGHT,
            "group": group,
            "selected": shown,
            "description": describe_depth(report, _),
            "across": _("Stage, in the order of execution"),
            "levels": [[_.number(level), _up(chart.share(level))] for level in chart.levels],
            "lines": [_line(line, chart) for line in chart.lines],
            "columns": [[point.path, _words(point, chart, _)] for point in chart.points],
            "stages": [[chart.points[first].stage, _across(first, chart), _across(end, chart)]
                       for first, end in chart.stages],
        },
        on_selected_change=take,
    )  # fmt: skip
    path = shown if group else chosen_in(result)
    return path if path is not None and report.row(path) is not None else None


def _up(share: float) -> float:
    """From the top, in % of the drawing."""
    return round(100 * (1 - share), 2)


def _across(place: float, chart: DepthChart) -> float:
    """From the left, in % of the drawing."""
    return round(100 * place / len(chart.points), 3)


def _line(line: DepthLine, chart: DepthChart) -> dict[str, Any]:
    places = [(_UNIT * (index + 0.5) / len(chart.points), _UNIT * (1 - chart.share(value)))
              for index, value in line.values]  # fmt: skip
    first, *others = [(f"{x:.1f}", f"{y:.1f}") for x, y in places]
    steps = f"M{first[0]} {first[1]}" + "".join(f"H{x}V{y}" for x, y in others)
    # A stroke of no length with round ends is a dot that no stretching of the drawing deforms.
    dots = "".join(f"M{x} {y}h0" for x, y in (first, *others)) if len(places) < _MARKED else ""
    index, value = _named(line)
    side = "after" if _across(index, chart) < _ROOM[line.dashed] else "before"
    return {
        "name": line.name,
        "colour": line.colour,
        "dashed": line.dashed,
        "path": steps,
        "dots": dots,
        "label": [_across(index + 0.5, chart), _up(chart.share(value)), side],
    }


def _named(line: DepthLine) -> tuple[int, int]:
    """The point that the line's name stands at, in the direction in which nothing else is drawn.

    Left of the first of the highest of the channels, and left of the last of the heights, which is the lowest.
    """
    if line.dashed:
        return line.values[-1]
    return max(line.values, key=lambda point: (point[1], -point[0]))


def _words(point: DepthPoint, chart: DepthChart, _: Language) -> str:
    named = zip(chart.lines, (point.channels, point.size), strict=True)
    figures = [f"{line.name} {_.number(value)}" for line, value in named if value is not None]
    return f"{point.path or _('Input')}: {', '.join(figures)}"
