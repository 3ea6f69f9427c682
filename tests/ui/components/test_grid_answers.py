"""Questions of the live grid: the answer is the page's own pictures, and nothing else can be had."""

import asyncio
import json
import struct
import threading
from io import BytesIO
from typing import NamedTuple

import pytest
from PIL import Image, ImageChops
from starlette.applications import Starlette

from cnnviz.augmentation import Pipeline
from cnnviz.data import cat, garment
from cnnviz.language import Language
from cnnviz.specs.augmentation import CHAPTER_PIPELINES, MAX_OPERATIONS, OPERATIONS, PipelineSpec
from cnnviz.ui.components import grid_answers as module
from cnnviz.ui.components.computed_once import ComputedOnce
from cnnviz.ui.components.grid_answers import answer_routes, question, shared_pictures

COMBINED = CHAPTER_PIPELINES["combined"].pipeline.with_output_size(32)


def asked(chain=COMBINED, **changes):
    """What a browser asks."""
    operations = [
        {
            "kind": operation.kind,
            "enabled": operation.enabled,
            "settings": operation.model_dump(mode="json", exclude={"kind", "enabled"}),
        }
        for operation in chain.operations
    ]
    usual = {"picture": "cat", "count": 2, "seed": 3, "exact": False, "language": "en", "operations": operations}
    return {**usual, **changes}


