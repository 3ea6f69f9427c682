"""The loss over the learning rate of a range test, with the rate that it suggests."""

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnviz.figures.theme import layout, palette
from cnnviz.language import Language

HEIGHT: Final = 380
_ABOVE: Final = 1.6  # × the first loss: what is drawn of the explosion


def rate_curve(
    rates: "NDArray[Any]",
    loss: "NDArray[Any]",
    smooth: "NDArray[Any]",
    suggested: float | None,
    _: Language,
    *,
    colour: str,
    dark: bool = False,
) -> go.Figure:
    """Loss (nats) over learning rate on a logarithmic axis.

    Args:
        rates: of each step.
        loss: of each step's batch.
        smooth: the same, smoothed.
        suggested: the rate to mark, or None.
        _: the reader's language.
        colour: of the curve.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    finite = smooth[np.isfinite(smooth)]
    top = max(2.6, float(finite[0]) * _ABOVE) if len(finite) else 2.6
    figure = go.Figure(
        [
            go.Scatter(
                x=rates, y=loss, mode="lines", line={"color": colour, "width": 1}, opacity=0.35, hoverinfo="skip"
            ),
            go.Scatter(
                x=rates, y=smooth, mode="lines", line={"color": colour, "width": 3},
                hovertemplate="%{x:.2g}: %{y:.2f}<extra></extra>",
            ),
        ]
    )  # fmt: skip
    axis = {"gridcolor": colours.grid, "zeroline": False, "fixedrange": True}
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=HEIGHT,
            margin={"l": 4, "r": 16, "t": 24, "b": 8},
            xaxis={**axis, "type": "log", "title": {"text": _("Learning rate")}, "dtick": 1},
            yaxis={**axis, "title": {"text": _("Loss (nats)")}, "range": [0, top], "automargin": True},
        )
    )
    if suggested is not None:
        figure.add_vline(x=suggested, line={"color": colours.ink, "width": 2, "dash": "dot"})
        figure.add_annotation(
            x=float(np.log10(suggested)), y=top, yanchor="top", xanchor="left", showarrow=False, xshift=6,
            text=f"<b>{_.significant(suggested)}</b>", font={"size": 16, "color": colours.ink},
        )  # fmt: skip
    return figure
