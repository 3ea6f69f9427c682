"""The server's envelope: cookie, headers, uploads that come too fast, health, readiness, metrics."""

import asyncio
import re

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from cnnviz.errors import CnnvizError
from cnnviz.training import TrainingConfig
from cnnviz.ui import server
from cnnviz.ui.clients import HERE, address_in, client_address
from cnnviz.ui.metrics import Family, Meter, exposition, server_families, unready
from tests.training.fakes import fake_executors, until


class Answer:
    """What an application sent."""

    def __init__(self, messages):
        start, *rest = messages
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        self.text = b"".join(message.get("body", b"") for message in rest).decode()


class Browser:
    """Asks an application as a server would, and keeps cookies."""

    def __init__(self, app):
        self.app, self.cookie = app, None

    def ask(self, path="/", method="GET", address="192.0.2.7", **headers):
        if self.cookie:
            headers.setdefault("cookie", self.cookie)
        pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        path, _mark, query = path.partition("?")
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": pairs,
                 "query_string": query.encode(), "client": (address, 1), "server": ("127.0.0.1", 80), "scheme": "http",
                 "http_version": "1.1", "root_path": ""}  # fmt: skip
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        answer = Answer(sent)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer


async def page(_request):
    return HTMLResponse("<p>a page</p>")


async def upload(_request):
    return HTMLResponse("taken", status_code=204)


@pytest.fixture
def browser():
    routes = [Route("/", page), Route("/_stcore/upload_file/{session}/{file}", upload, methods=["PUT"])]
    return Browser(Starlette(routes=routes, middleware=server.middleware()))


@pytest.fixture
def executor(tmp_path, monkeypatch):
    with fake_executors(monkeypatch, tmp_path) as made:
        yield made()


def test_a_browser_gets_its_key_once_and_scripts_cannot_read_it(browser):
    cookie = browser.ask().headers["set-cookie"]
    assert re.match(r"cnnviz_owner=[\w-]{32}; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax$", cookie)
    assert "set-cookie" not in browser.ask().headers
    browser.cookie = None
    assert browser.ask(x_forwarded_proto="https").headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize("cookie", ["a b=;;;=\x7f; cnnviz_owner", "\xff", "=", "cnnviz_owner", "x" * 10_000])
def test_a_cookie_header_that_cannot_be_read_is_no_key(browser, cookie):
    answer = browser.ask(cookie=cookie)
    assert answer.status == 200 and "set-cookie" in answer.headers


