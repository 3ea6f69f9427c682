"""What the server hears from a browser: what a page of ours says."""

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from cnnviz.ui import server
from cnnviz.ui.heard import MOST_FILES, MOST_SAID, is_heard

OURS = {
    "rerun_script": {},
    "stop_script": True,
    "app_heartbeat": True,
    "file_urls_request": {"file_names": ["a.png"]},
    "backend_operation_request": {"deferred_file": {"file_id": "1"}},
}
HEARTBEAT = BackMsg(app_heartbeat=True).SerializeToString()


def conversation(*said):
    """What an application behind the envelope hears, until it has heard that the browser has hung up."""
    heard, waiting = [], [*said, {"type": "websocket.disconnect", "code": 1000}]

    async def app(_scope, receive, _send):
        while not heard or heard[-1]["type"] != "websocket.disconnect":
            heard.append(await receive())

    async def receive():
        return waiting.pop(0)

    asyncio.run(server.Envelope(app)({"type": "websocket"}, receive, None))
    return heard


def received(data):
    return {"type": "websocket.receive", "bytes": data}


@pytest.mark.parametrize("kind", [field.name for field in BackMsg.DESCRIPTOR.fields])
def test_of_all_kinds_of_messages_those_of_our_pages_are_heard(kind):
    is_flag = BackMsg.DESCRIPTOR.fields_by_name[kind].message_type is None
    message = BackMsg(**{kind: OURS.get(kind, True if is_flag else {})})
    assert is_heard(message) is (kind in OURS)
    data = received(message.SerializeToString())
    assert conversation(data, received(HEARTBEAT))[:-1] == [*([data] if kind in OURS else []), received(HEARTBEAT)]


@pytest.mark.parametrize("payload", ["install_skills", "dismiss_skills_nudge", "dataframe_chunk", None])
def test_operations_meant_for_whoever_writes_an_app_are_not_heard(payload):
    assert not is_heard(BackMsg(backend_operation_request={payload: {}} if payload else {"request_id": "1"}))


def test_addresses_for_more_uploads_than_a_page_has_are_not_given():
    for count, heard in ((MOST_FILES, True), (MOST_FILES + 1, False)):
        assert is_heard(BackMsg(file_urls_request={"file_names": [""] * count})) is heard


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (received(b"\x18\x01" * (MOST_SAID // 2) + b"\x18\x01"), 1009),
        (received(b"\xff" * 10), 1002),
        ({"type": "websocket.receive", "text": "text"}, 1003),
    ],
    ids=["more at once than any page says", "no message", "text"],
)
def test_whoever_says_what_no_page_says_has_hung_up(said, code):
    heard = conversation(received(HEARTBEAT), said, received(HEARTBEAT))
    assert [message["type"] for message in heard] == ["websocket.receive", "websocket.disconnect"]
    assert heard[-1]["code"] == code


def test_the_largest_message_that_is_ours_is_heard():
    largest = BackMsg(rerun_script={"query_string": "x" * (MOST_SAID - 10)}).SerializeToString()
    assert MOST_SAID - 10 < len(largest) <= MOST_SAID
    assert conversation(received(largest))[0] == received(largest)
