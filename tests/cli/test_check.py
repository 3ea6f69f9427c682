"""`python -m cnnviz check` as a teacher runs it: both languages, both forms, and an exit status that can be trusted."""

import json
import os
import subprocess
import sys

import pytest

from cnnviz.cli import check, main
from cnnviz.cli.rehearsal import Row
from tests.project.sources import ROOT

GOOD = Row("data", "Data", "ok", "complete")
NOTE = Row("port", "Port", "look", "taken", "Choose another one.")
BAD = Row("memory", "Memory", "broken", "full", "Close other programs.")


@pytest.fixture
def rehearse(monkeypatch, capsys):
    """Run the command on a machine that is described by rows."""

    def run(*arguments, rows=(GOOD,), presets=()):
        monkeypatch.setattr(check, "machine_rows", lambda _, _port: rows)
        monkeypatch.setattr(check, "device_row", lambda _: Row("device", "Device", "ok", "cpu"))
        monkeypatch.setattr(check, "preset_rows", lambda _: iter(presets))
        status = main(["check", *arguments])
        return status, capsys.readouterr().out

    return run


def test_a_good_machine_is_ready(rehearse):
    status, out = rehearse("--language", "en")
    assert status == 0
    assert out.rstrip().endswith("The class can begin.")


def test_a_note_does_not_stop_the_class(rehearse):
    status, out = rehearse("--language", "en", rows=(GOOD, NOTE))
    assert status == 0
    assert "→ Choose another one." in out
    assert "Worth a look: Port." in out


def test_what_is_broken_stops_the_class_and_says_what_to_do(rehearse):
    status, out = rehearse("--language", "en", rows=(BAD, NOTE, GOOD), presets=(Row("p", "Preset", "ok", "never"),))
    assert status == 1
    assert "→ Close other programs." in out
    assert out.rstrip().endswith("Not ready. To mend first: Memory.")
    assert "never" not in out, "a broken machine is not made to train"


def test_a_broken_preset_counts(rehearse):
    status, _out = rehearse(presets=(Row("preset/vgg11", "VGG-11", "broken", "no memory"),))
    assert status == 1


def test_quick_leaves_the_trial_steps_out(rehearse):
    presets = (Row("preset/lenet", "LeNet-5", "ok", "about 12 s"),)
    assert "about 12 s" in rehearse(presets=presets)[1]
    assert "about 12 s" not in rehearse("--quick", presets=presets)[1]


def test_states_are_marks_and_words(rehearse):
    _status, out = rehearse("--language", "en", rows=(GOOD, NOTE, BAD))
    starts = [line.split()[:2] for line in out.splitlines() if line[:1] in "✓!✗" and line]
    assert ["✓", "good"] in starts
    assert ["!", "look"] in starts
    assert ["✗", "broken"] in starts


def test_json_is_one_object_and_nothing_else(rehearse):
    presets = (Row("preset/lenet", "LeNet-5", "ok", "about 12 s", figures={"estimated_seconds": 12.0}),)
    status, out = rehearse("--json", rows=(GOOD, NOTE), presets=presets)
    told = json.loads(out)
    assert status == 0
    assert told["state"] == "look"
    assert [row["key"] for row in told["rows"]] == ["data", "port", "device", "preset/lenet"]
    assert told["rows"][-1]["figures"]["estimated_seconds"] == 12.0


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({"LANG": "es_AR.UTF-8"}, "es"),
        ({"LANG": "es.UTF-8"}, "es"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "es_ES.UTF-8"}, "es"),
        ({"LANG": "es_ES.UTF-8", "LC_MESSAGES": "en_US"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
    ],
)
def test_the_environment_chooses_the_language(environment, code):
    assert check.environment_language(environment) == code


@pytest.mark.parametrize("port", ["0", "65536", "-1", "many"])
def test_a_port_that_cannot_be_is_refused(port, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["check", f"--port={port}"])
    assert ended.value.code == 2
    assert "1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("code", ["en", "es"])
def test_the_command_itself(code, tmp_path):
    """On this machine, in a process of its own and in a terminal that knows no ✓."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "CNNVIZ_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "cnnviz", "check", "--quick", "--language", code],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode in {0, 1}, run.stderr
    assert not run.stderr
    assert "Fashion-MNIST" in run.stdout
    assert str(tmp_path) in run.stdout
    assert run.stdout.count("\n") > 12
