"""The log: one line for each thing that happens, readable by a machine, without a word about people."""

import json
import logging
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.training import RunStore, TrainingConfig, journal
from cnnviz.training.journal import open_journal
from cnnviz.training.pace import RateLimit

SCRIPT = """
from cnnviz.training.journal import note, open_journal
open_journal(); open_journal()
note("run ended", run="abc", state='fini"shed\\n', seconds=1.5)
"""


def lines(kind, script=SCRIPT):
    environment = {"CNNVIZ_LOG": kind, "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return run.stderr.splitlines()


def test_as_json_each_line_is_an_object():
    (line,) = lines("json")
    said = json.loads(line)
    assert said.pop("time") > 1.7e9
    assert said == {"level": "INFO", "event": "run ended", "run": "abc", "state": 'fini"shed\n', "seconds": 1.5}


def test_as_text_it_is_read_by_a_person_and_switched_off_it_says_nothing():
    assert "run ended run=abc" in lines("text")[0]
    assert lines("off") == []


def test_what_is_refused_again_and_again_is_counted_and_not_written_each_time():
    script = "from cnnviz.training.journal import note, open_journal\nopen_journal()\n"
    script += 'for n in range(500): note("upload refused", level=30); note("run begins", run=n)'
    said = [json.loads(line) for line in lines("json", script)]
    assert [line["event"] for line in said].count("upload refused") == 10
    assert [line["event"] for line in said].count("run begins") == 500 and said[0]["level"] == "WARNING"


def test_the_line_after_a_pause_says_how_many_were_left_out():
    now = [0.0]
    sparse = journal._Sparse()
    sparse._pace = RateLimit(1, 60, lambda: now[0])

    def passes():
        record = logging.LogRecord("cnnviz", logging.WARNING, "", 0, "secret refused", (), None)
        return sparse.filter(record), getattr(record, "fields", {})

    assert [passes() for _ in range(4)] == [(True, {}), *[(False, {})] * 3]
    now[0] += 60
    assert passes() == (True, {"left_out": 3})


def test_a_store_that_refuses_is_said_once_and_so_is_that_it_works_again(tmp_path, monkeypatch, noted):
    monkeypatch.setattr(journal, "_CALM", 0.05)
    store = RunStore(tmp_path)
    run_id = store.create(TrainingConfig(architecture="lenet"), owner="ana")
    noted.clear()
    for name in ("ON", "OFF", "ON", "OFF", ""):
        if not name:
            time.sleep(0.06)
        for _ in range(3):
            store.database._writer.execute(f"PRAGMA query_only = {name or 'OFF'}")
            with suppress(CnnvizError):
                store.update(run_id, name="once more")
    assert [(one.levelname, one.getMessage()) for one in noted] == [
        ("ERROR", "store cannot be written"), ("WARNING", "store can be written again")
    ]  # fmt: skip
    assert "readonly" in noted[0].fields["reason"] and "ana" not in str([one.fields for one in noted])
    store.close()


def test_another_kind_is_refused(monkeypatch):
    monkeypatch.setenv("CNNVIZ_LOG", "xml")
    with pytest.raises(CnnvizError, match="text, json, off"):
        open_journal()
