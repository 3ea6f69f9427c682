"""What the live curves fetch: only with the ticket that a page gave this browser, and exactly what the store has."""

import re

import numpy as np
import pytest
from starlette.requests import Request

from cnnviz.events import Evaluated, Finished, Started, Steps
from cnnviz.training import RunStore, TrainingConfig
from cnnviz.ui import curve_feed, diagnosis, run_words
from cnnviz.ui.components.curve_wire import HISTORY, TAIL
from cnnviz.ui.engine import COOKIE
from tests.ui.components.test_curve_wire import decode

MINE = "somebody's key"


class Engine:
    def __init__(self, store):
        self.store, self.place = store, 3

    def queue_position(self, _run_id):
        return self.place


@pytest.fixture
def store(tmp_path, monkeypatch):
    with_runs = RunStore(tmp_path)
    served = Engine(with_runs)
    for module in (curve_feed, run_words, diagnosis):
        monkeypatch.setattr(module, "engine", lambda: served)
    yield with_runs
    with_runs.close()


@pytest.fixture
def run(store):
    run_id = store.create(TrainingConfig(architecture="lenet"), owner="me")
    store.append(run_id, [
        Started(total_steps=9000, steps_per_epoch=100, parameters=1, train_images=1, test_images=1, device="cpu",
                device_name="none", precision="float32", threads=1),
    ])  # fmt: skip
    train(store, run_id, 1, 300)
    return run_id


def train(store, run_id, first, last):
    losses = np.sin(np.arange(first, last + 1)) + 2
    figures = {"train_loss": 1.0, "train_accuracy": 0.5, "learning_rate": 0.1, "images_per_second": 1.0}
    store.append(run_id, [
        Steps(step=last, seconds=last / 100, first_step=first, losses=tuple(losses),
              accuracies=(0.5,) * len(losses), **figures),
        Evaluated(step=last, seconds=last / 100, test_loss=2.0, test_accuracy=0.25, test_images=1, **figures),
    ])  # fmt: skip


def ask(*questions, cookie=MINE, waited="0.5", more=""):
    query = f"runs={','.join(questions)}&waited={waited}{more}".encode()
    headers = [(b"cookie", f"{COOKIE}={cookie}".encode())] if cookie else []
    return curve_feed._serve(Request({"type": "http", "method": "GET", "query_string": query, "headers": headers}))


def question(run_id, trained=0, tested=0, cookie=MINE):
    return f"{run_id}.{trained}.{tested}.{curve_feed._ticket(run_id, cookie)}"


def test_only_what_is_new_travels(store, run):
    (found,) = decode(ask(question(run, 280, 0)).body)["runs"]
    assert sorted(found["train"]["points"]) == list(range(281, 301)) and found["train"]["before"] == 280
    assert all(
        loss == pytest.approx(np.sin(step) + 2, abs=1e-6) for step, (loss, _) in found["train"]["points"].items()
    )
    assert found["test"]["points"] == {300: (2.0, pytest.approx(0.25, abs=1e-5))}
    assert found["state"] == "running" and "ended" not in found
    (found,) = decode(ask(question(run, 300, 300)).body)["runs"]
    assert not found["train"]["points"] and not found["test"]["points"], "nothing is new"


def test_an_update_is_small_and_whoever_was_away_gets_the_outline_with_its_spikes(store, run):
    spike = 4321
    train(store, run, 301, spike - 1)
    figures = {"train_loss": 1.0, "train_accuracy": 0.5, "learning_rate": 0.1, "images_per_second": 1.0}
    store.append(run, [Steps(step=spike, first_step=spike, losses=(50.0,), accuracies=(0.0,), **figures)])
    train(store, run, spike + 1, 8000)
    for trained, waited, most in ((300, "0.5", TAIL), (300, "60", HISTORY), (0, "0.5", HISTORY)):
        answer = ask(question(run, trained, 300), waited=waited)
        (found,) = decode(answer.body)["runs"]
        assert len(found["train"]["points"]) <= most
        assert found["train"]["points"][spike][0] == 50.0
        assert max(found["train"]["points"]) == 8000


def test_the_words_of_the_first_run_come_along_in_the_readers_language(store, run):
    other = store.create(TrainingConfig(architecture="lenet_bn"), owner="me")
    ended = ask(question(run, 300), question(other), more="&words=es")
    words = decode(ended.body)["words"]
    assert re.fullmatch(r"LeNet-5: .+, paso 300 de 9\.000, exactitud de prueba 25,0\s%\.", words["said"]), words["said"]
    assert words["share"] == pytest.approx(300 / 9000, abs=1e-4)
    assert words["figures"] == ["25,0\u202f%", "50,0\u202f%", "1\u202fmin 27\u202fs", "1"], "3 s for 300 of 9,000 steps"
    assert "words" not in decode(ask(question(run, 300)).body)
    assert "words" not in decode(ask(question(run, 300), more="&words=xx").body)


def test_the_page_is_told_when_something_else_is_to_be_said(store, run):
    def told(run_id):
        return decode(ask(question(run_id), more="&words=en").body)["words"]["told"]

    before = told(run)
    train(store, run, 301, 302)
    assert told(run) == before, "points alone are no news"
    figures = {"train_loss": 1.0, "train_accuracy": 0.1, "learning_rate": 0.1, "images_per_second": 1.0}
    store.append(run, [Steps(step=1500, first_step=303, losses=(60.0,) * 1198, accuracies=(0.1,) * 1198, **figures)])
    assert told(run) != before, "the loss has exploded, which the diagnosis says"
    waiting = store.create(TrainingConfig(architecture="lenet"), owner="me")
    third = told(waiting)
    curve_feed.engine().place = 2
    assert told(waiting) != third, "its turn is nearer"


def test_the_end_is_said_with_the_last_points_and_a_run_that_went_back_repeats_its_steps(store, run):
    store.append(run, [Finished(step=300)])
    (found,) = decode(ask(question(run, 299, 300)).body)["runs"]
    assert found["ended"] and found["state"] == "finished" and list(found["train"]["points"]) == [300]
    (found,) = decode(ask(question(run, 5000, 5000)).body)["runs"]
    assert found["train"]["before"] <= 300


@pytest.mark.parametrize(
    "asked",
    [
        lambda run: question(run, cookie="somebody else's"),
        lambda run: question(run)[:-1] + ("0" if question(run)[-1] != "0" else "1"),
        lambda run: question("a" * 10).replace("a" * 10, run),
        lambda _run: "",
        lambda run: f"{run}.0.0",
        lambda run: question(run).replace(".0.0.", ".-1.0."),
        lambda run: question(run) + "," + question(run, cookie=""),
    ],
)
def test_without_the_ticket_that_a_page_gave_this_browser_there_is_nothing(store, run, asked):
    answer = ask(asked(run))
    assert answer.status_code == 403 and answer.body == b""


def test_a_ticket_of_a_browser_without_cookies_serves_one_without_cookies_alone(store, run):
    assert ask(question(run, cookie=""), cookie="").status_code == 200
    assert ask(question(run, cookie="")).status_code == 403


def test_a_run_that_has_gone_is_left_out_and_nonsense_counts_as_no_time(store, run):
    gone = "b" * 10
    answer = ask(question(gone), question(run), waited="0.5")
    assert [one["id"] for one in decode(answer.body)["runs"]] == [run]
    assert ask(question(run), waited="nan").status_code == 200
    assert ask(question(run), waited="soon").status_code == 503
