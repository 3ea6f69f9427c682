"""The staircase of a DenseNet's channels: who made them, where they are cut, and what addition would have cost."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import plotly.graph_objects as go

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 400
MANY: Final = 24  # stages whose names still fit side by side
WEIGHTS_HEIGHT: Final = 250


class Stage(Protocol):
    """One stage: see `cnnviz.insight.dense.Step`."""

    @property
    def kind(self) -> str:
        """One of "stem", "layer" and "transition"."""
        ...

    @property
    def block(self) -> int:
        """Number of its block."""
        ...

    @property
    def layer(self) -> int:
        """Number in its block, 0 for stem and transitions."""
        ...

    @property
    def received(self) -> int:
        """Channels that come in."""
        ...

    @property
    def parts(self) -> tuple[int, ...]:
        """Channels that go out, by who made them."""
        ...

    @property
    def size(self) -> int:
        """Height and width, px."""
        ...

    @property
    def weights(self) -> int:
        """Of its convolutions."""
        ...

    @property
    def weights_added(self) -> int:
        """Of a convolution that could be added in its place."""
        ...

    @property
    def channels(self) -> int:
        """That go out."""
        ...


def stage_name(stage: Stage, _: Language) -> str:
    """A short name for the axis: the stem, a transition, or block.layer."""
    if stage.kind == "stem":
        return _("stem")
    return f"T{stage.block - 1}" if stage.kind == "transition" else f"{stage.block}.{stage.layer}"


def staircase_bars(stages: Sequence[Stage], _: Language, *, colour: str, dark: bool = False) -> go.Figure:
    """One bar a stage, piled up from the channels of all earlier layers of its block; the newest piece is solid.

    Args:
        stages: in order.
        _: the reader's language.
        colour: the network's own.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    places = list(range(len(stages)))
    traces = []
    for depth in range(max(len(stage.parts) for stage in stages)):
        there = [(place, stage) for place, stage in zip(places, stages, strict=True) if depth < len(stage.parts)]
        newest = [depth == len(stage.parts) - 1 and stage.kind == "layer" for _place, stage in there]
        first = [depth == 0 for _stage in there]
        traces.append(
            go.Bar(
                x=[place for place, _stage in there],
                y=[stage.parts[depth] for _place, stage in there],
                marker={
                    "color": [colours.neutral if start else colour for start in first],
                    "opacity": [1.0 if new else 0.5 for new in newest],
                    "line": {"color": colours.ink, "width": 0.8},
                },
                hovertext=[
                    _("{stage}: {channels} channels, of which {part} from {origin}",
                      stage=stage_name(stage, _), channels=stage.channels, part=stage.parts[depth],
                      origin=_("what came into the block") if depth == 0 else f"{stage.block}.{depth}")
                    for _place, stage in there
                ],
                hoverinfo="text",
            )
        )  # fmt: skip
    told = [
        (place, stage)
        for place, stage in zip(places, stages, strict=True)
        if place + 1 == len(stages)
        or stages[place + 1].kind == "transition"
        or (stage.kind != "layer" and stage.channels != stages[place - 1].channels)
    ]
    notes: list[dict[str, Any]] = [
        {"text": f"<b>{_.number(stage.channels)}</b>", "x": place, "y": stage.channels, "yanchor": "bottom",
         "showarrow": False, "font": {"size": 15}}
        for place, stage in told
    ]  # fmt: skip
    for block in sorted({stage.block for stage in stages}):
        inside = [
            place for place, stage in zip(places, stages, strict=True) if stage.block == block and stage.kind == "layer"
        ]
        size = next(stage.size for stage in stages if stage.block == block and stage.kind == "layer")
        notes.append(
            {"text": _("{size} px", size=f"{size}×{size}"), "x": (inside[0] + inside[-1]) / 2, "y": 1, "yref": "paper",
             "yanchor": "bottom", "showarrow": False, "font": {"size": 13, "color": colours.neutral}}
        )  # fmt: skip
    figure = go.Figure(traces)
    figure.layout = go.Layout(
        layout(
            _, dark, height=HEIGHT, barmode="stack", bargap=0.12, margin={"l": 4, "r": 4, "t": 30, "b": 8},
            annotations=notes, xaxis=_stages_axis(stages, places, _),
            yaxis={"title": {"text": _("Channels")}, "gridcolor": colours.grid, "fixedrange": True, "automargin": True,
                   "zeroline": False, "range": [0, 1.12 * max(stage.channels for stage in stages)]},
        )
    )  # fmt: skip
    return figure


