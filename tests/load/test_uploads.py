"""What somebody could upload: a file is a picture, or refused in a sentence, whatever its name; nobody else notices."""

import io
import socket
import urllib.error
import urllib.request
import uuid
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
import pytest
from PIL import Image
from streamlit.proto.Common_pb2 import FileUploaderState, UploadedFileInfo
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from tests.browser.server import ROOT
from tests.data.test_decoding import bomb, encoded
from tests.load.visitor import Visitor

pytestmark = pytest.mark.timeout(300)
PAGES = ("augmentation", "inside", "by-hand")
BOUNDARY = b"a-boundary"
PHOTO = encoded(Image.radial_gradient("L").resize((640, 480)).convert("RGB"), "JPEG")
PLAIN = encoded(Image.new("RGB", (60, 40), (200, 80, 40)), "PNG")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
UNREADABLE = "This file is not a picture that can be read"
REFUSED = {
    "nothing": (b"", UNREADABLE),
    "noise": (b"\xff" * 1000, UNREADABLE),
    "a page": (HTML, UNREADABLE),
    "a drawing": (SVG, "SVG pictures are not accepted"),
    "a film": (b"GIF89a" + b"\0" * 100, "GIF pictures are not accepted"),
    "half a photograph": (PHOTO[: len(PHOTO) // 2], "the file ends too early"),
    "a bomb": (bomb(), "13000 × 13000"),
    "a photograph and a bomb": (PHOTO[:200] + bomb(), "the file ends too early"),
}
NAMES = (
    "../../../etc/cron.d/x.png", "..\\..\\x.png", "%2e%2e%2fx.png", "/etc/passwd.png", "x\0.png", "\u202egpj.exe.png",
    "a" * 300 + ".png", "line\nbreak.png", "<script>alert(1)</script>.png", ".png", "CON.png", "-rf.png",
)  # fmt: skip


def put(visitor, url, body, session=None, **headers):
    """Send a body to where a session's uploads go; returns its status, the answer and the file's id."""
    file, token = str(uuid.uuid4()), generate_xsrf_token_string()
    request = urllib.request.Request(
        f"{url}/_stcore/upload_file/{session or visitor.session}/{file}",
        data=body,
        method="PUT",
        headers={
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}",
            "Cookie": f"cnnviz_owner={visitor.cookie}; _streamlit_xsrf={token}",
            "X-Xsrftoken": token,
            **headers,
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), file
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), file
    except urllib.error.URLError:
        return 413, "hung up before all of it was sent", file


def form(data, name="x.png", files=1):
    """A form as browsers send it, with one file or several."""
    name = name.encode().replace(b'"', b"%22").replace(b"\r", b"%0D").replace(b"\n", b"%0A")
    part = b'--%s\r\nContent-Disposition: form-data; name="%d"; filename="%s"\r\nContent-Type: image/png\r\n\r\n%s\r\n'
    return b"".join(part % (BOUNDARY, number, name, data) for number in range(files)) + b"--%s--\r\n" % BOUNDARY


def give(visitor, url, data, name="x.png"):
    """Upload a file and tell the page's field of it, as a browser does."""
    status, answer, file = put(visitor, url, form(data, name))
    assert status == 204, answer
    hand_over(visitor, file, name, len(data))


def hand_over(visitor, file, name="x.png", size=1):
    """Say that a field holds a file."""
    field = next(widget for widget, kind in visitor.widgets.items() if kind == "file_uploader")
    info = UploadedFileInfo(name=name, size=size, file_id=file)
    visitor.forge(field, FileUploaderState(uploaded_file_info=[info]), "file_uploader_state_value")


@pytest.fixture
def neighbour(app):
    """Somebody else whose own picture is on the page, before and afterwards."""
    with Visitor(app.url) as visitor:
        visitor.open("augmentation", picture="upload")
        give(visitor, app.url, PHOTO)
        visitor.rerun()
        before = visitor.texts
        yield visitor
        visitor.rerun()
        assert visitor.texts == before and not visitor.exceptions


@pytest.fixture
def attacker(app, neighbour):
    with Visitor(app.url) as visitor:
        visitor.open("augmentation", picture="upload")
        yield visitor


@pytest.mark.parametrize("page", PAGES)
def test_what_is_no_picture_is_refused_in_a_sentence(app, neighbour, page):
    with Visitor(app.url) as visitor:
        visitor.open(page, picture="upload")
        for what, (data, sentence) in REFUSED.items():
            give(visitor, app.url, data)
            assert sentence in visitor.said, (what, visitor.said)
            assert not visitor.exceptions
        give(visitor, app.url, PLAIN)
        assert not visitor.exceptions and not any(sentence in visitor.said for _data, sentence in REFUSED.values())


def test_a_name_is_only_a_name(app, attacker):
    def files():
        return {path for folder in (app.home, ROOT) for path in folder.glob("*")} | set(app.home.parent.glob("*"))

    before = files()
    for name in NAMES:
        with Visitor(app.url, cookie=attacker.cookie) as visitor:
            visitor.open("augmentation", picture="upload")
            give(visitor, app.url, PLAIN, name)
            assert not visitor.exceptions and "the cat stands in" not in visitor.said, name
            assert ("sent something" in visitor.said) == ("\0" in name), name
    assert files() == before


@pytest.mark.parametrize("name", ["x.svg", "x.html", "x", "", "x.png.exe"])
def test_another_ending_is_refused_before_the_file_is_read(app, attacker, name):
    give(attacker, app.url, PLAIN, name or "\0")
    assert not attacker.exceptions and "sent something that it cannot read" in attacker.said


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (form(b"x" * 11_000_000), 413), (form(PLAIN, files=2), 400), (form(PLAIN, files=0), 400), (b"", 400),
        (b"no form at all", 400), (b"--" + BOUNDARY + b"\r\n" + b"x" * 100_000, 400), (form(PLAIN)[:-30], 400),
        (form(b"", files=2000), 400), (form(PLAIN, "a" * 5000 + ".png"), 400),
    ],
    ids=["too large", "two files", "no file", "nothing", "no form", "no end", "cut off", "thousands", "a long name"],
)  # fmt: skip
def test_what_is_no_upload_is_refused_with_a_status(app, attacker, body, status):
    assert put(attacker, app.url, body)[0] == status


