"""A copy of the run store brings everything back, and nothing that it should not."""

import zipfile

import pytest

from cnnviz.cli import main
from cnnviz.errors import CnnvizError
from cnnviz.events import Finished
from cnnviz.training import RunStore, TrainingConfig
from cnnviz.training.backup import back_up, restore
from tests.training.test_store import STARTED, block

CONFIG = TrainingConfig(architecture="lenet")


def filled(folder):
    store = RunStore(folder)
    done = store.create(CONFIG, owner="ana", name="done")
    store.append(done, [STARTED, block(1, 50, 1.0), Finished(step=50, seconds=1.0)])
    store.run_folder(done).mkdir(parents=True)
    (store.run_folder(done) / "last.safetensors").write_bytes(b"weights")
    (store.run_folder(done) / "last.safetensors.unfinished").write_bytes(b"half")
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
                                  "runs\\aaaaaaaaaa\\x.safetensors", None])  # fmt: skip
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
