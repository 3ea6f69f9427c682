"""A copy of the run store brings everything back, and nothing that it should not."""

import sqlite3
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cnnviz.cli import main
from cnnviz.errors import CnnvizError
from cnnviz.events import Finished
from cnnviz.training import RunStore, TrainingConfig
from cnnviz.training.backup import back_up, restore
from cnnviz.training.schema import MIGRATIONS, migrate
from tests.training.test_store import STARTED, block

CONFIG = TrainingConfig(architecture="lenet")


def filled(folder):
    store = RunStore(folder)
    done = store.create(CONFIG, owner="ana", name="done")
    store.append(done, [STARTED, block(1, 50, 1.0), Finished(step=50, seconds=1.0)])
    store.run_folder(done).mkdir(parents=True)
    (store.run_folder(done) / "last.safetensors").write_bytes(b"weights")
    (store.run_folder(done) / "last.safetensors.unfinished").write_bytes(b"half")
    (folder / "races").mkdir()
    (folder / "races" / "aaaaaaa2.json").write_text('{"owner": "ana"}')
    (folder / "races" / "aaaaaaa2.unfinished").write_text("half")
    return store, done, store.create(CONFIG, owner="ben", state="running")


def test_what_was_copied_while_it_was_in_use_comes_back(tmp_path):
    store, done, going = filled(tmp_path / "one")
    assert back_up(store, tmp_path / "copy.zip") > 0
    store.append(going, [STARTED, block(1, 5, 1.0)])
    store.close()
    assert restore(tmp_path / "copy.zip", tmp_path / "other") == 2
    again = RunStore(tmp_path / "other")
    assert again.record(done).name == "done" and len(again.steps(done)) == 50
    assert (again.run_folder(done) / "last.safetensors").read_bytes() == b"weights"
    assert [path.name for path in again.run_folder(done).iterdir()] == ["last.safetensors"]
    assert [path.read_text() for path in (tmp_path / "other" / "races").iterdir()] == ['{"owner": "ana"}']
    assert again.record(going).state == "interrupted" and len(again.steps(going)) == 0
    again.close()


def test_a_folder_with_runs_is_left_alone(tmp_path):
    store, *_ = filled(tmp_path / "one")
    back_up(store, tmp_path / "copy.zip")
    store.close()
    with pytest.raises(CnnvizError) as caught:
        restore(tmp_path / "copy.zip", tmp_path / "one")
    assert caught.value.code == "store_not_empty"


@pytest.mark.parametrize("name", ["../out", "runs/../../out.safetensors", "/etc/x", "runs/aaaaaaaaaa/x.py",
                                  "runs\\aaaaaaaaaa\\x.safetensors", "races/../x.json", "races/aaaaaaaa.py",
                                  "races/aaaaaaaa/aaaaaaaa.json", None])  # fmt: skip
def test_a_file_that_is_no_copy_writes_nothing(tmp_path, name):
    path = tmp_path / "copy.zip"
    if name is None:
        path.write_bytes(b"no archive")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("runs.sqlite3", b"")
            archive.writestr(name, b"x")
    with pytest.raises(CnnvizError) as caught:
        restore(path, tmp_path / "folder")
    assert caught.value.code == "backup_unreadable"
    assert not (tmp_path / "folder").exists() and not (tmp_path / "out").exists()


def test_the_command_writes_and_puts_back(tmp_path, monkeypatch, capsys):
    store, *_ = filled(tmp_path / "one")
    store.close()
    monkeypatch.setenv("CNNVIZ_HOME", str(tmp_path / "one"))
    assert main(["backup", str(tmp_path / "copy.zip"), "--language", "en"]) == 0
    assert main(["backup", str(tmp_path / "copy.zip"), "--restore"]) == 2, "there are runs already"
    monkeypatch.setenv("CNNVIZ_HOME", str(tmp_path / "other"))
    assert main(["backup", str(tmp_path / "copy.zip"), "--restore", "--language", "en"]) == 0
    assert "2 runs" in capsys.readouterr().out
    assert main(["backup", str(tmp_path / "nothing.zip"), "--restore"]) == 2


def of_version(folder, version):
    """A store as an older program left it, with three runs in it."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "runs.sqlite3", isolation_level=None)
    connection.executescript((Path(__file__).parent / "store_v1.sql").read_text())
    migrate(connection, MIGRATIONS[:version])
    connection.close()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_an_older_store_is_brought_up_to_date_once_copied_under_live_writes_and_comes_back(tmp_path, version):
    of_version(tmp_path / "old", version)
    with ThreadPoolExecutor(4) as pool:  # two servers and a command start at the same moment
        stores = list(pool.map(lambda _: RunStore(tmp_path / "old"), range(4)))
    for one in stores:
        assert [record.id for record in one.records()] == ["ccccccccc4", "bbbbbbbbb3", "aaaaaaaaa2"]
    store, *others = stores
    live, leave, written = store.create(CONFIG, owner="ana", state="running"), threading.Event(), [0]

    def train():
        store.append(live, [STARTED])
        while not leave.is_set():
            store.append(live, [block(written[0] + 1, 5, 0.1 * written[0])])
            written[0] += 5

    trainer = threading.Thread(target=train)
    trainer.start()
    try:
        for number in range(3):
            before = written[0]
            back_up(others[0], tmp_path / f"{number}.zip")
            assert restore(tmp_path / f"{number}.zip", tmp_path / str(number)) == 4
            again, after = RunStore(tmp_path / str(number)), written[0] + 5  # one that was just being counted
            steps = again.steps(live).step.tolist()
            assert steps == list(range(1, len(steps) + 1)) and before <= len(steps) <= after
            assert again.record(live).step == len(steps), "record and curve are of the same moment"
            assert again.steps("aaaaaaaaa2").loss.tolist() == [2.25, 2.0, 1.75, 1.5, 2.25, 2.0]
            assert again.record("aaaaaaaaa2").name == "first run"
            again.close()
    finally:
        leave.set()
        trainer.join()
        for one in stores:
            one.close()
    assert written[0] > 0
