"""Races cannot be used to hurt anybody: whose hand moves them, how many there may be, how much of them is read."""

import json
import threading

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.specs.presets import preset_named
from cnnviz.training import OwnedRuns, RunStore
from cnnviz.training import race_files as files
from cnnviz.training.pace import PersonLimit
from cnnviz.training.race import RaceSpec
from cnnviz.training.race_files import KEPT_OF_OWNER, RaceFiles
from cnnviz.training.race_runner import GOING_OF_OWNER, Races
from tests.training.fakes import until

LENET, LENET_BN = (preset_named(key, "class").config for key in ("lenet", "lenet_bn"))
SPEC = RaceSpec(contestants=(LENET, LENET_BN), names=("a", "b"), budget="images", amount=1000)


@pytest.fixture
def executor(make_fake, monkeypatch):
    """One whose runs never end by themselves, so that a race goes on until it is stopped."""
    monkeypatch.setattr("cnnviz.training.dispatch._PATIENCE", 0.05)  # these workers hear no stop
    return make_fake()


@pytest.fixture
def races(executor):
    races = Races(executor)
    yield races
    everybody = OwnedRuns(executor, "nobody", leads=True)
    for race_id in list(races._threads):
        races.stop(race_id, everybody)
        until(lambda race_id=race_id: not races.going(race_id))


def begin(races, executor, owner="ana", **options):
    return races.start(SPEC, OwnedRuns(executor, owner, **options), macs=(1, 2))


def refused(code, attempt):
    with pytest.raises(CnnvizError) as caught:
        attempt()
    assert caught.value.code == code


def test_nobody_elses_hand_takes_out_stops_or_resumes(races, executor):
    race_id = begin(races, executor)
    until(lambda: races.record(race_id).runs[0])
    ben = OwnedRuns(executor, "ben")
    refused("race_not_yours", lambda: races.take_out(race_id, 0, ben))
    refused("race_not_yours", lambda: races.stop(race_id, ben))
    refused("race_not_yours", lambda: races.resume(race_id, ben))
    assert races.going(race_id) and races.record(race_id).out == ()
    races.stop(race_id, OwnedRuns(executor, "teacher", leads=True))
    until(lambda: not races.going(race_id))
    assert races.record(race_id).out == (0, 1)


def test_a_person_has_so_many_races_going_and_the_next_one_leaves_no_trace(races, executor):
    for _ in range(GOING_OF_OWNER):
        begin(races, executor)
    refused("races_of_owner", lambda: begin(races, executor))
    assert len(races.latest("ana", limit=99)) == len(races._threads) == GOING_OF_OWNER
    assert begin(races, executor, "ben"), "somebody else's races are their own"


