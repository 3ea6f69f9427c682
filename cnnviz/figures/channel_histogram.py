"""How bright the pixels of a picture are, channel by channel, before a chain and after it."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from cnnviz.figures.theme import DARK, LIGHT, layout, palette
from cnnviz.language import N_, Language

HEIGHT: Final = 260
BINS: Final = 64
_CHANNELS: Final = (
    (N_("red"), ("#b3261e", "#ff8a80"), "solid"),
    (N_("green"), ("#1b7f3b", "#7ddc9a"), "dash"),
    (N_("blue"), ("#1a56c4", "#8ab4ff"), "dot"),
)
_GREY: Final = (N_("grey"), (LIGHT.ink, DARK.ink), "solid")


def channel_shares(image: Image.Image) -> tuple[tuple[float, ...], ...]:
    """For each channel (one of a grey picture, else red, green and blue) the share of its pixels in each of 64 bins."""
    pixels = np.asarray(image if image.mode == "L" else image.convert("RGB"))
    planes = pixels.reshape(-1, 1 if pixels.ndim == 2 else 3).T
    counts = [np.histogram(plane, BINS, (0, 256))[0] / plane.size for plane in planes]
    return tuple(tuple(float(share) for share in plane) for plane in counts)


def channel_histograms(
    before: Sequence[Sequence[float]], after: Sequence[Sequence[float]], _: Language, *, dark: bool = False
) -> go.Figure:
    """Two panels with a line for each channel.

    Args:
        before: from `channel_shares`, of the picture as it is.
        after: of the augmented one.
        _: the reader's language.
        dark: whether the reader's theme is dark.
    """
    colours = palette(dark)
    levels = [(number + 0.5) * 256 / BINS for number in range(BINS)]
    traces: list[Any] = []
    for shares, x, y, title in ((before, "x", "y", _("Before")), (after, "x2", "y2", _("After"))):
        for number, plane in enumerate(shares):
            name, tints, dash = (
                _CHANNELS[number] if len(shares) == 3 else (N_("grey"), (colours.ink, colours.ink), "solid")
            )
            traces.append(
                go.Scatter(
                    x=levels, y=list(plane), xaxis=x, yaxis=y, mode="lines", name=_(name),
                    line={"color": tints[dark], "dash": dash, "width": 2, "shape": "hvh"},
                    showlegend=len(shares) == 3 and x == "x",
                    hovertemplate=f"{title}, {_(name)} %{{x:.0f}}: %{{y:.1%}}<extra></extra>",
                )
            )  # fmt: skip
    top = max(max(max(plane) for plane in shares) for shares in (before, after))
    axis = {"gridcolor": colours.grid, "fixedrange": True, "automargin": True, "zeroline": False}
    level = {**axis, "range": [0, 256], "tickvals": [0, 64, 128, 192, 255]}
    share = {**axis, "range": [0, 1.05 * top], "tickformat": ".0%", "nticks": 5}
    figure = go.Figure(traces)
    figure.layout = go.Layout(
        layout(
            _,
            dark,
            height=HEIGHT,
            margin={"l": 4, "r": 8, "t": 40, "b": 8},
            showlegend=True,
            legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.06, "yanchor": "bottom"},
            xaxis={**level, "domain": [0, 0.46], "title": {"text": _("Level, before"), "standoff": 6}},
            xaxis2={**level, "domain": [0.54, 1], "anchor": "y2", "title": {"text": _("Level, after"), "standoff": 6}},
            yaxis={**share, "title": {"text": _("Share of the pixels"), "standoff": 6}},
            yaxis2={**share, "anchor": "x2"},
        )
    )
    return figure


def describe_channels(before: Sequence[Sequence[float]], after: Sequence[Sequence[float]], _: Language) -> str:
    """The two histograms in a sentence: the mean of each channel, before and after."""
    names = [_(name) for name, _tints, _dash in _CHANNELS] if len(after) == 3 else [_(_GREY[0])]
    if len(before) != len(after):
        before = [before[0]] * len(after)
    parts = [
        _("{channel} from {before} to {after}", channel=name, before=_.number(_mean(own)), after=_.number(_mean(new)))
        for name, own, new in zip(names, before, after, strict=True)
    ]
    return _("Mean levels of 255: {parts}.", parts="; ".join(parts))


def _mean(shares: Sequence[float]) -> int:
    """The mean level, from the middles of the bins."""
    return round(sum(share * ((number + 0.5) * 256 / BINS - 0.5) for number, share in enumerate(shares)))
