"""A function, its series term by term, and the same terms weighed anew."""

from typing import Any, Final, Protocol

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 460


class Series(Protocol):
    """What is drawn: see `cnnviz.insight.terms.Terms`."""

    @property
    def x(self) -> NDArray[np.float64]:
        """The places."""
        ...

    @property
    def y(self) -> NDArray[np.float64]:
        """The function."""
        ...

    @property
    def terms(self) -> NDArray[np.float64]:
        """(terms, places)."""
        ...

    @property
    def added(self) -> NDArray[np.float64]:
        """Their sum."""
        ...

    @property
    def weighed(self) -> NDArray[np.float64]:
        """The best sum with weights of one's own."""
        ...

    @property
    def error_added(self) -> float:
        """Root mean square."""
        ...

    @property
    def error_weighed(self) -> float:
        """Root mean square."""
        ...


def terms_lines(found: Series, name: str, _: Language, *, colour: str, other: str, dark: bool = False) -> go.Figure:
    """The function, both sums, and faintly every term of the series.

    Args:
        found: the curves.
        name: the function's formula.
        _: the reader's language.
        colour: of the terms weighed anew.
        other: of the terms added up.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    low, high = float(found.y.min()), float(found.y.max())
    room = 0.45 * (high - low)
    traces: list[Any] = [
        go.Scatter(
            x=found.x, y=term, mode="lines", line={"color": colours.neutral, "width": 1}, opacity=0.7,
            hovertext=_("Term {number}", number=number), hoverinfo="text", showlegend=False,
        )
        for number, term in enumerate(found.terms, start=1)
    ]  # fmt: skip
    for values, title, shade, dash, width in (
        (found.y, name, colours.ink, "solid", 5),
        (found.added, _("terms added up"), other, "dash", 3),
        (found.weighed, _("terms kept and weighed"), colour, "dot", 4),
    ):
        traces.append(
            go.Scatter(
                x=found.x, y=values, mode="lines", name=title, line={"color": shade, "width": width, "dash": dash},
                hovertemplate=f"{title}: %{{y:.3f}}<extra></extra>",
            )
        )  # fmt: skip
    axis = {"gridcolor": colours.grid, "zerolinecolor": colours.neutral, "fixedrange": True}
    figure = go.Figure(traces)
    figure.layout = go.Layout(
        layout(
            _, dark, height=HEIGHT, margin={"l": 4, "r": 8, "t": 40, "b": 8}, showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 15}},
            xaxis={**axis, "title": {"text": "x"}},
            yaxis={**axis, "range": [low - room, high + room], "automargin": True},
        )
    )  # fmt: skip
    return figure


def describe_terms(found: Series, name: str, _: Language) -> str:
    """The curves in words."""
    return _(
        "{function} from x = {low} to {high} and {count} terms of its series. Added up they are off by {added} on "
        "average, weighed anew by {weighed}.",
        function=name,
        low=_.number(float(found.x[0])),
        high=_.number(float(found.x[-1])),
        count=len(found.terms),
        added=_.significant(found.error_added, 2),
        weighed=_.significant(found.error_weighed, 2),
    )
