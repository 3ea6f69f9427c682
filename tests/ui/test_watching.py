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
    assert watching.pace(5) == 5, "what is slow by itself stays so"