@pytest.mark.parametrize("shared", [True, False], ids=["class", "alone"])
def test_every_answer_keeps_the_page_to_itself(shared, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CLASS", str(int(shared)))
    headers = Browser(Starlette(routes=[Route("/", page)], middleware=server.middleware())).ask().headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'"
    assert not re.search(r"https?:|\*", headers["content-security-policy"]), "no other server at all"
    written = re.search(r"unsafe|data:", policy["script-src"])
    assert bool(written) != shared, "nothing that others have written into a page runs; one's own tools may"
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_uploads_that_come_too_fast_are_refused_with_the_time_to_wait(browser):
    browser.ask()
    answers = [browser.ask(f"/_stcore/upload_file/s/{n}", "PUT") for n in range(server.UPLOADS_A_MINUTE + 3)]
    assert [answer.status for answer in answers].count(429) == 3
    assert int(answers[-1].headers["retry-after"]) >= 1 and "Try again" in answers[-1].text
    browser.cookie = "cnnviz_owner=another"
    assert browser.ask("/_stcore/upload_file/s/1", "PUT").status == 204, "somebody else's uploads are their own"


def test_uploads_of_many_browsers_at_one_address_are_bounded_as_well(browser):
    statuses = []
    for number in range(2 * server.UPLOADS_AN_ADDRESS):
        browser.cookie = f"cnnviz_owner=another{number}"
        statuses.append(browser.ask("/_stcore/upload_file/s/1", "PUT").status)
    assert statuses[: server.UPLOADS_AN_ADDRESS] == [204] * server.UPLOADS_AN_ADDRESS
    assert statuses.count(429) > server.UPLOADS_AN_ADDRESS / 2
    assert browser.ask("/_stcore/upload_file/s/1", "PUT", "192.0.2.8").status == 204


def test_connections_are_counted_while_they_last():
    seen = []

    async def app(_scope, _receive, _send):
        seen.append(server.meter().sessions)

    before = server.meter().sessions
    asyncio.run(server.Envelope(app)({"type": "websocket"}, None, None))
    assert seen == [before + 1] and server.meter().sessions == before


@pytest.mark.parametrize(
    ("host", "address"),
    [("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::1"), ("127.0.0.1", ""),
     ("::1", ""), ("::ffff:127.0.0.1", ""), (None, ""), ("", ""), ("no address", "no address")],
)  # fmt: skip
def test_an_address_is_the_same_through_either_kind_of_socket(host, address):
    assert client_address(host) == address
    assert address_in({"client": (host, 1)}) == address_in({"client": [host, 2]}) == address
    assert address_in({}) == address_in({"client": None}) == HERE


def test_so_many_pages_are_open_at_once_and_no_more():
    async def app(_scope, receive, _send):
        await receive()

    async def crowd():
        envelope, leave, refused, talks = server.Envelope(app), asyncio.Event(), [], []

        async def receive():
            await leave.wait()
            return {"type": "websocket.disconnect", "code": 1000}

        async def send(message):
            refused.append(message)

        async def come(address, count):
            before = len(refused)
            for _number in range(count):
                scope = {"type": "websocket", "client": (address, 1)}
                talks.append(asyncio.create_task(envelope(scope, receive, send)))
            await asyncio.sleep(0)
            return len(refused) - before

        mine = await come("192.0.2.66", server.PAGES_AN_ADDRESS + 3)
        other = await come("192.0.2.7", 1)
        in_all = [await come(f"198.51.100.{number}", 10) for number in range(server.PAGES_IN_ALL // 10)]
        leave.set()
        await asyncio.gather(*talks)
        return mine, other, sum(in_all), await come("192.0.2.66", 1), {message["type"] for message in refused}

    mine, other, in_all, afterwards, kinds = asyncio.run(crowd())
    assert (mine, other, afterwards, kinds) == (3, 0, 0, {"websocket.close"})
    assert in_all == server.PAGES_AN_ADDRESS + 1 and server.meter().sessions == 0


def test_health_needs_nothing():
    assert asyncio.run(server._health(None)).status_code == 200


def test_ready_is_a_server_that_can_take_a_run(executor, monkeypatch):
    assert unready(executor) in ("", "worker_starting")
    executor.warm(10)
    assert unready(executor) == ""

    def refuse(**_options):
        raise CnnvizError("store_unusable", folder="x", reason="y")

    monkeypatch.setattr(executor.store, "counts", refuse)
    assert unready(executor) == "store_unusable"


# name{label="value",…} number, as in Prometheus's description of its text format
SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[\d.e+]+')


def test_metrics_are_readable_and_true(executor):
    for owner in ("ana", "ben", "cam"):
        executor.submit(TrainingConfig(architecture="lenet"), owner=owner)
    until(lambda: executor.store.records(states=("running",)))
    counted = Meter()
    counted.rerun()
    with counted.session():
        text = exposition(server_families(counted, executor))
    lines = text.splitlines()
    assert text.endswith("\n")
    assert all(SAMPLE.fullmatch(line) for line in lines if not line.startswith("#"))
    assert {"cnnviz_sessions 1", "cnnviz_reruns_total 1", "cnnviz_queue_length 2", "cnnviz_seats 1"} <= set(lines)
    assert 'cnnviz_runs{state="queued"} 2' in lines and 'cnnviz_runs{state="failed"} 0' in lines
    assert "ana" not in text, "nothing about people"


def test_what_a_label_says_cannot_break_the_format():
    text = exposition([Family("a", "gauge", "b\nc", [({"d": 'e"\\\nf'}, 1.5)])])
    assert text == '# HELP a b\\nc\n# TYPE a gauge\na{d="e\\"\\\\\\nf"} 1.5\n'


@pytest.mark.parametrize("query", ["", "?lang=es&projector=1", "?x=%0d%0aSet-Cookie:a"])
def test_home_by_its_name_is_the_first_page_with_the_same_query(query):
    answer = Browser(Starlette(routes=server.routes())).ask(f"/home{query}")
    assert answer.status == 307 and answer.headers["location"] == f"./{query}", "relative, for a proxy's path"