def test_everybody_together_has_so_many_races_going(races, executor, monkeypatch):
    monkeypatch.setattr("cnnviz.training.race_runner.GOING", 3)
    begun, codes = [], []

    def press(owner):
        try:
            begun.append(begin(races, executor, owner))
        except CnnvizError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=press, args=(f"owner {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(begun), codes) == (3, ["races_full"] * 5)


def test_a_race_that_an_earlier_server_left_counts_when_it_is_resumed(races, executor):
    earlier = Races(executor)
    earlier._begin = lambda race: None
    left = begin(earlier, executor)
    for _ in range(GOING_OF_OWNER - 1):
        begin(races, executor)
    ana = OwnedRuns(executor, "ana")
    races.resume(left, ana)
    races.resume(left, ana)
    assert races.going(left) and len(races._threads) == GOING_OF_OWNER
    another = begin(earlier, executor)
    refused("races_of_owner", lambda: races.resume(another, ana))


def test_a_race_is_one_press_for_the_pace_of_starts(races, executor):
    pace = PersonLimit(1, 9, 60, clock=lambda: 0.0)
    begin(races, executor, pace=pace)
    refused("too_fast", lambda: begin(races, executor, pace=pace))
    assert len(races.latest("ana")) == 1


@pytest.fixture
def folder(tmp_path):
    """A folder of races of three people, the oldest first, and something that is none."""
    found = RaceFiles(tmp_path)
    store = RunStore(tmp_path / "store")
    races = Races(type("Executor", (), {"store": store, "seats_per_owner": 1}))
    race = _written(races, store)
    for number in range(30):
        name = files.new_race_id()
        data = {**race, "id": name, "owner": "ana" if number % 2 else "ben", "created": float(number)}
        (tmp_path / f"{name}.json").write_text(json.dumps(data), "utf-8")
    (tmp_path / "aaaaaaaa.json").write_text("{", "utf-8")
    (tmp_path / "keep me.json").write_text("{}", "utf-8")
    store.close()
    return found


def _written(races, store):
    """What a race looks like in its file."""
    races._begin = lambda race: None
    race_id = races.start(SPEC, OwnedRuns(races._executor, "ana"), macs=(1, 2))
    return json.loads((store.folder / "races" / f"{race_id}.json").read_text("utf-8"))


def test_a_list_of_ones_own_races_opens_each_file_once(folder, monkeypatch):
    read, opened = RaceFiles.read, []
    monkeypatch.setattr(RaceFiles, "read", lambda self, race_id: opened.append(race_id) or read(self, race_id))
    newest = [race.created for race in folder.latest("ana", 5)]
    assert newest == [29, 27, 25, 23, 21]
    assert len(opened) == 31 + 5, "every race once, to know whose it is"
    opened.clear()
    assert [race.created for race in folder.latest("ben", 2)] == [28, 26]
    assert len(opened) == 2


def test_the_oldest_make_room_ones_own_first_and_going_ones_stay(folder, tmp_path, monkeypatch):
    def kept(owner):
        return [race.created for race in folder.latest(owner, 99)]

    monkeypatch.setattr(files, "KEPT_OF_OWNER", 10)
    oldest = folder.latest("ana", 99)[-1].id
    folder.make_room("ana", {oldest})
    assert len(kept("ana")) == 9 and kept("ana")[-1] == 1 and len(kept("ben")) == 15
    monkeypatch.setattr(files, "KEPT", 13)
    folder.make_room("carl", set())
    assert len(kept("ana")) + len(kept("ben")) == 12, "with the next one it is as many as there may be"
    assert not (tmp_path / "aaaaaaaa.json").exists(), "what nobody can read goes first"
    assert (tmp_path / "keep me.json").exists(), "what is no race is left alone"


def test_starting_again_and_again_leaves_a_bounded_number_of_files(tmp_path):
    store = RunStore(tmp_path)
    races = Races(type("Executor", (), {"store": store, "seats_per_owner": 1}))
    races._begin = lambda race: None
    hand = OwnedRuns(races._executor, "ana")
    made = [races.start(SPEC, hand, macs=(1, 2)) for _ in range(KEPT_OF_OWNER + 5)]
    assert {path.stem for path in (tmp_path / "races").iterdir()} == set(made[5:])
    store.close()


def test_a_race_that_was_kept_before_there_were_rules_goes_on(folder, tmp_path):
    race = folder.latest("ana", 1)[0]
    path = tmp_path / f"{race.id}.json"
    data = json.loads(path.read_text("utf-8"))
    del data["configs"]
    path.write_text(json.dumps(data), "utf-8")
    assert folder.read(race.id).configs == race.configs


def test_a_race_that_is_stopped_while_a_turn_is_given_ends(races, executor, monkeypatch):
    """Whoever stops it then sees no run that could be told."""
    submit, given = executor.submit, threading.Event()
    monkeypatch.setattr(executor, "submit", lambda *a, **b: given.wait(10) and submit(*a, **b))
    race_id = begin(races, executor)
    races.stop(race_id, OwnedRuns(executor, "ana"))
    given.set()
    until(lambda: not races.going(race_id))
    assert all(record.ended for record in executor.store.records())