class Answer(NamedTuple):
    """What came back."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self):
        return self.content.decode()


@pytest.fixture
def client():
    """The route behind a server, with a rate of its own."""
    return Starlette(routes=answer_routes())


def post(client, body, method="POST", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Host": "class.local", "Content-Type": "application/json", **headers}
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": answer_routes()[0].path, "query_string": b"",
        "client": ("10.0.0.1", 1), "scheme": "http", "server": ("class.local", 80),
        "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
    }  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(client(scope, receive, send))
    start, *rest = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], found, b"".join(part.get("body", b"") for part in rest))


def parts(answer):
    """The header and the sheet of an answer."""
    assert answer.status_code == 200, answer.text
    (length,) = struct.unpack_from("<I", answer.content)
    header = json.loads(answer.content[4 : 4 + length])
    return header, Image.open(BytesIO(answer.content[4 + length : 4 + length + header["bytes"]]))


@pytest.mark.parametrize(("name", "picture"), [("cat", cat()), ("garment 17", garment(17))])
def test_the_answer_holds_torchvisions_pictures_and_words(client, name, picture):
    header, sheet = parts(post(client, asked(picture=name, language="es")))
    place, samples = header["sheet"], Pipeline.of(COMBINED).samples(picture, count=2, seed=3)
    for number, sample in enumerate(samples):
        left = number % place["columns"] * place["pitchWidth"]
        own = sheet.crop((left, 0, left + place["width"], place["height"]))
        difference = ImageChops.difference(own, sample.image.convert("RGB"))
        assert max(high for _low, high in difference.getextrema()) <= 6, "no more than a JPEG of quality 100 errs"
        assert header["drawn"][number] == COMBINED.describe(sample.drawn, Language("es"))


def test_page_and_answer_are_one_computation(client, monkeypatch):
    chain = COMBINED.with_output_size(33)
    pictures = shared_pictures(chain, "cat", cat(), count=2, seed=3)
    monkeypatch.setattr(module, "draw_live", None)
    header, _sheet = parts(post(client, asked(chain)))
    assert header["sheet"]["id"] == pictures.id


def test_numbers_set_by_hand(client):
    body = asked(PipelineSpec.parse({"operations": [{"kind": "hue"}]}), exact=True, count=1)
    body["operations"][0]["exact"] = {"hue": 9.0}
    header, _sheet = parts(post(client, body))
    assert header["drawn"] == ["hue 180°"], "moved into its bounds, as on the page"


REFUSED = {
    "no JSON": b"hue",
    "no text": b"\xff\xfe",
    "deep": b"[" * 8000,
    "long number": b'{"count": ' + b"9" * 5000 + b"}",
    "nothing": {},
    "a list": [],
    "another picture": asked(picture="own 0123456789abcdef"),
    "a path": asked(picture="../../etc/passwd"),
    "no such garment": asked(picture="garment 10000"),
    "a garment in other digits": asked(picture="garment ²"),
    "a picture in a list": asked(picture=["cat"]),
    "many": asked(count=17),
    "none": asked(count=0),
    "no number": asked(count="x"),
    "no seed": asked(seed=-1),
    "no language": asked(language="xx"),
    "a language in a list": asked(language=["en"]),
    "no chain": asked(operations=7),
    "a chain of words": asked(operations="hue"),
    "no operation": asked(operations=[{"kind": "os.system", "enabled": True, "settings": {}}]),
    "no settings": asked(operations=[{"kind": "hue", "enabled": True, "settings": 3}]),
    "out of bounds": asked(operations=[{"kind": "hue", "enabled": True, "settings": {"hue": 9}}]),
    "a huge picture": asked(operations=[{"kind": "resize", "enabled": True, "settings": {"size": 10**6}}]),
    "too many operations": asked(operations=[{"kind": "hue", "enabled": True, "settings": {}}] * (MAX_OPERATIONS + 1)),
    "does not fit": asked(operations=[{"kind": "random_crop", "enabled": True, "settings": {"size": 400}}]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_answered_is_refused_in_a_sentence(client, what):
    answer = post(client, REFUSED[what])
    assert answer.status_code == 422
    assert answer.text.endswith(".") and len(answer.text) < 1200 and "Traceback" not in answer.text


def test_only_pages_of_this_server_ask(client):
    assert post(client, asked(), Origin="http://class.local").status_code == 200
    assert post(client, asked(), **{"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert post(client, asked(), Origin="http://elsewhere.org").status_code == 403
    assert post(client, asked(), Origin="null").status_code == 403
    assert post(client, asked(), **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert post(client, asked(), **{"Content-Type": "text/plain"}).status_code == 415
    assert post(client, b"", method="GET").status_code == 405
    assert post(client, asked()).headers["cache-control"] == "no-store"


def test_questions_are_short_and_not_too_many(monkeypatch):
    monkeypatch.setattr(module, "QUESTIONS", 3)  # so few that even a busy machine asks faster than they come back
    client = Starlette(routes=answer_routes())
    every = PipelineSpec(operations=tuple(kind() for kind in OPERATIONS[:MAX_OPERATIONS]))
    assert 8 * len(json.dumps(asked(every))) > module.LONGEST > 1.5 * len(json.dumps(asked(every)))
    assert post(client, b" " * (module.LONGEST + 1)).status_code == 413
    assert 429 in [post(client, b"").status_code for _ in range(20)]


def test_a_question_is_what_the_specs_make_of_it():
    found = question(json.dumps(asked(picture="garment 5", seed=9)).encode())
    assert (found.chain, found.exact, found.picture, found.count, found.seed) == (COMBINED, None, "garment 5", 2, 9)
    assert found.image.size == (28, 28)


def test_many_who_ask_for_the_same_wait_for_one_computation():
    kept, calls, begin = ComputedOnce[int](2), [], threading.Event()

    def compute():
        calls.append(threading.get_ident())
        begin.wait()
        return 7

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(kept.get("a", compute))) for _ in range(30)]
    for thread in threads:
        thread.start()
    begin.set()
    for thread in threads:
        thread.join()
    assert found == [7] * 30 and len(calls) == 1
    with pytest.raises(ZeroDivisionError):
        kept.get("b", lambda: 1 // 0)
    assert kept.get("b", lambda: 8) == 8, "a failure is not kept"
    assert kept.get("c", lambda: 9) == 9 and kept.get("a", lambda: 10) == 10, "the oldest is forgotten"