def _stages_axis(stages: Sequence[Stage], places: Sequence[int], _: Language) -> dict[str, Any]:
    """Every stage named, or where they are many the stem and the transitions."""
    named = [
        (place, stage)
        for place, stage in zip(places, stages, strict=True)
        if len(stages) <= MANY or stage.kind != "layer"
    ]
    return {
        "tickvals": [place for place, _stage in named], "ticktext": [stage_name(stage, _) for _place, stage in named],
        "fixedrange": True,
        "showgrid": False, "zeroline": False, "automargin": True, "title": {"text": _("Block.layer"), "standoff": 4},
    }  # fmt: skip


def describe_staircase(stages: Sequence[Stage], _: Language) -> str:
    """The staircase in words."""
    each = "; ".join(f"{stage_name(stage, _)}: {stage.channels}" for stage in stages)
    return _("Channels behind each stage, T being a transition. {entries}.", entries=each)


def join_weights(stages: Sequence[Stage], _: Language, *, colour: str, dark: bool = False) -> go.Figure:
    """Weights of every dense layer, and of a 3×3 convolution whose output could be added in its place."""
    colours = palette(dark)
    layers = [stage for stage in stages if stage.kind == "layer"]
    names = [stage_name(stage, _) for stage in layers]
    rows = (
        (_("could be added"), [stage.weights_added for stage in layers], colours.neutral, "circle-open", "dash"),
        (_("put behind"), [stage.weights for stage in layers], colour, "circle", "solid"),
    )
    figure = go.Figure(
        [
            go.Scatter(
                x=names, y=values, mode="lines+markers+text", line={"color": shade, "width": 2.5, "dash": dash},
                marker={"symbol": symbol, "size": 8, "color": shade},
                text=[""] * (len(names) - 1) + [f"<b>{_.compact(values[-1])}</b>"], textposition="top left",
                hovertext=[f"{name} {title}: {_.number(value)}" for name, value in zip(names, values, strict=True)],
                hoverinfo="text", cliponaxis=False, name=title,
            )
            for title, values, shade, symbol, dash in rows
        ]
    )  # fmt: skip
    top = max(rows[0][1])
    figure.layout = go.Layout(
        layout(
            _, dark, height=WEIGHTS_HEIGHT, margin={"l": 4, "r": 12, "t": 24, "b": 8}, showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
            xaxis={"type": "category", "fixedrange": True, "showgrid": False, "automargin": True,
                   "title": {"text": _("Block.layer"), "standoff": 4}},
            yaxis={"title": {"text": _("Weights of the layer")}, "gridcolor": colours.grid, "tickformat": "~s",
                   "fixedrange": True, "automargin": True, "zeroline": False, "range": [0, top * 1.15], "nticks": 5},
        )
    )  # fmt: skip
    return figure


def describe_join_weights(stages: Sequence[Stage], _: Language) -> str:
    """The two curves in words."""
    layers = [stage for stage in stages if stage.kind == "layer"]
    return _(
        "Weights of each layer. Put behind the others: from {first} to {last}. If its output were added, so that it "
        "had to be as wide as the input: from {first_added} to {last_added}.",
        first=_.compact(layers[0].weights),
        last=_.compact(layers[-1].weights),
        first_added=_.compact(layers[0].weights_added),
        last_added=_.compact(layers[-1].weights_added),
    )
