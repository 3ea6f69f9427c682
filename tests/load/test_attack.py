"""What a playful person could send: each is refused in words, and nobody else notices.

The whole app runs on the loopback interface; the attackers talk to it as browsers do. Forged values of widgets have a
file of their own (`test_forged.py`), so have uploads and names.
"""

import os
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack

import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from websockets.exceptions import WebSocketException

from cnnviz.training import RunStore
from tests.load.visitor import Visitor, run_in_link
from tests.training.fakes import until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def bystander(app):
    """Somebody else, who works on while the attack goes on."""
    with Visitor(app.url) as visitor:
        visitor.open("training", net="lenet")
        yield visitor
        visitor.open("training", net="lenet")
        assert not visitor.exceptions and "Start" in visitor.labels


def test_bytes_that_are_no_message_end_one_conversation_at_most(app, bystander):
    for data in (b"", b"\x00" * 10, os.urandom(1000), b"\xff" * 100_000, "text"):
        with Visitor(app.url) as visitor:
            visitor.raw(data)
            try:
                visitor.open("home")
            except (WebSocketException, TimeoutError):
                continue  # the server hung up on whoever sent this


def every_message():
    """One of each kind that Streamlit knows, filled in as far as it goes without knowing anybody's secrets."""
    for field in BackMsg.DESCRIPTOR.fields:
        if field.message_type is None:
            yield field.name, BackMsg(**{field.name: True})
        elif field.name != "backend_operation_request":
            yield field.name, BackMsg(**{field.name: {}})
    for field in BackendOperationRequest.DESCRIPTOR.oneofs_by_name["payload"].fields:
        request = BackendOperationRequest(request_id="1", **{field.name: {}})
        yield field.name, BackMsg(backend_operation_request=request)


def test_no_message_of_any_kind_reaches_anybody_else(app, bystander):
    with Visitor(app.url) as teacher, Visitor(app.url) as ana:
        assert unlock(teacher, "tea")
        ana.join_class("Ana of the messages")
        ana.open("training", net="lenet", epochs="60", seed="77")
        ana.press("Start")
        run_id = run_in_link(ana)
        for kind, message in every_message():
            with Visitor(app.url) as mallory:
                mallory.open("training", run=run_id)
                if message.HasField("backend_operation_request"):
                    message.backend_operation_request.session_id = mallory.session
                mallory.raw(message.SerializeToString())
                mallory.open("class")
                assert not mallory.exceptions, kind
            teacher.rerun()
            assert "Lock again" in teacher.labels, f"{kind} locked the teacher out"
            ana.rerun()
            assert not ana.exceptions and "Stop" in ana.labels, f"{kind} took the run out of its owner's hand"
        ana.press("Stop")
    store = RunStore(app.home)
    until(lambda: store.record(run_id).ended)
    assert store.record(run_id).state == "stopped", "the server that started it is the one that ends it"
    store.close()


def test_a_message_larger_than_any_of_ours_is_not_read(app, bystander):
    process = psutil.Process(app.process.pid)
    before = process.memory_full_info().uss
    with Visitor(app.url) as visitor, pytest.raises((WebSocketException, OSError)):
        visitor.open("home")
        visitor.raw(b"\xff" * 60_000_000)
        visitor.open("home")
    assert process.memory_full_info().uss - before < 50e6


@pytest.mark.parametrize(
    "query",
    [
        {"run": "../../etc/passwd"}, {"run": "' OR 1=1 --"}, {"run": "abcdefghij"}, {"run": "a" * 5000},
        {"net": "<img src=x onerror=alert(1)>"}, {"epochs": "1e400", "batch_size": "-1", "learning_rate": "nan"},
    ],
    ids=",".join,
)  # fmt: skip
def test_a_forged_link_ends_in_a_sentence(app, query):
    with Visitor(app.url) as visitor:
        visitor.open("training", **query)
        assert not visitor.exceptions
        assert "The link could not be followed" in visitor.said


def test_a_foreign_run_can_be_watched_and_not_touched(app, bystander):
    with Visitor(app.url) as ana, Visitor(app.url) as mallory:
        ana.join_class("Ana")
        ana.open("training", net="lenet", epochs="50")
        ana.press("Start")
        run_id = run_in_link(ana)
        stop = ana.labels["Stop"]
        mallory.join_class("Mallory")
        mallory.open("training", run=run_id)
        assert "Stop" not in mallory.labels and "somebody else" in mallory.said
        mallory.forge(stop, True, "trigger_value")
        store = RunStore(app.home)
        assert store.record(run_id).state not in ("stopping", "stopped")
        store.close()
        ana.open("training", run=run_id)
        ana.press("Stop")


