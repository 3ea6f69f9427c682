"""Each row of the rehearsal says the truth about a machine that is well, short of something, or broken."""

import errno
import http.server
import json
import socket
import threading
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import cnnviz
from cnnviz.cli import rehearsal
from cnnviz.errors import CnnvizError
from cnnviz.language import Language

EN, ES = Language("en"), Language("es")
GIB = 2**30


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10, 9), "broken"), ((3, 11, 0), "ok"), ((3, 12, 4), "ok"), ((3, 13, 1), "ok"), ((3, 14, 0), "look")],
)
def test_python(version, state):
    row = rehearsal.python_row(EN, version)
    assert row.state == state
    assert bool(row.advice) == (state != "ok")


def test_packages():
    wanted = [
        Requirement("torch>=2.9,<3"),
        Requirement("streamlit>=1.67"),
        Requirement("Babel"),
        Requirement("typing_extensions"),
    ]
    fine = {"torch": "2.9.1", "streamlit": "1.70.0", "babel": "2.16", "typing-extensions": "4.12"}
    assert rehearsal.packages_row(EN, wanted, fine).state == "ok"
    assert rehearsal.packages_row(EN, wanted, {**fine, "torch": "2.9.1+cpu"}).state == "ok"
    old = rehearsal.packages_row(EN, wanted, {**fine, "torch": "2.5.0"})
    assert old.state == "broken"
    assert "torch 2.5.0" in old.detail
    assert "requirements.txt" in old.advice
    missing = rehearsal.packages_row(EN, wanted, {"torch": "2.9.1", "streamlit": "1.67"})
    assert missing.state == "broken"
    assert "Babel" in missing.detail


def test_packages_of_this_installation():
    wanted = rehearsal.requirements()
    assert {"torch", "streamlit", "plotly"} <= {need.name for need in wanted}
    row = rehearsal.packages_row(EN, wanted, rehearsal.installed_versions())
    assert row.state == "ok", row.detail
    assert "torch" in row.detail


def test_without_a_requirements_file_nothing_is_asked_for(tmp_path):
    assert rehearsal.requirements(tmp_path / "none.txt") == ()
    assert rehearsal.packages_row(EN, (), {}).state == "ok"


def test_data():
    row = rehearsal.data_row(ES)
    assert row.state == "ok"
    assert "70.000" in row.detail


@pytest.mark.parametrize("file", ["fashion_mnist", "cat"])
def test_missing_data_is_named(monkeypatch, file, tmp_path):
    def missing(*_args):
        raise CnnvizError("data_missing", file=str(tmp_path / file))

    monkeypatch.setattr(rehearsal, file, missing)
    row = rehearsal.data_row(EN)
    assert row.state == "broken"
    assert str(tmp_path / file) in row.detail
    assert "Restore" in row.detail


def test_processor():
    assert rehearsal.usable_cores() >= 1
    assert "1 core" in rehearsal.processor_row(EN, 1, None).detail
    assert rehearsal.processor_row(EN, 2, 0.1).state == "ok"
    busy = rehearsal.processor_row(ES, 8, 0.75)
    assert busy.state == "look"
    assert "75" in busy.detail


@pytest.mark.parametrize(("free", "state"), [(0.5, "broken"), (2, "look"), (12, "ok")])
def test_memory(free, state):
    row = rehearsal.memory_row(EN, int(free * GIB), 16 * GIB)
    assert row.state == state
    assert "16\u202fGiB" in row.detail
    assert bool(row.advice) == (state != "ok")


@pytest.mark.parametrize(("free", "state"), [(0.1, "broken"), (1, "look"), (50, "ok")])
def test_disk(free, state):
    assert rehearsal.disk_row(EN, int(free * GIB)).state == state


def test_runs_are_tried_where_they_will_be_kept(tmp_path):
    for folder in (tmp_path, tmp_path / "not" / "yet"):
        row = rehearsal.store_row(EN, folder)
        assert row.state == "ok"
        assert str(folder) in row.detail
    assert not list(tmp_path.iterdir()), "the trial leaves nothing behind"


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    file = tmp_path / "file"
    file.write_text("in the way")
    row = rehearsal.store_row(EN, file / "runs")
    assert row.state == "broken"
    assert str(file) in row.detail
    assert "CNNVIZ_HOME" in row.advice


