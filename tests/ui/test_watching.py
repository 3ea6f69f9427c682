"""How often a page looks: quickly for a few, and for a class thirty times a second in all."""

import pytest

from cnnviz.ui import watching
from cnnviz.ui.metrics import Meter


@pytest.mark.parametrize(("sessions", "seconds"), [(0, 0.4), (1, 0.4), (12, 0.4), (30, 1.0), (60, 2.0)])
def test_all_looks_together_are_bounded(monkeypatch, sessions, seconds):
    counted = Meter()
    counted.sessions = sessions
    monkeypatch.setattr(watching, "meter", lambda: counted)
    assert watching.pace() == seconds
    assert sessions / watching.pace() <= watching.LOOKS


@pytest.mark.parametrize(("sessions", "seconds"), [(1, 4.0), (30, 4.0), (60, 8.0), (120, 16.0)])
def test_what_is_slow_by_itself_stays_so_for_a_class_and_costs_two_no_more(monkeypatch, sessions, seconds):
    counted = Meter()
    counted.sessions = sessions
    monkeypatch.setattr(watching, "meter", lambda: counted)
    assert watching.pace(4.0) == seconds
    assert sessions / watching.pace(4.0) <= watching.SLOW_LOOKS


@pytest.mark.parametrize(("sessions", "pause"), [(1, 450), (13, 450), (30, 1000), (60, 2000)])
def test_all_questions_for_points_together_are_bounded(monkeypatch, sessions, pause):
    counted = Meter()
    counted.sessions = sessions
    monkeypatch.setattr(watching, "meter", lambda: counted)
    assert watching.feed_pause() == pause
    assert 1000 * sessions / pause <= watching.LOOKS
