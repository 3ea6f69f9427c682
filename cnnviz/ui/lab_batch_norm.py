"""The batch-norm lab on the page: what each view shows, computed once for everybody where it can be."""

import re
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from cnnviz.figures.lab_batch_norm import ROWS, UNITS, distributions, framed_tensor, noise_strips
from cnnviz.figures.lines import Axis, Series, line_chart
from cnnviz.insight import batch_norm as insight
from cnnviz.language import Language
from cnnviz.specs.labs.batch_norm import BatchNormSpec, racers
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.lab_race import render_race
from cnnviz.ui.reader import dark


@st.cache_resource(show_spinner=False)
def inputs() -> dict[str, insight.Inputs]:
    """What enters the batch norms, computed once for everybody; see `cnnviz.insight.batch_norm.inputs`."""
    with st.skeleton(height=420):
        return insight.inputs()


@st.cache_resource(max_entries=64, show_spinner=False)
def companions(layer: str, channel: int) -> dict[int, Any]:
    """See `cnnviz.insight.batch_norm.companions`."""
    return insight.companions(inputs()[layer], channel)


def render_axes(spec: BatchNormSpec, _: Language) -> dict[str, Any]:
    """The batch as a tensor, what is averaged framed, and the channel before and after; returns the numbers."""
    found = inputs()[spec.layer]
    batch, channel = found.values[: spec.batch_size], spec.channel - 1
    before, after = batch[:, channel], insight.batch_norm(batch)[:, channel]
    count = before.size
    st.markdown(
        _(
            "One mean over {pictures} pictures × {positions} positions = **{count}** values.",
            pictures=spec.batch_size,
            positions=_.number(found.positions),
            count=_.number(count),
        )
    )
    tensor, spread = st.columns([3, 2], gap="small")
    words = _(
        "A grid of activations, a row per picture and a column per channel; the column of channel {channel} is framed.",
        channel=spec.channel,
    )
    pictures, units = len(batch) - ROWS, batch.shape[1] - UNITS
    hidden = [_.plural("{count} more picture", "{count} more pictures", pictures)] if pictures > 0 else []
    hidden += [_.plural("{count} more unit", "{count} more units", units)] if units > 0 else []
    if hidden:
        words += " " + _("Not drawn: {what}.", what=", ".join(hidden))
    with tensor:
        figure_chart(drawn(framed_tensor, batch, channel, _, dark=dark()), _, alt=words, key="tensor")
    groups = [(_spread(_("Before"), before, _), before), (_spread(_("After"), after, _), after)]
    with spread:
        figure_chart(drawn(distributions, groups, _, dark=dark()), _, alt=_words(groups), key="spread")
    return {"positions": _.number(found.positions), "values": _.number(count)}


def _spread(title: str, values: Any, _: Language) -> str:
    """A title with what the values below it are like, in two lines."""
    mean, deviation = (_.number(round(float(value), 2) + 0.0, 2) for value in (values.mean(), values.std()))
    return f"<b>{title}</b><br>" + _("mean {mean}, deviation {deviation}", mean=mean, deviation=deviation)


def _words(groups: Sequence[tuple[str, Any]]) -> str:
    """The titles for a screen reader."""
    return ". ".join(re.sub("<br>", ": ", re.sub("</?b>", "", title)) for title, _values in groups)


def render_modes(spec: BatchNormSpec, _: Language) -> dict[str, Any]:
    """The moving averages on their way, and one batch through both modes; returns the numbers."""
    found = inputs()[spec.layer]
    channel = spec.channel - 1
    moving = insight.running(found, channel, spec.batch_size, spec.momentum, max(spec.batches, 20))
    batch = found.values[: spec.batch_size]
    mean, variance = moving.means[spec.batches], moving.variances[spec.batches]
    trained = insight.batch_norm(batch)[:, channel]
    asked = insight.batch_norm(batch[:, [channel]], [mean], [variance])[:, 0]
    left, right = st.columns([3, 2], gap="small")
    steps = list(range(len(moving.means)))
    ends = [0, steps[-1]]
    sentence = _(
        "After {batches} batches the moving mean is {mean} (all pictures: {true_mean}), the moving variance {variance} "
        "({true_variance}).",
        batches=spec.batches,
        mean=_.significant(mean),
        true_mean=_.significant(moving.true_mean),
        variance=_.significant(variance),
        true_variance=_.significant(moving.true_variance),
    )
    with left:
        figure_chart(
            drawn(
                line_chart,
                [
                    Series(_("mean"), steps, moving.means, 0),
                    Series(_("variance"), steps, moving.variances, 1),
                    Series("", ends, [moving.true_mean] * 2, None),
                    Series("", ends, [moving.true_variance] * 2, None),
                ],
                Axis(_("Batches seen")),
                Axis(_("Moving average")),
                _,
                dark=dark(),
                at=spec.batches,
            ),
            _,
            alt=sentence,
            key="running",
        )
    groups = [(_spread(_("Training mode"), trained, _), trained), (_spread(_("Prediction mode"), asked, _), asked)]
    with right:
        figure_chart(drawn(distributions, groups, _, dark=dark()), _, alt=_words(groups), key="modes")
    st.markdown(sentence)
    if batch[:, channel].size == 1:
        st.caption(_("One value alone: in training mode PyTorch refuses this batch, since nothing is left to average."))
    else:
        st.caption(
            _(
                "Written out in a few lines and as PyTorch computes it, batch norm differs by at most {difference} on "
                "this batch.",
                difference=_.significant(insight.difference_to_torch(batch), 1),
            )
        )
    return {
        "momentum": _.number(spec.momentum),
        "left": _.percent(insight.start_left(spec.momentum, spec.batches), 1),
        "batches": spec.batches,
    }


def render_noise(spec: BatchNormSpec, _: Language) -> dict[str, Any]:
    """One garment in many batches of every size; returns the numbers."""
    found, channel = inputs()[spec.layer], spec.channel - 1
    draws = companions(spec.layer, channel)
    spreads = {size: float(values.std()) for size, values in draws.items()}
    mean, square = found.means[:, channel].mean(), found.squares[:, channel].mean()
    height, width = found.values.shape[2:]
    value = found.values[0, channel, height // 2, width // 2]
    prediction = float((value - mean) / (square - mean**2 + insight.EPS) ** 0.5)
    sentence = _(
        "In batches of **{size}**, the same value of the same garment comes out with a spread of **{spread}** around "
        "{mean}.",
        size=spec.batch_size,
        spread=_.significant(spreads[spec.batch_size], 2),
        mean=_.number(float(draws[spec.batch_size].mean()), 2),
    )
    st.markdown(sentence)
    figure_chart(drawn(noise_strips, draws, spec.batch_size, prediction, _, dark=dark()), _, alt=sentence, key="noise")
    return {"small": _.significant(spreads[16], 2), "large": _.significant(spreads[256], 2)}


def render_the_race(spec: BatchNormSpec, _: Language) -> dict[str, Any]:
    """LeNet with and without batch norm at the chosen learning rate."""
    render_race(racers(float(spec.learning_rate)), _)
    return {}


RENDER: Final = {
    "axes": render_axes,
    "modes": render_modes,
    "noise": render_noise,
    "race": render_the_race,
}