def test_an_upload_without_its_token_or_its_session_is_refused(app, attacker):
    assert put(attacker, app.url, form(PLAIN), **{"X-Xsrftoken": "2|forged"})[0] == 403
    assert put(attacker, app.url, form(PLAIN), session=str(uuid.uuid4()))[0] == 400
    assert put(attacker, app.url, form(PLAIN), session="..%2f..%2fetc")[0] in (400, 404)


def test_somebody_elses_file_is_not_to_be_had(app, neighbour, attacker):
    status, _answer, file = put(neighbour, app.url, form(PLAIN))
    assert status == 204
    hand_over(attacker, file)
    assert not attacker.exceptions and "the cat stands in" in attacker.said


def test_a_body_of_unknown_length_is_refused_and_not_kept(app, attacker):
    """Sent in chunks without saying how much there will be: refused after eleven megabytes, the rest thrown away."""
    address, token = urlsplit(app.url), generate_xsrf_token_string()
    head = (
        f"PUT /_stcore/upload_file/{attacker.session}/{uuid.uuid4()} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Cookie: _streamlit_xsrf={token}\r\nX-Xsrftoken: {token}\r\nTransfer-Encoding: chunked\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n\r\n"
    )
    process = psutil.Process(app.process.pid)
    before = process.memory_full_info().uss
    opening = form(b"")[: -len(b"\r\n--%s--\r\n" % BOUNDARY)]
    chunk = b"%x\r\n" % 2**20 + b"x" * 2**20 + b"\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(head.encode() + b"%x\r\n" % len(opening) + opening + b"\r\n")
        with suppress(OSError):  # it may hang up
            for _number in range(100):
                connection.sendall(chunk)
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    assert process.memory_full_info().uss - before < 50e6, "a hundred megabytes were sent"


def test_many_uploads_of_one_session_do_not_stay(app, attacker):
    process = psutil.Process(app.process.pid)
    large = io.BytesIO(PLAIN).getvalue() + b"\0" * 9_000_000  # a picture with something behind it
    give(attacker, app.url, large)
    before = process.memory_full_info().uss
    for _number in range(20):
        give(attacker, app.url, large)
        assert not attacker.exceptions
    assert process.memory_full_info().uss - before < 90e6, "twenty times nine megabytes are 180"
