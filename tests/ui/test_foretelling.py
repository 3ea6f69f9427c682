"""Predict, then watch: what was said is kept in the link, and who is ahead is said only where somebody is."""

from dataclasses import replace

import pytest

from cnnviz.training import RunRecord, TrainingConfig
from cnnviz.ui.foretelling import ahead, kept_prediction

RUN = RunRecord(id="aaaaaaaaaa", owner="me", group=None, name="", config=TrainingConfig(architecture="lenet"),
                state="finished", created=0.0)  # fmt: skip


def runs(*accuracies, state="finished"):
    return [replace(RUN, id=letter * 10, test_accuracy=accuracy, state=state)
            for letter, accuracy in zip("abcdef", accuracies, strict=False)]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "first"),
    [
        (runs(0.8, 0.9, 0.7), 1),
        (runs(0.8, 0.8), None),
        (runs(None, 0.2), 1),
        (runs(None, None), None),
        (runs(0.9), None),
        ([], None),
        (runs(0.8, 0.9, state="running"), None),
    ],
)
def test_who_is_ahead(records, first):
    assert ahead(records) == first


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bbbbbbbbbb.87", (1, 0.87)),
        ("cccccccccc.87", None),
        ("bbbbbbbbbb", None),
        ("bbbbbbbbbb.-3", None),
        ("bbbbbbbbbb.101", None),
        ("bbbbbbbbbb.8.7", None),
        ("", None),
    ],
)
def test_what_a_link_says_was_predicted(text, found):
    assert kept_prediction(text, runs(0.8, 0.9)) == found
