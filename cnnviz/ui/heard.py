"""What a browser may say to the server over its websocket: what our own pages say, and nothing else.

Streamlit answers more than its pages ask for. One message empties the caches of everybody, the open run store among
them; others read the repository's state, or are meant for whoever writes an app. None of them comes from a page of this
app, so none is heard: it is passed over, and what cannot be read as a message at all, or is larger than any of ours,
ends the conversation.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from streamlit.proto.BackMsg_pb2 import BackMsg

Receive = Callable[[], Awaitable[Any]]
MOST_SAID: Final = 2**19
"""Bytes of a message: values of widgets and names of what the browser keeps, some kilobytes."""
MOST_FILES: Final = 10
"""Addresses for uploads that are asked for at once: a page asks for one, and each costs more than the asking."""


def ours(receive: Receive) -> Receive:
    """What a websocket's `receive` gives, as far as it could come from a page of ours; otherwise it has hung up."""

    async def receive_ours() -> Any:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            data = message.get("bytes")
            if data is None:
                return _hung_up(1003, "text")
            if len(data) > MOST_SAID:
                return _hung_up(1009, "too large")
            try:
                said = BackMsg.FromString(data)
            except Exception:  # a DecodeError of protobuf's, which only Streamlit imports
                return _hung_up(1002, "unreadable")
            if is_heard(said):
                return message

    return receive_ours


def is_heard(said: BackMsg) -> bool:
    """Whether a page of this app may have said this."""
    match said.WhichOneof("type"):
        case "rerun_script" | "stop_script" | "app_heartbeat":
            return True
        case "file_urls_request":
            return len(said.file_urls_request.file_names) <= MOST_FILES
        case "backend_operation_request":  # a download that is made when somebody asks for it
            return said.backend_operation_request.WhichOneof("payload") == "deferred_file"
        case _:
            return False


def _hung_up(code: int, reason: str) -> dict[str, Any]:
    return {"type": "websocket.disconnect", "code": code, "reason": reason}
