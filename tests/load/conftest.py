"""A server of the whole app on the loopback interface, with a class on it."""

import pytest

from tests.browser.server import ROOT, Server


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """One server for a file's tests; it is gone when they are."""
    server = Server(
        ROOT / "app.py", tmp_path_factory.mktemp("server"), env={"CNNVIZ_CLASS": "1", "CNNVIZ_TEACHER": "tea"}
    ).start()
    yield server
    server.stop()
