"""What every test stands on: a private folder for runs, quiet threads, no way out to the network, and a fixed order."""

import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Before anything imports torch: a waiting thread sleeps instead of spinning beside the workers that the tests start.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# No test may touch, or be touched by, the runs of the person at this machine.
_HOME = tempfile.TemporaryDirectory(prefix="cnnviz-tests-", ignore_cleanup_errors=True)
os.environ["CNNVIZ_HOME"] = _HOME.name
# Sentences are compared in English unless a test asks for another language.
os.environ["LANG"] = os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("LANGUAGE", None)

# `make soak` tries more: `--hypothesis-profile soak`. No deadlines: a busy machine is not a defect.
settings.register_profile("test", max_examples=25, deadline=None)
settings.register_profile("soak", max_examples=300, deadline=None)
settings.load_profile("test")

ROOT = Path(__file__).resolve().parents[1]
_ALONE = {
    "inspection/test_speed.py", "training/test_estimate.py", "training/test_executor.py",
    "training/test_fair_share.py", "training/test_speed.py", "training/test_train.py", "training/test_worker.py",
}  # fmt: skip
"""Files that measure, start processes that train, or use every core: never beside other tests."""
_LATER = ("app", "browser", "load")  # after the unit tests, in this order
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests first, then the pages, then the browser: what is found fastest is found first."""

    def stage(item: pytest.Item) -> int:
        area = item.path.relative_to(ROOT / "tests").parts[0]
        return _LATER.index(area) + 1 if area in _LATER else 0

    items.sort(key=stage)
    for item in items:
        if item.path.relative_to(ROOT / "tests").as_posix() in _ALONE:
            item.add_marker("alone")


@pytest.fixture(scope="session", autouse=True)
def network_cable_out():
    """The app works without a network, so a test that reaches for one fails at that line."""
    connect = socket.socket.connect

    def connect_here_only(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise OSError(f"the tests have no network: {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here_only)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[logging.LogRecord]]:
    """What cnnviz logs from here on, each line once, whatever an earlier test has made of the logger."""
    lines: list[logging.LogRecord] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record)

    logger = logging.getLogger("cnnviz")
    monkeypatch.setattr(logger, "handlers", [Keeps()])
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "level", logging.INFO)
    logger.manager._clear_cache()
    yield lines
    logger.manager._clear_cache()
