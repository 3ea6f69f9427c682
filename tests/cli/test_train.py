"""`python -m cnnviz train`: what it prints, and how it ends."""

import json
import os
import signal
import subprocess
import sys

import pytest

from cnnviz.cli import main
from cnnviz.events import parse_event

SHORT = ("--images", "640", "--batch-size", "64", "--test-images", "100", "--evaluations", "2")


@pytest.fixture(autouse=True)
def ctrl_c():
    """The command takes Ctrl-C for itself."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_json_is_one_event_a_line(capsys):
    assert main(["train", "lenet_bn", *SHORT, "--lr", "0.2", "--optimizer", "adamw", "--seed", "5", "--json"]) == 0
    output = capsys.readouterr()
    events = [parse_event(json.loads(line)) for line in output.out.splitlines()]
    assert [events[0].kind, events[-1].kind] == ["started", "finished"]
    assert events[0].total_steps == events[-1].step == 10
    assert {event.learning_rate for event in events if event.kind == "steps"} == {0.2}
    assert output.err == ""


def test_progress_goes_to_the_standard_error(capsys):
    assert main(["train", "lenet", *SHORT, "--epochs", "2", "--image-size", "32"]) == 0
    output = capsys.readouterr()
    assert "20/20" in output.err
    assert output.out.count("test accuracy") == 2


@pytest.mark.parametrize("preset", ["class", "chapter"])
def test_a_preset_is_where_the_options_start(preset, capsys):
    assert main(["train", "lenet_bn", "--preset", preset, *SHORT, "--epochs", "1", "--json"]) == 0
    assert '"finished"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lenet_9"], "lenet_9"),
        (["lenet", "--epochs", "0"], "epochs: 0 is too small"),
        (["lenet", "--epochs", "abc"], "epochs: abc is not a number"),
        (["lenet", "--lr", "nan"], "learning_rate"),
        (["lenet", "--lr", "100"], "largest allowed is 10"),
        (["lenet", "--optimizer", "magic"], "magic"),
        (["lenet", "--batch-size", "512", "--images", "100"], "512 is larger than the 100"),
        (["lenet", "--images", "abc"], "abc"),
        (["lenet", "--image-size", "big"], "big is not a number"),
        (["alexnet", "--image-size", "20"], "20 px"),
        (["lenet", "--device", "mps"], "mps"),
        (["lenet", "--processes", "0"], "processes: 0 is too small"),
    ],
)
def test_what_cannot_work_is_one_sentence_and_status_2(arguments, words, capsys):
    if "mps" in arguments:
        import torch

        assert not torch.backends.mps.is_available(), "ask for a device that this machine lacks"
    assert main(["train", *arguments]) == 2
    output = capsys.readouterr()
    assert words in output.err and output.err.count("\n") == 1 and output.out == ""


def test_ctrl_c_stops_in_good_order():
    command = [sys.executable, "-m", "cnnviz", "train", "lenet", "--epochs", "50", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if '"steps"' in line:
                break
        os.kill(process.pid, signal.SIGINT)
        *_, last = process.stdout
        errors = process.stderr.read()
    assert (process.returncode, errors) == (0, "")
    assert parse_event(last).reason == "stopped"
