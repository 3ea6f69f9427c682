"""The learning-rate range test on the page: a short run, and the curve that it leaves."""

from collections.abc import Callable

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.figures.rates import rate_curve
from cnnviz.language import Language
from cnnviz.training import RunRecord
from cnnviz.training.range_test import smoothed, suggest
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.engine import engine
from cnnviz.ui.reader import dark
from cnnviz.ui.theme import colour_of


def render_range_test(record: RunRecord, use: Callable[[float], None], _: Language) -> None:
    """The curve so far, what it says, and a button that takes the suggestion over.

    Args:
        record: a run with the schedule "range_test".
        use: puts a rate into the settings.
        _: the reader's language.
    """
    steps = engine().store.steps(record.id)
    if not len(steps):
        st.skeleton(height=380)
        return
    found = suggest(steps)
    entry = architecture(record.config.architecture.key)
    rate = found.suggested if found else None
    if found is None:
        sentence = (
            _("The loss did not fall at any learning rate: this network does not learn with these settings.")
            if record.ended
            else _("The learning rate rises from step to step; watch where the loss begins to fall.")
        )
    else:
        sentence = _(
            "The loss falls most steeply at {rate}, and is smallest at {lowest}: beyond that it only grows.",
            rate=_.significant(found.steepest),
            lowest=_.significant(found.smallest_loss),
        )
    st.markdown(sentence)
    figure_chart(
        drawn(
            rate_curve,
            steps.learning_rate,
            steps.loss,
            smoothed(steps.loss),
            rate,
            _,
            colour=colour_of(entry),
            dark=dark(),
        ),
        _,
        alt=_("Loss over learning rate. {sentence}", sentence=sentence),
        key="rates",
    )
    if found is not None and record.ended:
        st.button(
            _("Train with {rate}", rate=_.significant(found.suggested)),
            icon=":material/check:",
            type="primary",
            on_click=use,
            args=(found.suggested,),
            key="use_suggested",
        )
