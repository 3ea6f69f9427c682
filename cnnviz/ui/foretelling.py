"""Predict, then watch: who will be ahead and with what accuracy, asked before and drawn in when it is over.

One idea for the race and for the comparison of runs.
"""

from collections.abc import Sequence

import streamlit as st

from cnnviz.figures.curves import Reference
from cnnviz.language import Language
from cnnviz.training import RunRecord

Prediction = tuple[int, float]
"""The number of the one that will be ahead, and its test accuracy as a share of one."""


def ask(names: Sequence[str], key: str, _: Language) -> Prediction | None:
    """The two questions; None until the first one is answered.

    Args:
        names: of those that compete.
        key: what the widgets' keys begin with.
        _: the reader's language.
    """
    title = _("First predict, then watch")
    st.markdown(f"**{title}**")
    guess = st.radio(_("Who will be ahead at the end?"), range(len(names)), index=None, horizontal=True,
                     format_func=lambda number: names[number], key=f"{key} guess")  # fmt: skip
    share = st.slider(_("With what test accuracy?"), 10, 100, 80, format="%d %%", key=f"{key} share",
                      disabled=guess is None)  # fmt: skip
    return None if guess is None else (guess, share / 100)


def predicted_line(name: str, share: float, _: Language) -> Reference:
    """Where the curve was to end."""
    return Reference("accuracy", share, _("Predicted: {name}, {accuracy}", name=name, accuracy=_.percent(share)))


def render_outcome(predicted: str, winner: str, right: bool, _: Language) -> None:
    """Whether it came as it was said."""
    text = _("Predicted right: {name} is ahead.", name=predicted) if right else _(
        "Predicted: {name}. It was {winner}. Why?", name=predicted, winner=winner
    )  # fmt: skip
    (st.success if right else st.info)(text, icon=":material/lightbulb:")


def ahead(records: Sequence[RunRecord]) -> int | None:
    """The number of the run with the highest test accuracy at its end; None while one goes, or where two are level."""
    if len(records) < 2 or not all(record.ended for record in records):
        return None
    reached = [record.test_accuracy or 0.0 for record in records]
    first = [number for number, accuracy in enumerate(reached) if accuracy == max(reached) > 0]
    return first[0] if len(first) == 1 else None


def kept_prediction(text: str, records: Sequence[RunRecord]) -> Prediction | None:
    """What a link or the session says was predicted of these runs: "<run>.<percent>"; None if it is nothing of them."""
    run_id, _dot, percent = text.partition(".")
    number = next((place for place, record in enumerate(records) if record.id == run_id), None)
    if number is None or not percent.isdigit() or not 0 <= int(percent) <= 100:
        return None
    return number, int(percent) / 100
