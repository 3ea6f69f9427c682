"""What is forgotten when: what is old, somebody's races, somebody who has left; and all of it by itself."""

import json
import time

import pytest

from cnnviz.classroom import Classroom, ClassRuns, forget, tidy
from cnnviz.classroom.hand import PINS
from cnnviz.cli import main
from cnnviz.errors import CnnvizError
from cnnviz.events import Finished
from cnnviz.training import OwnedRuns, TrainingConfig
from cnnviz.training.kept_races import kept_races
from cnnviz.training.recorded import install
from cnnviz.ui import warming

CONFIG = TrainingConfig(architecture="lenet")
DAY = 86_400


def ended(store, owner, **more):
    run_id = store.create(CONFIG, owner=owner, **more)
    store.append(run_id, [Finished()])
    return run_id


def race(store, name, owner, *runs, created=None):
    """The file of a race, as far as whoever keeps it reads it."""
    path = store.folder / "races" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    created = time.time() if created is None else created
    path.write_text(json.dumps({"owner": owner, "created": created, "runs": runs, "prediction": [0, 0.9]}))


def races(store):
    return {one.path.stem for one in kept_races(store.folder)}


def ids(store):
    return {record.id for record in store.records()}


def test_pins_of_the_class_expire_with_the_days_and_the_teachers_stay(store, desk, executor):
    desk.join("ana", "Ana")
    mine, kept, loose = (ended(store, "ana", created=time.time() - 31 * DAY) for _ in range(3))
    new = ended(store, "ana")
    ClassRuns(executor, "ana", desk).update(mine, pinned=True)
    OwnedRuns(executor, "teacher", leads=True).update(kept, pinned=True)
    assert store.record(mine).pinned and store.record(kept).pinned
    assert forget(store, older_than_days=30, kept=False).runs == 2
    assert ids(store) == {kept, new} and loose not in ids(store)
    assert forget(store, older_than_days=30).runs == 1, "who says it by hand means all of it"


def test_a_person_of_a_class_keeps_a_few_runs_and_the_teacher_any_number(store, desk, executor):
    runs = [ended(store, "ana") for _ in range(PINS + 1)]
    hand = ClassRuns(executor, "ana", desk)
    for run_id in runs[:-1]:
        hand.update(run_id, pinned=True)
    hand.update(runs[0], pinned=True, notes="once more is not one more")
    with pytest.raises(CnnvizError) as refused:
        hand.update(runs[-1], pinned=True, notes="not kept either")
    assert refused.value.code == "pins_used_up" and store.record(runs[-1]).notes == ""
    hand.update(runs[0], pinned=False)
    hand.update(runs[-1], pinned=True)
    teacher = OwnedRuns(executor, "teacher", leads=True)
    teacher.update(runs[0], pinned=True)
    assert all(store.record(run_id).pinned for run_id in runs)
    hand.update(runs[0], pinned=True)
    assert forget(store, older_than_days=-1, kept=False).runs == PINS, "hers does not undo the teacher's"


def test_the_recordings_do_not_grow_old(store):
    added = install(store)
    tidy(store)
    assert added and forget(store, older_than_days=30, kept=False).runs == 0 and ids(store) == set(added)


def test_races_go_with_their_owner_and_with_the_days(store, desk):
    desk.join("ana", "Ana")
    going, over = store.create(CONFIG, owner="ana"), ended(store, "ana")
    race(store, "aaaaaaaa", "ana", over, "")
    race(store, "bbbbbbbb", "ana", going)
    race(store, "cccccccc", "ben", created=time.time() - 40 * DAY)
    (store.folder / "races" / "dddddddd.json").write_text("{")
    done = forget(store, nicknames=["Ana"])
    assert (done.races, done.left) == (1, (going,)) and races(store) == {"bbbbbbbb", "cccccccc", "dddddddd"}
    assert forget(store, older_than_days=30).races == 2, "what nobody can read is nobody's, and old"
    assert races(store) == {"bbbbbbbb"}
    store.append(going, [Finished()])
    assert forget(store).races == 1 and races(store) == set()


def test_whoever_has_left_is_found_by_a_run(store, desk, monkeypatch, capsys):
    monkeypatch.setenv("CNNVIZ_HOME", str(store.folder))
    desk.join("ana", "Ana")
    desk.join("ben", "Ben")
    one, other, his = ended(store, "ana"), ended(store, "ana"), ended(store, "ben")
    race(store, "aaaaaaaa", "ana", one)
    desk.leave("ana")
    assert forget(store, nicknames=["Ana"]).runs == 0
    assert main(["forget", "--run", one, "--yes", "--language", "en"]) == 0
    assert "0 nicknames, 2 runs and 1 races" in capsys.readouterr().out
    assert ids(store) == {his} and other not in ids(store) and races(store) == set()
    assert main(["forget", "--run", one, "--yes"]) == 2, "there is no such run any more"
    assert forget(store, nicknames=["ben"], runs=()).people == 1 and desk.people() == ()


def test_a_server_forgets_by_itself_as_long_as_it_runs(store, monkeypatch, noted):
    monkeypatch.setenv("CNNVIZ_CLASS", "1")
    waits = []

    class Over:
        """The server's end, after three hours."""

        def wait(self, seconds):
            waits.append(seconds)
            return len(waits) > 3

    old = ended(store, "ana", created=time.time() - 31 * DAY)
    young = ended(store, "ana", created=time.time() - 29 * DAY)
    monkeypatch.setattr(warming, "_warm_up", lambda: None)
    monkeypatch.setattr("cnnviz.ui.engine.engine", lambda: type("Engine", (), {"store": store}))
    noted.clear()
    warming._look_after(Over())
    assert waits == [3600] * 4 and ids(store) == {young} and old not in ids(store)
    assert [line.getMessage() for line in noted] == ["old runs forgotten"], "said once, when there was something"


def test_without_a_class_nothing_is_forgotten_and_a_store_that_cannot_be_used_waits(store, monkeypatch):
    old = ended(store, "ana", created=time.time() - 400 * DAY)
    tidy(store)
    assert ids(store) == {old}
    monkeypatch.setenv("CNNVIZ_CLASS", "1")
    with store.database.writing() as connection:
        connection.execute("PRAGMA query_only = ON")
    tidy(store)
    assert ids(store) == {old}
    store.database._writer.execute("PRAGMA query_only = OFF")
    monkeypatch.setenv("CNNVIZ_KEEP_DAYS", "0")
    tidy(store)
    assert ids(store) == {old}
    monkeypatch.setenv("CNNVIZ_KEEP_DAYS", "soon")
    with pytest.raises(CnnvizError, match="CNNVIZ_KEEP_DAYS"):
        tidy(store)
    monkeypatch.setenv("CNNVIZ_KEEP_DAYS", "30")
    tidy(store)
    assert ids(store) == set()


def test_leaving_and_coming_back_under_another_name_is_the_same_person(store, desk):
    desk.join("ana", "Ana")
    run_id = ended(store, "ana")
    desk.leave("ana")
    Classroom(store).join("ana", "Zoe")
    done = forget(store, runs=[run_id])
    assert (done.people, done.runs) == (1, 1) and desk.people() == ()