def test_languages():
    assert rehearsal.languages_row(EN, {"es": (400, 0)}).state == "ok"
    assert "Español" in rehearsal.languages_row(EN, {"es": (400, 3)}).detail
    assert rehearsal.languages_row(EN, {"es": (400, 3)}).state == "look"
    assert rehearsal.languages_row(EN, {"es": (0, 0)}).state == "look"


def test_an_unfinished_catalogue_is_counted(tmp_path, monkeypatch):
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "cnnviz.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Start"\nmsgstr "Comenzar"\n\nmsgid "Stop"\nmsgstr ""\n\n#, fuzzy\nmsgid "Pause"\nmsgstr "Pausa"\n',
        "utf-8",
    )
    monkeypatch.setattr(rehearsal, "LOCALE", tmp_path)
    assert rehearsal.untranslated() == {"es": (3, 2)}


class _Server(http.server.BaseHTTPRequestHandler):
    answer: bytes

    def do_GET(self):
        body = self.answer if self.path == "/app/health" else b"?"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Keep the output of the tests clean."""


@pytest.fixture
def serve():
    servers = []

    def start(answer):
        handler = type("Handler", (_Server,), {"answer": answer})
        server = http.server.HTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_who_has_the_port(serve):
    assert rehearsal.who_answers(_free_port()) == "nobody"
    assert rehearsal.who_answers(serve(json.dumps({"status": "ok", "version": "0.1.0"}).encode())) == "cnnviz"
    assert rehearsal.who_answers(serve(b"<html>another program</html>")) == "another"
    assert rehearsal.who_answers(serve(b"[1, 2]")) == "another"


def test_a_program_that_never_answers_is_another_one():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert rehearsal.who_answers(silent.getsockname()[1]) == "another"


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        ("nobody", "ok", "free"),
        ("cnnviz", "ok", "running"),
        ("another", "look", "Another program"),
        ("forbidden", "look", "cannot be used"),
    ],
)
def test_port(answer, state, words):
    row = rehearsal.port_row(EN, 8501, answer)
    assert row.state == state
    assert words in row.detail
    assert "8501" in row.detail, "a port is a name: no thousands separator"
    assert ("--server.port 8502" in row.advice) == (state != "ok")


def test_the_apps_own_health_answer_is_recognised():
    """What `who_answers` looks for is what the server says."""
    source = (Path(cnnviz.__file__).parent / "ui" / "server.py").read_text("utf-8")
    assert '"/app/health"' in source
    assert '"status"' in source
    assert '"version"' in source


def test_address():
    row = rehearsal.address_row(EN, ("192.168.1.20", "10.0.0.5"), 8501)
    assert row.state == "ok"
    assert row.detail.startswith("http://192.168.1.20:8501")
    assert "http://10.0.0.5:8501" in row.detail
    alone = rehearsal.address_row(EN, (), 8501)
    assert alone.state == "look"
    assert "http://localhost:8501" in alone.detail


def test_addresses_are_those_a_neighbour_can_reach(monkeypatch):
    def entry(address, family=socket.AF_INET):
        return type("Entry", (), {"family": family, "address": address})()

    networks = {
        "lo": [entry("127.0.0.1")],
        "docker0": [entry("172.17.0.1")],
        "wlan0": [entry("192.168.1.20"), entry("fe80::1", socket.AF_INET6)],
        "eth0": [entry("169.254.3.4")],
        "eth1": [entry("10.0.0.9")],
    }
    states = {name: type("State", (), {"isup": name != "eth1"})() for name in networks}
    monkeypatch.setattr(rehearsal.psutil, "net_if_addrs", lambda: networks)
    monkeypatch.setattr(rehearsal.psutil, "net_if_stats", lambda: states)
    assert rehearsal.lan_addresses() == ("192.168.1.20", "172.17.0.1")

    def refused():
        raise OSError(errno.EAFNOSUPPORT, "a service that may not look at its network")

    monkeypatch.setattr(rehearsal.psutil, "net_if_addrs", refused)
    assert rehearsal.lan_addresses() == ()


def test_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_HOME", str(tmp_path / "runs"))
    rows = rehearsal.machine_rows(EN, _free_port())
    assert len({row.key for row in rows}) == len(rows) >= 10
    assert all(row.name and row.detail for row in rows)
    assert all(row.advice or row.key == "data" for row in rows if row.state != "ok")
    json.dumps([dict(row.figures) for row in rows])
    assert not (tmp_path / "runs").exists(), "the rehearsal changes nothing"
