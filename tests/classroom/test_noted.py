"""What the log says of a class: what the teacher does and who is refused how often, and never who it was."""

import pytest

from cnnviz.classroom import ClassRuns, Teachers
from cnnviz.classroom.teacher import VARIABLE
from cnnviz.errors import CnnvizError
from cnnviz.training import OwnedRuns, TrainingConfig
from cnnviz.training.pace import PersonLimit

CONFIG = TrainingConfig(architecture="lenet")


@pytest.fixture
def said(noted):
    """The lines since the last time it was asked: (level, event, fields)."""

    def new():
        lines = [(line.levelname, line.getMessage(), line.fields) for line in noted]
        assert not [word for word in ("Ana", "ana-key", "earl grey") if word in str(lines)]
        noted.clear()
        return lines

    return new


def refused(action, *arguments):
    with pytest.raises(CnnvizError) as caught:
        action(*arguments)
    return caught.value.code


def test_a_start_that_is_refused_is_one_line_with_its_reason(desk, executor, said):
    hand = ClassRuns(executor, "ana-key", desk, pace=PersonLimit(4, 99, 3600))
    assert refused(hand.submit, CONFIG) == "join_first"
    assert said() == [("WARNING", "start refused", {"reason": "join_first"})]
    desk.join("ana-key", "Ana")
    desk.change(most_epochs=2)
    assert [(level, fields) for level, _event, fields in said()] == [("INFO", {"most_epochs": 2})]
    assert refused(hand.submit, CONFIG.replace(epochs=3)) == "class_epochs"
    assert said() == [("WARNING", "start refused", {"reason": "class_epochs"})]
    runs = [hand.submit(CONFIG.replace(epochs=1, seed=seed)) for seed in range(4)]
    assert {event for _level, event, _fields in said()} == {"run begins"}
    assert refused(hand.submit, CONFIG.replace(epochs=1)) == "too_fast"
    assert refused(ClassRuns(executor, "ana-key", desk).submit, CONFIG.replace(epochs=1)) == "queue_full_for_owner"
    assert [fields["reason"] for _level, _event, fields in said()] == ["too_fast", "queue_full_for_owner"]
    assert refused(hand.continue_run, runs[0], CONFIG.replace(epochs=9)) == "class_epochs"
    assert [fields["reason"] for _level, _event, fields in said()] == ["class_epochs"]


def test_what_the_teacher_does_is_said(desk, executor, said, monkeypatch):
    monkeypatch.setenv(VARIABLE, "earl grey")
    teachers = Teachers()
    assert refused(teachers.unlock, "ana-key", "coffee") == "secret_wrong"
    teachers.unlock("teacher", "earl grey")
    teachers.lock("teacher")
    assert [line[:2] for line in said()] == [
        ("WARNING", "secret refused"), ("INFO", "teacher unlocked a browser"), ("INFO", "teacher locked a browser")
    ]  # fmt: skip
    desk.change(queue_held=True)
    desk.show("training", {"run": "Ana"})
    desk.reset_starts()
    assert [fields for _level, event, fields in said() if event == "class rules changed"] == [
        {"queue_held": True}, {"shown_page": "training"}, {"changed": "starts counted from zero"}
    ]  # fmt: skip
    executor.hold(True)
    first, second = (executor.submit(CONFIG.replace(seed=seed), owner="ana-key") for seed in range(2))
    OwnedRuns(executor, "teacher", leads=True).command(first, "stop")
    OwnedRuns(executor, "ana-key").command(second, "stop")
    OwnedRuns(executor, "teacher", leads=True).update(second, pinned=True)
    executor.submit(CONFIG, owner="ana-key")
    assert executor.clear() == 1
    acts = [(event, fields) for _level, event, fields in said()]
    assert acts == [
        ("teacher acts on a run", {"act": "stop", "run": first}),
        ("teacher acts on a run", {"act": "keep", "run": second}),
        ("queue cleared", {"runs": 1}),
    ]