def test_flooding_the_queue_ends_in_a_sentence_and_others_come_first(app, bystander):
    said, lock = [], threading.Lock()

    def flood(number):
        with Visitor(app.url, cookie="one and the same browser") as visitor:
            if number == 0:
                visitor.join_class("Flood")
            for seed in range(4):
                visitor.open("training", net="lenet", epochs="100", seed=str(1000 * number + seed))
                visitor.press("Start")
                with lock:
                    said.append(visitor.said)
                assert not visitor.exceptions

    flood(0)
    threads = [threading.Thread(target=flood, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [words for words in said if "of your runs are waiting already" in words or "too often" in words]
    assert len(refused) >= len(said) - 8
    store = RunStore(app.home)
    mine = [record for record in store.records() if record.config.epochs == 100]
    assert 1 <= len(mine) <= 4, "one trains, three wait"
    with Visitor(app.url) as honest:
        honest.join_class("Honest")
        honest.open("training", net="lenet", train_images="1000", test_images="100")
        honest.press("Start")
        assert "run=" in honest.query
    with Visitor(app.url, cookie="one and the same browser") as flooder:
        for record in mine:
            flooder.open("training", run=record.id)
            if "Stop" in flooder.labels:
                flooder.press("Stop")
    store.close()


@pytest.mark.parametrize(
    ("path", "method", "size"),
    [("/_stcore/upload_file/nobody/1", "PUT", 100), ("/_stcore/upload_file/../../app.py/1", "PUT", 100),
     ("/_stcore/upload_file/nobody/1", "PUT", 12_000_000), ("/app/../../etc/passwd", "GET", 0),
     ("/app/curves-0/%2e%2e/%2e%2e/app.py", "GET", 0), ("/app/metrics", "PUT", 10)],
)  # fmt: skip
def test_paths_and_uploads_that_lead_nowhere_are_refused(app, bystander, path, method, size):
    request = urllib.request.Request(app.url + path, data=b"x" * size if size else None, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            assert b"root:" not in text and b"st.App" not in text
            assert method == "GET", "the app's own page answers unknown addresses"
    except urllib.error.HTTPError as error:
        assert 400 <= error.code < 500
    except urllib.error.URLError:
        assert size > 10**7, "the server hangs up on what is too large"


def unlock(visitor, secret):
    """Open the page and type a secret; returns whether it opened the teacher's panel."""
    visitor.open("class")
    visitor.open_drawers()
    return guess(visitor, secret)


def guess(visitor, secret):
    """Type a secret into the page as it stands; returns whether it opened the teacher's panel."""
    visitor.fill({"Teacher's secret": secret}, "Unlock")
    assert not visitor.exceptions
    return "Lock again" in visitor.labels


def test_one_machine_that_guesses_under_many_names_does_not_lock_the_teacher_out(app, bystander):
    with ExitStack() as browsers:
        many = [browsers.enter_context(Visitor(app.url, address="192.0.2.66")) for _browser in range(12)]
        for mallory in many:
            mallory.open("class")
            mallory.open_drawers()
        *guessers, hopeful, another = many
        began, refused = time.monotonic(), 0
        for mallory in guessers:
            for _guess in range(5):
                assert not guess(mallory, "coffee")
                refused += "too often" in mallory.said
        tried, seconds = 5 * len(guessers), time.monotonic() - began
        assert tried - refused <= 20 + seconds / 3, "twenty at once, and one more every three seconds"
        assert refused or seconds > 60
        assert not all(guess(mallory, "tea") for mallory in (hopeful, another)), "right or wrong"
    with Visitor(app.url, address="192.0.2.1") as teacher:
        assert unlock(teacher, "tea")


def test_a_link_never_makes_a_teacher(app, bystander):
    with Visitor(app.url) as visitor:
        for query in ({"secret": "tea"}, {"teacher": "1"}, {"CNNVIZ_TEACHER": "tea"}):
            visitor.open("class", **query)
            assert not visitor.exceptions and "Hold the queue" not in visitor.labels
