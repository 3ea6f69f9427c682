"""Nicknames, the teacher's secret, and forgetting people."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.classroom import Classroom, Teachers, forget
from cnnviz.classroom.desk import MOST_PEOPLE
from cnnviz.classroom.nicknames import LENGTH, clean_nickname, folded
from cnnviz.classroom.teacher import GUESSES_IN_ALL, GUESSES_OF_AN_ADDRESS, VARIABLE, secret_matches
from cnnviz.cli import main
from cnnviz.errors import CnnvizError
from cnnviz.events import Finished
from cnnviz.training import RunStore, TrainingConfig

CONFIG = TrainingConfig(architecture="lenet")


@given(st.text(max_size=200))
def test_a_nickname_is_one_short_visible_line_or_refused(text):
    try:
        name = clean_nickname(text)
    except CnnvizError as error:
        assert error.code == "nickname_invalid"
        return
    assert 1 <= len(name) <= LENGTH and name.isprintable() and clean_nickname(name) == name
    name.encode()


@pytest.mark.parametrize("bad", ["", "   ", "!!!", "\u200b\u200b", "a" * 25, "\u202eana"[:1], "Z" + "\u0301" * 12])
def test_what_is_no_nickname(bad):
    with pytest.raises(CnnvizError):
        clean_nickname(bad)


@pytest.mark.parametrize(
    ("one", "other"), [("Ana", "ana"), ("Ana", "A n a"), ("Ana", "\uff21\uff4e\uff41"), ("straße", "STRASSE")]
)
def test_names_that_look_the_same_are_the_same(desk, one, other):
    assert folded(one) == folded(other)
    desk.join("1", one)
    with pytest.raises(CnnvizError) as caught:
        desk.join("2", other)
    assert caught.value.code == "nickname_taken"
    desk.join("1", other)
    assert [person.owner for person in desk.people()] == ["1"]


def test_joining_leaving_and_what_is_known(desk):
    assert desk.person("1") is None
    assert desk.join("1", "  <b>Ana</b>\n ") == "<b>Ana</b>", "as typed: who shows it shows it as text"
    desk.join("2", "Ben")
    assert dict(desk.nicknames()) == {"1": "<b>Ana</b>", "2": "Ben"}
    desk.leave("1")
    assert desk.person("1") is None
    desk.join("3", "<b>ana</b>")


def test_only_so_many_take_part_and_whoever_does_nothing_can_be_sent_away(store, desk):
    desk.join("1", "Ana")
    desk.count_start("1", 0)
    with store.database.writing() as connection:
        connection.executemany(
            "INSERT INTO people (owner, nickname, folded, joined, seen) VALUES (?, ?, ?, 0, 0)",
            [(f"invented {n}", f"invented {n}", f"invented{n}") for n in range(1, MOST_PEOPLE)],
        )
    with pytest.raises(CnnvizError) as caught:
        desk.join("ben", "Ben")
    assert caught.value.code == "class_full" and caught.value.parameters == {"limit": MOST_PEOPLE}
    desk.join("1", "Ana the first")
    desk.leave_idle()
    assert [person.nickname for person in desk.people()] == ["Ana the first"]
    desk.join("ben", "Ben")


def test_the_secret_is_the_one_of_the_environment(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(CnnvizError) as caught:
        secret_matches("")
    assert caught.value.code == "secret_missing", "an unset secret opens nothing"
    monkeypatch.setenv(VARIABLE, "cuál es")
    assert secret_matches("cuál es")
    assert not any(secret_matches(wrong) for wrong in ("", "cuál e", "cuál es ", "CUÁL ES", "\udc80"))


def test_guessing_is_slow_for_one_browser_one_address_and_for_all_together(monkeypatch):
    monkeypatch.setenv(VARIABLE, "right")
    now = [0.0]
    teachers = Teachers(clock=lambda: now[0])

    def guess(owner, typed="wrong", address="192.0.2.66"):
        with pytest.raises(CnnvizError) as caught:
            teachers.unlock(owner, typed, address)
        return caught.value.code

    assert [guess("mallory") for _ in range(6)] == ["secret_wrong"] * 5 + ["too_fast"]
    assert guess("mallory", "right") == "too_fast"
    codes = [guess(f"mallory {number}") for number in range(400)]
    assert codes.count("secret_wrong") == GUESSES_OF_AN_ADDRESS - 5, "however many browsers"
    teachers.unlock("a teacher meanwhile", "right", "192.0.2.1")
    codes = [guess(str(number), address=str(number)) for number in range(400)]
    assert codes.count("secret_wrong") == GUESSES_IN_ALL - GUESSES_OF_AN_ADDRESS - 1, "however many addresses"
    now[0] += 60
    teachers.unlock("teacher", "right")
    assert "teacher" in teachers and "mallory" not in teachers
    now[0] += 12 * 3600
    assert "teacher" not in teachers
    now[0] += 1
    teachers.unlock("teacher", "right")
    teachers.lock("teacher")
    assert "teacher" not in teachers


def _with_runs(store):
    desk = Classroom(store)
    desk.join("1", "Ana")
    desk.join("2", "Ben")
    ended = {owner: store.create(CONFIG, owner=owner, name=f"secret of {owner}") for owner in ("1", "2", "nobody")}
    for run_id in ended.values():
        store.append(run_id, [Finished()])
    store.run_folder(ended["1"]).mkdir(parents=True)
    (store.run_folder(ended["1"]) / "last.safetensors").write_text("weights")
    going = store.create(CONFIG, owner="1")
    return desk, ended, going


def test_one_person_is_forgotten_out_of_the_file_itself(tmp_path):
    store = RunStore(tmp_path)
    desk, ended, going = _with_runs(store)
    done = forget(store, nicknames=["ANA"])
    assert (done.people, done.runs, done.left) == (1, 1, (going,))
    assert [person.nickname for person in desk.people()] == ["Ben"]
    assert {record.id for record in store.records()} == {ended["2"], ended["nobody"], going}
    assert not store.run_folder(ended["1"]).exists()
    for file in tmp_path.glob("runs.sqlite3*"):
        assert b"secret of 1" not in file.read_bytes() and b"Ana" not in file.read_bytes(), file.name
    store.close()


def test_the_command_forgets_everybody_and_asks_first(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CNNVIZ_HOME", str(tmp_path))
    store = RunStore(tmp_path)
    _desk, _ended, going = _with_runs(store)
    assert main(["forget"]) == 1, "nobody at the terminal agrees"
    assert len(store.records()) == 4
    assert main(["forget", "--yes"]) == 1
    assert going in capsys.readouterr().err, "what still goes is named"
    store.append(going, [Finished()])
    assert main(["forget", "--yes", "--language", "en"]) == 0
    assert "1 runs" in capsys.readouterr().out and store.records() == ()
    store.close()
    connection = sqlite3.connect(tmp_path / "runs.sqlite3")
    for table in ("runs", "people", "events", "blocks"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    connection.close()
