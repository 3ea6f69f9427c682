"""The document that every page begins with is Streamlit's own, and says where the server is."""

import base64
import hashlib
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette

from cnnviz.language import Language
from cnnviz.ui import document
from cnnviz.ui.components.routes import component_routes
from cnnviz.ui.places import HOME, PLACES
from cnnviz.ui.server import middleware
from tests.ui.test_server import Browser


class Tags(HTMLParser):
    """Every tag with its attributes, in order, and what stands in scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self._inside = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(attrs)))
        self._inside = tag == "script"

    def handle_data(self, data):
        if self._inside and data.strip():
            self.scripts.append(data.strip())


@pytest.fixture
def client():
    return Browser(Starlette(routes=[*document.document_routes(), *component_routes()]))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.url_path)
def test_every_page_begins_with_streamlits_document_and_more(client, place):
    answer = client.ask("/" if place is HOME else f"/{place.url_path}")
    assert answer.status == 200 and answer.headers["cache-control"] == "no-cache"
    theirs = Tags((Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")).tags
    ours = Tags(answer.text)
    added = [tag for tag in ours.tags if tag not in theirs]
    assert [tag for tag in ours.tags if tag in theirs and tag != ("script", ())] == [
        tag for tag in theirs if tag != ("script", ())
    ], "nothing of theirs is lost"
    assert {tag for tag, _ in added} == {"link", "meta", "style", "div", "b"}
    assert "BACKEND_BASE_URL" in ours.scripts[-1]
    order = [dict(attributes).get("type") for tag, attributes in ours.tags if tag == "script"]
    assert order[-1] == "module", "it is said before Streamlit's script asks"
    assert "<title>cnnviz</title>" in answer.text


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.url_path)
def test_until_there_is_a_page_its_address_says_which_one_it_will_be(client, place):
    path = "/" if place is HOME else f"/{place.url_path}"
    for query, browsers, code in (
        ("?lang=es", "en", "es"), ("?lang=en", "es-AR,es;q=0.9", "en"), ("", "es-AR,es;q=0.9", "es"), ("", "de", "en"),
        ("?lang=%22%3E%3Cb%3E", "es;q=0.5", "es"), ("", "", "en"),
    ):  # fmt: skip
        text = client.ask(path + query, accept_language=browsers).text
        _ = Language(code)
        assert f'<html lang="{code}">' in text
        assert (
            f'<div id="waiting" aria-hidden="true"><b>{escape(_(place.title))}</b>{escape(_(place.help))}</div>' in text
        )


def test_what_it_loads_beforehand_is_there(client):
    named = [dict(attributes) for tag, attributes in Tags(document.document()).tags if tag == "link"]
    modules = [link["href"] for link in named if link["rel"] == "modulepreload" and "/app/" in link["href"]]
    assert len(modules) >= 3
    for address in modules:
        assert client.ask(address.removeprefix(".")).headers["content-type"].startswith("text/javascript")


def test_the_scripts_in_it_run_and_in_a_class_no_others(monkeypatch):
    monkeypatch.setenv("CNNVIZ_CLASS", "1")
    app = Browser(Starlette(routes=document.document_routes(), middleware=middleware()))
    answer = app.ask("/")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))["script-src"]
    between = [part.split("</script>")[0] for part in answer.text.split("<script>")[1:]]
    assert any("BACKEND_BASE_URL" in script for script in between)
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in between}
    assert policy.split() == ["'self'", "blob:", *(word for word in policy.split() if word.startswith("'sha256-"))]
    assert {word[len("'sha256-") : -1] for word in policy.split()[2:]} == hashes


def test_pages_lie_below_the_base_path(monkeypatch):
    monkeypatch.setattr("cnnviz.ui.components.assets.st.get_option", lambda _name: "/class/")
    paths = [route.path for route in document.document_routes()]
    assert paths[0] == "/class/" and "/class/kernel" in paths
