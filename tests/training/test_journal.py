"""The log: one line for each thing that happens, readable by a machine, without a word about people."""

import json
import subprocess
import sys

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.training.journal import open_journal

SCRIPT = """
from cnnviz.training.journal import note, open_journal
open_journal(); open_journal()
note("run ended", run="abc", state='fini"shed\\n', seconds=1.5)
"""


def lines(kind):
    environment = {"CNNVIZ_LOG": kind, "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, timeout=60
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


def test_another_kind_is_refused(monkeypatch):
    monkeypatch.setenv("CNNVIZ_LOG", "xml")
    with pytest.raises(CnnvizError, match="text, json, off"):
        open_journal()
