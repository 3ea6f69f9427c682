"""The files that the components load from the server."""

import asyncio
import gzip
import importlib.metadata
import re
from pathlib import Path

import plotly
import pytest
from starlette.applications import Starlette

from cnnviz.ui.components import assets
from cnnviz.ui.components.assets import accepts_gzip, asset_path, asset_route
from cnnviz.ui.components.plotly_js import plotly_route
from cnnviz.ui.components.routes import component_routes

FILES = [route for route in component_routes() if "GET" in route.methods]


def get(route, encoding=None):
    """Ask an app with this route as a browser would; returns status, headers and body."""
    headers = [(b"accept-encoding", encoding.encode())] if encoding is not None else []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": route.path,
        "raw_path": route.path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": headers,
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(part):
        sent.append(part)

    asyncio.run(Starlette(routes=[route])(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(part.get("body", b"") for part in sent[1:])


def test_plotly_is_the_package_s_own_file_and_small_on_the_wire():
    route = plotly_route()
    assert route.path == f"/app/plotly-{importlib.metadata.version('plotly')}.min.js"
    own = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
    status, headers, body = get(route, "gzip, deflate, br, zstd")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert headers["content-type"].startswith("text/javascript")
    assert len(body) < len(own) / 3
    assert gzip.decompress(body) == own
    status, headers, body = get(route)
    assert "content-encoding" not in headers
    assert body == own


@pytest.mark.parametrize("route", FILES, ids=lambda route: route.path)
def test_browsers_may_keep_every_file_because_its_address_names_its_version(route):
    _, headers, _ = get(route, "gzip")
    assert "immutable" in headers["cache-control"]
    assert "max-age=31536000" in headers["cache-control"]
    assert headers["vary"] == "Accept-Encoding"
    assert re.search(r"\d+\.\d+\.\d+|-[0-9a-f]{10}/", route.path), "a version or a digest"
    assert not re.match(r"/(_stcore|media|component|static)/", route.path), "reserved by Streamlit"


def test_no_file_needs_the_internet():
    for route in FILES:
        if "plotly" not in route.path:
            text = re.sub(r"http://www\.w3\.org/2000/svg|https://www\.w3\.org/WAI\S*", "", get(route)[2].decode())
            assert "//" not in re.sub(r"(^|\s)//[^\n]*", "", text).replace("/*", "").replace("*/", ""), route.path


def test_a_file_is_read_and_compressed_once():
    reads = []
    route = asset_route("thing-1.2.3.js", lambda: reads.append(1) or b"x" * 1000, "text/javascript")
    assert get(route, "gzip")[2] == get(route, "gzip")[2]
    get(route)
    assert len(reads) == 1


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("GZIP", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_accept_encoding(header, accepted):
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize(("base", "path"), [("", "/app/a.js"), ("lab", "/lab/app/a.js"), ("/x/y/", "/x/y/app/a.js")])
def test_the_address_lies_below_the_base_path(monkeypatch, base, path):
    monkeypatch.setattr(assets.st, "get_option", lambda name: {"server.baseUrlPath": base}[name])
    assert asset_path("a.js") == path
