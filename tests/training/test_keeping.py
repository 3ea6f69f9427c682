"""What is kept of a run beside its curve: what people write about it, who finds it again, and what makes room."""

import json
import sqlite3
from pathlib import Path

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.events import Checkpoint, Controlled, Evaluated, Failed, Finished, Started, Steps
from cnnviz.specs.augmentation import PipelineSpec
from cnnviz.training import RunStore, TrainingConfig
from cnnviz.training.history import history, step_file
from cnnviz.training.same import config_hash
from cnnviz.training.schema import MIGRATIONS

CONFIG = TrainingConfig(architecture="lenet_bn", seed=7)
STARTED = Started(
    total_steps=469, steps_per_epoch=469, parameters=61_706, train_images=60_000, test_images=10_000, device="cpu",
    device_name="one", precision="float32", threads=2,
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    store = RunStore(tmp_path)
    yield store
    store.close()


def finished(store, config=CONFIG, owner="ana", **more):
    run_id = store.create(config, owner=owner, **more)
    store.append(run_id, [STARTED, Finished(step=469)])
    return run_id


# migration


def test_a_store_of_version_1_keeps_everything_and_gains_the_rest(tmp_path):
    connection = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
    connection.executescript((Path(__file__).parent / "store_v1.sql").read_text())
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()
    store = RunStore(tmp_path)
    third, second, first = store.records()
    assert (first.id, second.id, third.id) == ("aaaaaaaaa2", "bbbbbbbbb3", "ccccccccc4")
    assert (first.name, first.group, first.state, first.best_test_accuracy) == ("first run", "race", "finished", 0.75)
    assert (first.tags, first.notes, first.pinned, first.evicted, first.reason) == ((), "", False, (), None)
    assert store.steps(first.id).loss.tolist() == [2.25, 2.0, 1.75, 1.5, 2.25, 2.0]
    assert [event.kind for _, event in store.events(first.id)] == ["started", "checkpoint", "evaluated", "finished"]
    assert second.failure.code == "worker_lost" and second.config.architecture.key == "vgg11_small"
    assert store.find_same(CONFIG).id == first.id
    assert second.config_hash is None, "its learning rate was changed by hand"
    assert [record.id for record in store.records(architecture="vgg11_small")] == [second.id]
    assert store.mark_interrupted() == (third.id,)
    with store._database.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    store.close()


# what people write


def test_name_tags_notes_and_pin_are_kept_together_or_not_at_all(store):
    run_id = finished(store)
    store.update(
        run_id, name=" the\nfirst ", tags=("race", "Race", " group  b ", ""), notes="a\r\nb\x00\x1b[1m ", pinned=True
    )
    record = store.record(run_id)
    assert (record.name, record.tags, record.notes, record.pinned) == (
        "the first",
        ("race", "group b"),
        "a\nb[1m",
        True,
    )
    store.update(run_id, notes="")
    record = store.record(run_id)
    assert (record.name, record.tags, record.notes, record.pinned) == ("the first", ("race", "group b"), "", True)
    store.update(run_id, tags=(), pinned=False)
    assert (store.record(run_id).tags, store.record(run_id).pinned) == ((), False)
    for change, code in (
        ({"notes": "x" * 2001}, "text_too_long"),
        ({"tags": ["y" * 31]}, "text_too_long"),
        ({"tags": [f"tag {i}" for i in range(13)]}, "tags_too_many"),
    ):
        with pytest.raises(CnnvizError) as caught:
            store.update(run_id, name="changed", **change)
        assert caught.value.code == code and caught.value.field == next(iter(change))
        assert store.record(run_id).name == "the first"
    store.update(run_id, notes="x" * 2000, tags=["y" * 30, *(f"tag {i}" for i in range(11))])
    with pytest.raises(CnnvizError, match="There is no run"):
        store.update("aaaaaaaaaa", name="x")


@pytest.mark.parametrize(
    "text", ["half \ud800 a pair", "\u202egnp.exe", "tab\tand\x07bell", "<script>alert(1)</script>"]
)
def test_whatever_is_typed_can_be_kept_and_looked_for(store, text):
    run_id = finished(store, name=text)
    store.update(run_id, name=text, notes=text, tags=[text[:30]])
    record = store.record(run_id)
    assert all(letter.isprintable() for letter in record.name + record.notes.replace("\n", ""))
    assert store.records(text=text, tags=[text], architecture=text) == ()
    assert [found.id for found in store.records(text=record.name)] == [run_id]


def test_runs_are_found_by_words_tags_network_and_state(store):
    lenet = finished(store, name="100% of_it")
    vgg = finished(store, TrainingConfig(architecture="vgg11_small"), owner="ben", name="50 per cent")
    store.update(lenet, tags=["race", "tuesday"], notes="Faster than\nben's")
    store.update(vgg, tags=["race day"])

    def found(**question):
        return {record.id for record in store.records(**question)}

    both = {lenet, vgg}
    assert found() == found(text="") == found(text="  ") == both
    for text, expected in (
        ("lenet", {lenet}), ("LENET faster", {lenet}), ("lenet cent", set()), ("race", both), ("%", {lenet}),
        ("_", both), ("f_i", {lenet}), ("f_o", set()), ("!", set()), ("' OR 1=1 --", set()),
    ):  # fmt: skip
        assert found(text=text) == expected, text
    assert found(tags=["race"]) == {lenet} and found(tags=["RACE", "tuesday"]) == {lenet}
    assert found(tags=["race", "friday"]) == found(tags=["ra%"]) == found(tags=["race\ntuesday%"]) == set()
    assert found(architecture="vgg11_small") == {vgg} == found(owner="ben", states=("finished",), text="50")
    assert found(architecture="vgg%") == set() and len(store.records(limit=1)) == 1


def test_a_clock_that_goes_backwards_changes_no_order(store, monkeypatch):
    moments = iter([2e9, 1.9e9, 1.8e9])
    monkeypatch.setattr("cnnviz.training.store.time.time", lambda: next(moments))
    ids = [store.create(CONFIG, owner="ana") for _ in range(3)]
    assert [record.id for record in store.records(owner="ana")] == ids[::-1]


# the same run again


def test_a_finished_run_is_found_again_and_nothing_else_is_taken_for_it(store):
    assert store.find_same(CONFIG) is None
    queued = store.create(CONFIG, owner="ben")
    assert store.find_same(CONFIG).id == queued and store.find_same(CONFIG, owner="ana") is None
    store.append(queued, [STARTED])
    assert store.find_same(CONFIG).state == "running", "it can be followed"
    first, second = finished(store), finished(store)
    running = store.create(CONFIG, owner="cam", state="running")
    assert store.find_same(CONFIG).id == second, "the newest finished one"
    store.delete(second)
    assert store.find_same(CONFIG).id == first
    store.append(queued, [Finished(reason="stopped")])
    store.append(running, [Failed(code="worker_lost", parameters={"step": 1})])
    store.delete(first)
    assert store.find_same(CONFIG) is None, "stopped and failed ones are not it"


CHANGES = {
    "architecture": "lenet", "epochs": 2, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.2,
    "schedule": "cosine", "momentum": 0.5, "weight_decay": 0.1, "train_images": 6000, "test_images": 100,
    "initialization": "default", "evaluations": 3, "seed": 8, "device": "cpu", "precision": "float32", "threads": 1,
    "augmentation": PipelineSpec.parse({"operations": [{"kind": "horizontal_flip"}]}),
}  # fmt: skip


def other_value(name):
    """A value that a setting does not have in `CONFIG`, whatever settings there are."""
    if name in CHANGES:
        return CHANGES[name]
    field = TrainingConfig.model_fields[name]
    now = getattr(CONFIG, name)
    options = [*getattr(field.annotation, "__args__", ()), True, False, 1, 2, 0.5, 0.05, 5.0, 0.0]
    for value in options:
        try:
            if value != now and CONFIG.replace(**{name: value}) != CONFIG:
                return value
        except ValueError:
            continue
    raise AssertionError(f"no other value for {name}: add one to CHANGES")


@pytest.mark.parametrize("name", TrainingConfig.model_fields)
def test_every_setting_counts(name):
    changed = CONFIG.replace(**{name: other_value(name)})
    assert config_hash(changed) != config_hash(CONFIG)
    again = TrainingConfig.model_validate_json(changed.model_dump_json())
    assert config_hash(again) == config_hash(changed)


def test_every_field_of_a_network_counts():
    spec = CONFIG.architecture
    for change in ({"image_size": 32}, {"dropout": 0.1}, {"width": 2.0}, {"activation": "relu"}):
        changed = CONFIG.replace(architecture=spec.replace(**change))
        assert config_hash(changed) != config_hash(CONFIG), change


def test_settings_at_their_defaults_are_left_out_of_the_key():
    """A store that was written before a setting existed still knows its runs."""
    before = config_hash(CONFIG)

    class Newer(TrainingConfig):
        later: int = 3

    assert config_hash(Newer(**dict(CONFIG))) == before
    assert config_hash(Newer(**dict(CONFIG), later=4)) != before


def test_a_run_with_a_hand_on_it_is_not_the_same_any_more(store):
    by_hand, extended, plain = finished(store), finished(store), None
    store.append(by_hand, [Controlled(step=3, action="learning_rate", learning_rate=0.01)])
    store.requeue(extended, CONFIG.replace(epochs=2))
    store.append(extended, [Finished()])
    assert store.find_same(CONFIG) is None and store.find_same(CONFIG.replace(epochs=2)) is None
    plain = finished(store)
    store.append(plain, [Controlled(step=3, action="pause"), Controlled(step=3, action="resume")])
    store.requeue(plain)
    store.append(plain, [Finished()])
    assert store.find_same(CONFIG).id == plain


def test_two_settings_under_one_key_are_told_apart(store):
    run_id = finished(store)
    with store._database.writing() as connection:
        other = CONFIG.replace(seed=8)
        connection.execute("UPDATE runs SET config_hash = ? WHERE id = ?", (config_hash(other), run_id))
    assert store.find_same(other) is None


def test_why_a_run_ended_and_the_rate_of_each_step_are_kept(store):
    run_id = finished(store)
    assert store.record(run_id).reason == "completed"
    stopped = store.create(CONFIG, owner="ana")
    store.append(stopped, [STARTED, Finished(reason="stopped")])
    assert (store.record(stopped).state, store.record(stopped).reason) == ("stopped", "stopped")
    block = {
        "step": 3, "seconds": 1.0, "first_step": 1, "losses": (1.0,) * 3, "accuracies": (0.5,) * 3, "train_loss": 1.0,
        "train_accuracy": 0.5, "learning_rate": 0.25, "images_per_second": 9.0,
    }  # fmt: skip
    store.append(run_id, [Steps(**block, learning_rates=(0.125, 0.25, 0.5))])
    assert store.steps(run_id).learning_rate.tolist() == [0.125, 0.25, 0.5]
    store.append(stopped, [Steps(**block)])
    assert store.steps(stopped).learning_rate.tolist() == [0.25] * 3


# continuing


def test_what_a_checkpoint_stands_on_cannot_change(store):
    run_id = finished(store)
    for change in ({"seed": 8}, {"batch_size": 64}, {"architecture": "lenet"}, {"optimizer": "adam"}):
        with pytest.raises(CnnvizError) as caught:
            store.requeue(run_id, CONFIG.replace(**change))
        assert caught.value.code == "checkpoint_mismatch"
    assert store.record(run_id).state == "finished" and store.record(run_id).config == CONFIG
    store.requeue(run_id, CONFIG.replace(epochs=3))
    event = store.events(run_id)[-1][1]
    assert (event.kind, event.action, event.epochs, event.step) == ("controlled", "continue", 3, 469)


# room on the disk


def fill(store, run_id, size=1000):
    """Files as a run leaves them: three of a history, the best, and the latest, which is the last of the three."""
    folder = store.run_folder(run_id)
    folder.mkdir(parents=True)
    for step in (0, 10, 20):
        (folder / step_file(step)).write_bytes(b"x" * size)
    (folder / "best.safetensors").write_bytes(b"x" * size)
    (folder / "last.safetensors").hardlink_to(folder / step_file(20))
    store.append(run_id, [Checkpoint(step=20, file="last.safetensors", bytes=size)])
    return folder


def left(folder):
    return {path.name.split(".")[0].split("-")[0] for path in folder.iterdir()} if folder.exists() else set()


def test_room_is_made_in_order_and_said(store):
    oldest, pinned, stopped, newest = (finished(store, name=name) for name in "abcd")
    store.requeue(stopped)
    store.append(stopped, [Finished(reason="stopped")])
    running = store.create(CONFIG, owner="ana", state="running")
    store.update(pinned, pinned=True)
    folders = {run: fill(store, run) for run in (oldest, pinned, stopped, newest, running)}  # 4,000 bytes each
    everything = {"step", "best", "last"}
    assert store.make_room(20_000) == ()
    assert store.make_room(18_000) == (oldest,)
    assert left(folders[oldest]) == {"best", "last"} and store.record(oldest).evicted == ("history",)
    assert left(folders[stopped]) == left(folders[newest]) == everything
    assert store.make_room(14_000) == (stopped, newest)
    assert [left(folders[run]) for run in (oldest, stopped, newest)] == [{"best", "last"}] * 3
    assert store.make_room(13_000) == (oldest,)
    assert left(folders[oldest]) == {"last"} and left(folders[newest]) == {"best", "last"}
    assert store.make_room(10_000) == (stopped, newest, oldest)
    assert (left(folders[oldest]), left(folders[newest])) == (set(), {"last"})
    assert left(folders[stopped]) == {"last"}, "it could still be continued"
    assert set(store.make_room(0)) == {newest, stopped}
    assert left(folders[pinned]) == left(folders[running]) == everything
    assert store.record(newest).evicted == ("best", "history", "last")
    assert store.record(pinned).evicted == store.record(running).evicted == ()
    assert len(store.steps(oldest)) == 0 and store.record(oldest).state == "finished", "the run itself stays"


def test_the_limit_comes_from_the_environment_and_leftovers_go_first(store, monkeypatch):
    run_id = finished(store)
    fill(store, run_id, size=400_000)  # 1.6 MB
    orphan = store.folder / "runs" / "aaaaaaaaaa"
    orphan.mkdir()
    (orphan / "last.safetensors").write_bytes(b"x" * 500_000)
    assert store.make_room() == ()
    monkeypatch.setenv("CNNVIZ_DISK_MB", "2")
    assert store.make_room() == () and not orphan.exists()
    monkeypatch.setenv("CNNVIZ_DISK_MB", "1")
    assert store.make_room() == (run_id,)
    for bad in ("0", "much"):
        monkeypatch.setenv("CNNVIZ_DISK_MB", bad)
        with pytest.raises(CnnvizError, match="CNNVIZ_DISK_MB"):
            store.make_room()


def test_a_run_that_lost_its_latest_checkpoint_and_goes_on_has_one_again(store):
    run_id = finished(store)
    fill(store, run_id)
    store.make_room(0)
    assert store.record(run_id).evicted == ("best", "history", "last")
    assert store.checkpoints_of(run_id) == ()
    store.requeue(run_id)
    assert store.record(run_id).evicted == ("best", "history")


def test_the_checkpoints_of_a_run_are_listed_in_order(store):
    run_id = finished(store)
    assert store.checkpoints_of(run_id) == ()
    folder = fill(store, run_id)
    (folder / "step-x.safetensors").write_bytes(b"")
    (folder / "step-0000005.unfinished").write_bytes(b"")
    assert [step for step, _ in store.checkpoints_of(run_id)] == [0, 10, 20]
    for _step, path in history(folder):
        path.unlink()
    header = json.dumps({"__metadata__": {"position": json.dumps({"step": 42})}}).encode()
    (folder / "last.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    assert store.checkpoints_of(run_id) == ((42, folder / "last.safetensors"),)
    with pytest.raises(CnnvizError):
        store.checkpoints_of("../../etc")


def test_measured_values_survive_an_update(store):
    run_id = finished(store)
    store.append(run_id, [Evaluated(
        step=1, test_loss=1.5, test_accuracy=0.7, train_loss=1.4, train_accuracy=0.5, learning_rate=0.1,
        images_per_second=900.0, test_images=10_000,
    )])  # fmt: skip
    store.update(run_id, name="x")
    assert store.record(run_id).test_accuracy == 0.7
