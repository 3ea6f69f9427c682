"""With `CNNVIZ_LOG=json` a server's log is JSON line by line: its own, Streamlit's, tracebacks of pages and threads."""

import json

from tests.browser.server import Server
from tests.load.visitor import Visitor

APP = """
import threading, warnings
from contextlib import asynccontextmanager
import streamlit as st
from streamlit.logger import get_logger
from cnnviz.training.journal import note
from cnnviz.ui.log_lines import open_log

@asynccontextmanager
async def lifespan(_app):
    open_log()
    note("run begins", run="abc")
    get_logger("streamlit.late").warning("a logger that\\ncame later")
    warnings.warn("old")
    threading.Thread(target=lambda: 1 / 0).start()
    yield

app = st.App("page.py", lifespan=lifespan)
"""


def log_of(folder, kind):
    (folder / "page.py").write_text("import streamlit as st\nst.title('x')\nraise KeyError('on the page')\n")
    (folder / "app.py").write_text(APP)
    server = Server(folder / "app.py", folder, env={"CNNVIZ_LOG": kind}).start()
    try:
        with Visitor(server.url) as visitor:
            visitor.open("")
            assert visitor.exceptions
    finally:
        server.stop()
    banner = ("You can now", "URL:", "Stopping", "Collecting usage")  # on the standard output, as ever
    lines = server.log.read_text().splitlines()
    return [line for line in lines if line.strip() and not any(words in line for words in banner)]


def test_every_line_is_an_object_and_a_traceback_is_one(tmp_path):
    found = {line["event"]: line for line in map(json.loads, log_of(tmp_path, "json"))}
    assert not [event for event in found if "127.0.0.1" in event], "nobody's address"
    assert found["run begins"]["run"] == "abc" and "logger" not in found["run begins"]
    assert found["a logger that\ncame later"]["level"] == "WARNING"
    page = found["Uncaught app execution"]
    assert page["logger"].startswith("streamlit.") and "KeyError: 'on the page'" in page["traceback"]
    assert "ZeroDivisionError" in found["uncaught"]["traceback"]
    assert any("UserWarning: old" in event for event in found)


def test_as_text_streamlit_writes_as_ever(tmp_path):
    text = "\n".join(log_of(tmp_path, "text"))
    assert (
        "127.0.0.1" not in text and "cnnviz: run begins run=abc" in text and "Traceback (most recent call last)" in text
    )
