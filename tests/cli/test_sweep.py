"""`python -m cnnviz sweep`: a run for every pair, told one by one and as a table."""

import json
import signal

import pytest

from cnnviz.cli import main

SHORT = ("--images", "640", "--test-images", "100", "--evaluations", "1")


@pytest.fixture(autouse=True)
def ctrl_c():
    """The command takes Ctrl-C for itself."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_json_is_one_run_a_line(capsys):
    arguments = ["--lr", "0.1", "1", "--batch-size", "64", "32", "--seeds", "2", "--json"]
    assert main(["sweep", "lenet_bn", *SHORT, *arguments]) == 0
    output = capsys.readouterr()
    runs = [json.loads(line) for line in output.out.splitlines()]
    assert [(run["seed"], run["learning_rate"], run["batch_size"]) for run in runs] == [
        (seed, rate, size) for seed in (1, 2) for rate in (0.1, 1) for size in (32, 64)
    ]
    assert {run["state"] for run in runs} == {"done"} and output.err == ""
    assert all(0 <= run["best_test_accuracy"] <= 1 and run["seconds"] > 0 for run in runs)
    assert runs[0]["best_test_accuracy"] != runs[4]["best_test_accuracy"], "another seed is another run"


def test_a_sweep_without_values_goes_around_the_settings_and_ends_in_a_table(capsys):
    assert main(["sweep", "lenet_bn", *SHORT, "--lr", "1", "--language", "es"]) == 0
    output = capsys.readouterr()
    header, row, best = output.out.splitlines()
    assert header.split() == ["32", "128", "512"] and row.split()[0] == "1"
    assert best.startswith("Lo mejor es 1 con lotes de ")
    assert [line.split(" ")[0] for line in output.err.splitlines()] == ["1/3", "2/3", "3/3"]


def test_a_pair_that_diverges_is_said_and_is_no_failure(capsys, monkeypatch):
    from cnnviz.events import Failed

    monkeypatch.setattr(
        "cnnviz.cli.sweep.train",
        lambda config, control: iter([Failed(step=3, seconds=1.0, code="loss_not_finite")]),
    )
    assert main(["sweep", "lenet", *SHORT, "--lr", "3", "--batch-size", "64"]) == 0
    assert capsys.readouterr().out.split()[-1] == "diverged"
    monkeypatch.setattr(
        "cnnviz.cli.sweep.train", lambda config, control: iter([Failed(step=3, seconds=1.0, code="out_of_memory")])
    )
    assert main(["sweep", "lenet", *SHORT, "--lr", "3", "--batch-size", "64"]) == 1


def test_what_is_best_is_the_best_mean_and_no_single_lucky_seed(capsys, monkeypatch):
    """0.1 has 0.4 and 0.9, 1 has 0.7 and 0.8; 3 diverges from its second seed."""
    from cnnviz.events import Evaluated, Failed, Finished

    accuracies = {(0.1, 1): 0.4, (0.1, 2): 0.9, (1.0, 1): 0.7, (1.0, 2): 0.8, (3.0, 1): 0.9}

    def played(config, control):
        accuracy = accuracies.get((config.learning_rate, config.seed))
        if accuracy is None:
            return [Failed(step=3, seconds=1.0, code="loss_not_finite")]
        measured = {"test_loss": 1.0, "train_loss": 1.0, "train_accuracy": 0.5, "learning_rate": 0.1,
                    "images_per_second": 500.0, "test_images": 10}  # fmt: skip
        return [Evaluated(step=3, seconds=2.0, test_accuracy=accuracy, **measured), Finished(step=3, seconds=2.0)]

    monkeypatch.setattr("cnnviz.cli.sweep.train", played)
    arguments = ["--lr", "0.1", "1", "3", "--batch-size", "64", "--seeds", "2", "--language", "en"]
    assert main(["sweep", "lenet", *SHORT, *arguments]) == 0
    *rows, best = [line.replace("\u202f", "").replace("\xa0", "") for line in capsys.readouterr().out.splitlines()]
    assert [row.split() for row in rows[1:]] == [["0.1", "65.0%"], ["1", "75.0%"], ["3", "diverged"]]
    assert best.startswith("1 with batches of 64 is best: 75.0%")


def test_nothing_is_best_among_those_that_guess(capsys, monkeypatch):
    from cnnviz.events import Evaluated, Finished

    def played(config, control):
        measured = {"test_loss": 2.3, "train_loss": 2.3, "train_accuracy": 0.1, "learning_rate": 0.1,
                    "images_per_second": 500.0, "test_images": 100}  # fmt: skip
        return [Evaluated(step=3, seconds=2.0, test_accuracy=0.12, **measured), Finished(step=3, seconds=2.0)]

    monkeypatch.setattr("cnnviz.cli.sweep.train", played)
    assert main(["sweep", "lenet", *SHORT, "--lr", "0.1", "1", "--batch-size", "64", "--language", "en"]) == 0
    last = capsys.readouterr().out.splitlines()[-1].replace("\u202f", "").replace("\xa0", "")
    assert last == "No cell is certainly better than guessing, which gets 10% right."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lenet_9"], "lenet_9"),
        (["lenet", "--lr", "abc"], "learning_rates: abc is not a number"),
        (["lenet", "--lr", "100"], "largest allowed is 10"),
        (["lenet", "--batch-size", "0"], "batch_size: 0 is too small"),
        (["lenet", "--batch-size", "64", "512", "--images", "100"], "512 is larger than the 100"),
        (["lenet", "--lr", *"1234567", "--batch-size", "1", "2", "3", "4"], "28 runs are too many"),
        (["lenet", "--schedule", "range_test"], "Choose another schedule"),
        (["lenet", "--seeds", "many"], "seeds: many is not a number"),
    ],
)
def test_what_cannot_work_is_one_sentence_and_status_2(arguments, words, capsys):
    assert main(["sweep", *arguments]) == 2
    output = capsys.readouterr()
    assert words in output.err and output.err.count("\n") == 1 and output.out == ""
