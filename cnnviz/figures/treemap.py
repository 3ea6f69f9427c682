"""Where a network's weights are and where its work is done: two treemaps on one hierarchy.

Each rectangle is a module; its area is its share. A stage has the same colour in both, so that a stage that holds the
weights and does little of the work is seen at once. No torch, no streamlit.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import plotly.graph_objects as go

from cnnviz.figures.blocks import readable_on
from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language
from cnnviz.rows import LayerRow, Report

# Okabe and Ito's colours for all kinds of colour vision (jfly.uni-koeln.de/color), in an order in which
# neighbours differ in lightness too.
COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#8a8f98")
_ROOT: Final = "/"
_SMALLEST: Final = 0.004  # of the whole: smaller ones cannot be seen
_HEIGHT: Final = 340
_GAP: Final = 0.015
_MOST: Final = 0.5


def stage_colours(report: Report) -> Mapping[str, str]:
    """The colour of every stage that costs something, by its path."""
    paid = [row.path for row in report.stages if row.parameters or row.macs]
    return {path: COLOURS[index % len(COLOURS)] for index, path in enumerate(paid)}


def treemaps(
    report: Report, _: Language, dark: bool = False, selected: str | None = None, *, stacked: bool = False
) -> go.Figure:
    """Parameters and MACs as two treemaps.

    Args:
        report: the network taken apart.
        _: the reader's language.
        dark: the reader's theme.
        selected: the path of the selected layer, which gets a thick border.
        stacked: one below the other, for narrow screens, instead of side by side.
    """
    half = (1 - _GAP) / 2
    panels = (
        (_("Parameters"), lambda row: row.parameters, (0.0, half), (half + _GAP, 1.0)),
        (_("MACs per picture"), lambda row: row.macs, (half + _GAP, 1.0), (0.0, half)),
    )
    traces = [
        _treemap(report, title, value, {"x": (0, 1), "y": below} if stacked else {"x": beside}, _, dark, selected)
        for title, value, beside, below in panels
    ]
    figure = go.Figure(traces)
    figure.update_layout(
        layout(
            _,
            dark,
            height=_HEIGHT * (2 if stacked else 1),
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            uniformtext={"minsize": 12, "mode": "hide"},
        )
    )
    return figure


def _treemap(
    report: Report,
    title: str,
    value: Callable[[LayerRow], int],
    domain: dict[str, Any],
    _: Language,
    dark: bool,
    selected: str | None,
) -> go.Treemap:
    total = value(report.root)
    alone = _alone(report)
    rows = [row for row in report.layers[1:] if total and value(row) / total >= _SMALLEST and row.path not in alone]
    known = {row.path for row in rows}
    marked = _nearest(selected, known)
    colours = stage_colours(report)
    paper = palette(dark).grid
    marks = [paper, *(colours.get(row.path.partition(".")[0], paper) for row in rows)]
    ink = palette(dark).ink
    names = [f"<b>{title}</b> {_.compact(total)}", *(row.name or row.type for row in rows)]
    values = [total, *map(value, rows)]
    paths = ["", *(row.path for row in rows)]
    return go.Treemap(
        ids=[_ROOT, *(row.path for row in rows)],
        labels=[
            names[0],
            *(f"{name} · {_share(amount, total, _)}" for name, amount in zip(names[1:], values[1:], strict=True)),
        ],
        parents=["", *(row.parent if row.parent in known else _ROOT for row in rows)],
        values=values,
        branchvalues="total",
        text=[_written(name, amount, total, _) for name, amount in zip(names, values, strict=True)],
        texttemplate="%{text}",
        hovertext=[
            f"{path or title}<br>{_.number(amount)} · {_.percent(amount / total if total else 0, 1)}"
            for path, amount in zip(paths, values, strict=True)
        ],
        hoverinfo="text",
        customdata=paths,
        sort=False,
        domain=domain,
        pathbar={"visible": False},
        tiling={"packing": "squarify", "pad": 2},
        marker={
            "colors": marks,
            "line": {
                "width": [5 if path and path == marked else 1 for path in paths],
                "color": [ink if path and path == marked else paper for path in paths],
            },
            "pad": {"t": 22, "l": 3, "r": 3, "b": 3},
        },
        textfont={"size": 13, "color": [ink if mark == paper else readable_on(mark) for mark in marks]},
    )


def _alone(report: Report) -> frozenset[str]:
    """Layers that have the whole cost of what is around them: drawn, they would only repeat it."""
    paid: dict[str, list[LayerRow]] = {}
    for row in report.layers[1:]:
        if row.parent and (row.parameters or row.macs):
            paid.setdefault(row.parent, []).append(row)
    return frozenset(rows[0].path for rows in paid.values() if len(rows) == 1 and rows[0].leaf)


def _nearest(path: str | None, known: set[str]) -> str | None:
    """The path itself or the closest module around it that is drawn."""
    while path and path not in known:
        path = path.rpartition(".")[0]
    return path


def _written(name: str, value: int, total: int, _: Language) -> str:
    return f"<b>{name}</b><br>{_.compact(value)} · {_share(value, total, _)}"


def _share(value: int, total: int, _: Language) -> str:
    share = value / total if total else 0.0
    return f"< {_.percent(0.01)}" if 0 < share < 0.005 else _.percent(share)


def describe_treemaps(report: Report, _: Language) -> str:
    """What the two treemaps show, as a sentence that states the lesson, and then the stages' shares."""
    if not report.parameters or not report.macs:
        return _("This network has nothing to learn.")
    stages = [row for row in report.stages or (report.root,) if row.parameters or row.macs]
    each = "; ".join(
        _(
            "{title}: {parameters} of the parameters, {macs} of the MACs",
            title=row.name or row.type,
            parameters=_share(row.parameters, report.parameters, _),
            macs=_share(row.macs, report.macs, _),
        )
        for row in stages
    )
    return f"{_lesson(report, stages, _)} {each}."


def _lesson(report: Report, stages: list[LayerRow], _: Language) -> str:
    dense = [row for row in report.leaves if row.formula.get("kind") == "dense"]
    weights = sum(row.parameters for row in dense) / report.parameters
    if _MOST <= weights <= 1:
        return _(
            "The dense layers hold {weights} of the weights and do {work} of the work.",
            weights=_.percent(weights),
            work=_.percent(sum(row.macs for row in dense) / report.macs),
        )
    heavy, busy = max(stages, key=lambda row: row.parameters), max(stages, key=lambda row: row.macs)
    return (
        _(
            "{heavy} holds the most weights, {weights}, but {busy} does the most work, {work}.",
            heavy=heavy.name or heavy.type,
            weights=_.percent(heavy.parameters / report.parameters),
            busy=busy.name or busy.type,
            work=_.percent(busy.macs / report.macs),
        )
        if heavy.path != busy.path
        else _(
            "{stage} holds {weights} of the weights and does {work} of the work, more than any other stage.",
            stage=heavy.name or heavy.type,
            weights=_.percent(heavy.parameters / report.parameters),
            work=_.percent(busy.macs / report.macs),
        )
    )
