"""A browser's conversation with the server, without a browser: pages are opened, widgets moved, forged, and timed."""

import http.client
import json
import secrets
import struct
import time
from contextlib import ExitStack
from urllib.parse import urlencode, urlsplit

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

_DRAWERS = ("expandable", "popover")
_ALL_THREADS = 2  # CPUCLOCK_SCHED: with a process's number it makes that process's clock, nanoseconds fine (Linux)


class Visitor:
    """One session, from an address of its own if one is given.

    Attributes:
        widgets: kind of widget by id, of the last page as it stands.
        labels: id of a widget by its label.
        plain: what the page says beside the curves, which the browser writes letter by letter.
        parts: the fragment in which a widget stands, by the widget's id.
        fragments: seconds between two runs of each part that runs by itself, as the page asks for it.
        exceptions: tracebacks that were shown: there must be none.
        received: bytes so far.
        followed: runs whose points the browser fetches by itself: the last steps that it has and its ticket, by id.
        feed_pause: seconds between two such questions, as the server asks for it.
        session: the session's id, once a page is open.
    """

    def __init__(self, url, cookie=None, timeout=60, address=None):
        self.cookie = cookie or secrets.token_urlsafe(24)
        self._timeout = timeout
        self._open = ExitStack()
        conversation = connect(
            url.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=["streamlit"],
            additional_headers={
                "Cookie": f"cnnviz_owner={self.cookie}",
                **({"X-Forwarded-For": address} if address else {}),  # the server believes a proxy on its own machine
            },
            max_size=None,
            open_timeout=timeout,
            compression=None,
        )
        self._socket = self._open.enter_context(conversation)
        self.query, self.page, self._script = "", "", ""
        self.received, self.session = 0, ""
        self.widgets, self.labels, self.exceptions = {}, {}, []
        self._texts, self.plain = [], []
        self.fragments, self._states, self.parts = {}, {}, {}
        self._known = {}
        self.followed, self.feed_pause, self._points = {}, 0.45, None
        self._host = urlsplit(url).netloc

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def close(self):
        self._open.close()
        if self._points is not None:
            self._points.close()

    def fetch_points(self, waited=0.5):
        """Ask for the new points of the runs that are followed, as the live curves do; returns the seconds."""
        if self._points is None:
            self._points = http.client.HTTPConnection(self._host, timeout=self._timeout)
        asked = ",".join(f"{run}.{train}.{test}.{ticket}" for run, (train, test, ticket) in self.followed.items())
        began, path = time.monotonic(), f"/app/points?waited={waited}&runs={asked}"
        headers = {"Cookie": f"cnnviz_owner={self.cookie}"}
        try:
            self._points.request("GET", path, headers=headers)
            answer = self._points.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # it had been idle for too long
            self._points.close()
            self._points.request("GET", path, headers=headers)
            answer = self._points.getresponse()
        data = answer.read()
        if answer.status == 200:
            self._follow(data)
        return time.monotonic() - began

    def _follow(self, data):
        """What a message of the curves, or an answer to `fetch_points`, says of the runs in it."""
        header = header_of(data)
        self.feed_pause = header.get("pause", 450) / 1000
        for run in header["runs"]:
            train, test, ticket = self.followed.get(run["id"], (0, 0, run.get("follow")))
            last = [run[part][3] if run.get(part) else step for part, step in (("train", train), ("test", test))]
            if run.get("ended") or not (ticket or run.get("follow")):
                self.followed.pop(run["id"], None)
            else:
                self.followed[run["id"]] = (*last, run.get("follow") or ticket)

    def open(self, page="", **query):
        """Open a page as its link would; returns the seconds until its script had run."""
        self.page, self.query, self._states = page, urlencode({"lang": "en", **query}), {}
        self._script = ""
        return self.rerun()

    def open_drawers(self):
        """Open whatever can be unfolded on the page, and what can be unfolded in it."""
        known = set()
        while closed := {widget for widget, kind in self.widgets.items() if kind in _DRAWERS} - known:
            known |= closed
            self._states |= dict.fromkeys(closed, ("bool_value", True))
            self.rerun()

    def follow(self, other):
        """Open what somebody else looks at, unfolded as it is there; returns the seconds."""
        self.page, self.query, self._states = other.page, other.query, dict(other._states)
        return self.rerun()

    def rerun(self, fragment="", by_timer=True):
        """Run the page's script, or a fragment of it, as its timer or one of its widgets would; returns the seconds."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.fragment_id = self.query, fragment
        if self._script:  # a page is opened by its name and goes by its script's hash from then on
            state.page_script_hash = self._script
        else:
            state.page_name = self.page
        state.is_auto_rerun = bool(fragment) and by_timer
        state.context_info.timezone, state.context_info.locale = "UTC", "en-US"
        state.context_info.url = "http://127.0.0.1/" + self.page
        state.cached_message_hashes.extend(self._known)
        for widget, (field, value) in self._states.items():
            _set(state.widget_states.widgets.add(id=widget), field, value)
        began = time.monotonic()
        self._socket.send(message.SerializeToString())
        self._listen()
        return time.monotonic() - began

    def set(self, label, value, field):
        """Move the widget with a label and let the page run; returns the seconds."""
        return self.forge(self.labels[label], value, field)

    def press(self, label):
        """Press a button; returns the seconds."""
        widget = self.labels[label]
        seconds = self.forge(widget, True, "trigger_value")
        self._states.pop(widget, None)
        return seconds

    def forge(self, widget, value, field):
        """Send any value for any widget; returns the seconds."""
        self._states[widget] = field, value
        try:
            return self.rerun(self.parts.get(widget, ""), by_timer=False)
        finally:
            if field == "trigger_value":
                self._states.pop(widget, None)

    def join_class(self, name):
        """Take part in the class."""
        self.open("class")
        self.fill({"Nickname": name}, "Join the class")
        assert not self.exceptions

    def fill(self, fields, button):
        """Type texts into the fields of a form, by their labels, and press its button; returns the seconds."""
        for label, text in fields.items():
            self._states[self.labels[label]] = "string_value", text
        return self.press(button)

    def raw(self, data):
        """Send any bytes at all."""
        self._socket.send(data)

    @property
    def texts(self):
        """What the page says, in the order in which it arrived."""
        return [text for _part, text in self._texts]

    @property
    def said(self):
        """Everything that the page says."""
        return " ".join(self.texts)

    def _listen(self):
        end = time.monotonic() + self._timeout
        while True:
            data = self._socket.recv(timeout=max(0.01, end - time.monotonic()))
            self.received += len(data)
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            if message.metadata.cacheable:  # a browser keeps it, and says so
                self._known[message.hash] = message
            if kind == "ref_hash":
                message = self._known[message.ref_hash]
                kind = message.WhichOneof("type")
            if kind == "delta" and message.delta.HasField("new_element"):
                self._see(message.delta.new_element, message.delta.fragment_id)
            elif kind == "delta" and message.delta.HasField("add_block"):
                self._see(message.delta.add_block, message.delta.fragment_id)
            elif kind == "new_session":
                self._forget(message.metadata.run.fragment_ids)
                self.session = message.new_session.initialize.session_id or self.session
            elif kind == "navigation":
                self._script = message.navigation.page_script_hash
            elif kind == "auto_rerun":
                self.fragments[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return

    def _forget(self, parts):
        """A run begins, of these parts or, where there are none, of the whole page: what it drew before is gone."""
        gone = {widget for widget in self.widgets if not parts or self.parts.get(widget) in parts}
        self.widgets = {widget: kind for widget, kind in self.widgets.items() if widget not in gone}
        self.labels = {label: widget for label, widget in self.labels.items() if widget not in gone}
        self._texts = [(part, text) for part, text in self._texts if parts and part not in parts]
        if not parts:
            self.fragments, self.followed, self.parts, self.plain = {}, {}, {}, []

    def _see(self, element, fragment):
        kind = element.WhichOneof("type")
        if kind is None:
            return
        part = getattr(element, kind)
        if kind == "exception":
            self.exceptions.append(f"{part.type}: {part.message}")
        if kind == "bidi_component" and part.component_name == "cnnviz_live_curves":
            self._follow(part.bytes)
            self.plain.append(header_of(part.bytes).get("words", {}).get("said", ""))
            self._texts.append((fragment, self.plain[-1]))
        widget = getattr(part, "id", "")
        if widget and kind not in ("markdown", "heading"):
            self.widgets[widget] = kind
            if fragment:
                self.parts[widget] = fragment
            self.labels[getattr(part, "label", "") or kind] = widget
        for name in ("body", "label", "text"):
            text = getattr(part, name, "")
            if isinstance(text, str) and text:
                self._texts.append((fragment, text))


def header_of(data):
    """What stands before the points in a message of the curves: the runs, and the words above them."""
    (length,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + length])


def run_in_link(visitor):
    """The id of the run that a visitor's link names."""
    return next(part for part in visitor.query.split("&") if part.startswith("run=")).removeprefix("run=")


def processor_seconds(server):
    """Processor time of a server's own process since it began, threads that have ended included, workers not."""
    return time.clock_gettime(~server.process.pid << 3 | _ALL_THREADS)


def _set(state, field, value):
    target = getattr(state, field)
    if field.endswith("_array_value"):
        target.data.extend(value)
    elif isinstance(value, Message):
        target.CopyFrom(value)
    elif isinstance(value, dict):
        for name, part in value.items():
            setattr(target, name, part)
    else:
        setattr(state, field, value)
