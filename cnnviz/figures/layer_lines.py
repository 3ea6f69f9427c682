"""Several networks layer by layer on common axes: where along the depth weights, work, memory and channels are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import N_, Language
from cnnviz.rows import LayerRow, Report

HEIGHT: Final = 340


@dataclass(frozen=True, slots=True)
class Line:
    """One network: its name in the reader's language, its report, and how it is drawn."""

    title: str
    report: Report
    colour: str
    dash: str


@dataclass(frozen=True, slots=True)
class Measure:
    """What can be drawn: its title (English message), its value of a layer, and whether it adds up along the depth."""

    title: str
    value: Callable[[LayerRow], int]
    adds: bool


def _channels(row: LayerRow) -> int:
    return row.output_shape[1] if len(row.output_shape) > 1 else 0


def _side(row: LayerRow) -> int:
    return row.output_shape[-1] if len(row.output_shape) == 4 else 1


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "macs": Measure(N_("MACs so far"), lambda row: row.macs, True),
        "parameters": Measure(N_("Parameters so far"), lambda row: row.parameters, True),
        "memory": Measure(N_("Kept while training so far"), lambda row: row.saved_bytes, True),
        "channels": Measure(N_("Channels"), _channels, False),
        "side": Measure(N_("Resolution"), _side, False),
    }
)


def layer_values(report: Report, measure: str) -> list[int]:
    """The measure after each layer with weights, in the order of execution; sums include the layers in between."""
    kind = MEASURES[measure]
    values, total = [], 0
    for row in report.leaves:
        total += kind.value(row)
        if row.parameters and row.macs:
            values.append(total if kind.adds else kind.value(row))
    return values


def layer_lines(lines: Sequence[Line], measure: str, _: Language, dark: bool = False) -> go.Figure:
    """One line per network over its layers with weights, each labelled at its end.

    Args:
        lines: the networks.
        measure: a key of `MEASURES`.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    colours, kind = palette(dark), MEASURES[measure]
    figure = go.Figure()
    for line in lines:
        values = layer_values(line.report, measure)
        figure.add_trace(
            go.Scatter(
                x=list(range(1, len(values) + 1)),
                y=values,
                mode="lines+markers+text" if len(values) < 40 else "lines+text",
                line={"color": line.colour, "dash": line.dash, "width": 2.5, "shape": "hv" if not kind.adds else None},
                marker={"size": 6},
                text=[""] * (len(values) - 1) + [f"<b>{line.title}</b>"],
                textposition="middle right",
                textfont={"color": line.colour, "size": 14},
                cliponaxis=False,
                name=line.title,
                hovertemplate=f"{line.title}, %{{x}}: %{{y:,}}<extra></extra>",
            )
        )
    longest = max(len(layer_values(line.report, measure)) for line in lines)
    axis: dict[str, Any] = {"gridcolor": colours.grid, "fixedrange": True, "zeroline": False}
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=HEIGHT,
            margin={"l": 4, "r": 16, "t": 16, "b": 8},
            xaxis={**axis, "title": {"text": _("Layers with weights, first to last")}, "range": [0, longest * 1.3 + 1]},
            yaxis={
                **axis, "title": {"text": _(kind.title)}, "automargin": True, "tickformat": "~s", "nticks": 6,
                "type": "linear" if kind.adds else "log",
            },
        )
    )  # fmt: skip
    return figure


def describe_layer_lines(lines: Sequence[Line], measure: str, _: Language) -> str:
    """The ends of the lines in words."""
    each = []
    for line in lines:
        values = layer_values(line.report, measure)
        end = _.bytes(values[-1]) if measure == "memory" else _.compact(values[-1])
        each.append(_("{title}: {layers} layers with weights, {value} at the last",
                      title=line.title, layers=len(values), value=end))  # fmt: skip
    return f"{_(MEASURES[measure].title)}. {'; '.join(each)}."
