"""Torchvision's pictures for a hand that has just let go: a question and an answer, without a run of the page.

The page's own way is long: a message to the session, a run of the script, its elements, and what the browser makes of
them. So the live grid asks here first, and tells its page afterwards, which then finds these very pictures computed.
Only what every visitor may see can be asked for, the cat and the garments; a picture of one's own goes the page's way.

The server believes nothing. A question comes from a page of this server (a foreign one would have to ask for leave
first, because of the media type), is short, is parsed by the specs that every chain goes through, and costs no more
than the same question on the page. At most `_AT_ONCE` are computed at a time. Where an answer is refused the browser
goes the page's way, so nothing depends on it.
"""

import asyncio
import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cnnviz.data import cat, garment
from cnnviz.errors import CnnvizError
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.augmentation import PipelineSpec
from cnnviz.specs.grid import GridSpec
from cnnviz.training.pace import RateLimit
from cnnviz.ui.clients import address_in
from cnnviz.ui.components.assets import asset_path
from cnnviz.ui.components.computed_once import ComputedOnce
from cnnviz.ui.components.curve_wire import encode
from cnnviz.ui.components.grid_chain import chain_of
from cnnviz.ui.components.live_pictures import LivePictures, Values, draw_live

ADDRESS: Final = "grid-pictures"
LONGEST: Final = 16_384
"""The most bytes of a question: 8 times the longest chain."""
QUESTIONS: Final = 240
"""How many questions one address may ask at once, perhaps a whole class; as many more come back in four seconds."""
_AT_ONCE: Final = 2
_WAITING: Final = 60  # whoever comes later is told at once, and goes the page's way


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser asks for, checked.

    Attributes:
        chain: the operations.
        exact: the numbers set by hand instead of chance, or None.
        picture: "cat" or "garment 17".
        image: that picture.
        count: how many draws.
        seed: of the draws.
        language: the reader's, for what was drawn.
    """

    chain: PipelineSpec
    exact: Values | None
    picture: str
    image: Image.Image
    count: int
    seed: int
    language: Language


@cache
def _kept() -> ComputedOnce[LivePictures]:
    """The pictures last asked for, of everybody: half a megabyte each."""
    return ComputedOnce(48)


def shared_pictures(
    chain: PipelineSpec, picture: str, image: Image.Image, *, count: int, seed: int, exact: Values | None = None
) -> LivePictures:
    """`draw_live`, computed once for everybody who asks for the same, on a page or here.

    Args:
        chain: the operations.
        picture: tells pictures apart.
        image: the picture of this name.
        count: 1 to 16.
        seed: of the draws.
        exact: the numbers set by hand instead of chance, or None.

    Raises:
        CnnvizError: at the field of the first operation that the picture does not fit.
    """
    by_hand = None if exact is None else tuple(tuple(sorted(values.items())) for values in exact)
    key = (chain, picture, count, seed, by_hand)
    return _kept().get(key, lambda: draw_live(chain, image, count=count, seed=seed, exact=exact))


def sheet_of(pictures: LivePictures) -> dict[str, Any]:
    """Where each picture stands on the sheet, as the browser wants it."""
    return {
        "id": pictures.id,
        "columns": pictures.columns,
        "width": pictures.size[0],
        "height": pictures.size[1],
        "pitchWidth": pictures.pitch[0],
        "pitchHeight": pictures.pitch[1],
    }


def words_of(pictures: LivePictures, language: Language) -> list[str]:
    """What was drawn for each picture, in the reader's language."""
    return [pictures.chain.describe(drawn, language) for drawn in pictures.drawn]


def question(text: bytes) -> Question:
    """A browser's question.

    Raises:
        CnnvizError: what is no chain, no picture, no number, or out of bounds.
    """
    try:
        asked = json.loads(text)
        language, picture, by_hand = asked["language"], asked["picture"], asked["exact"]
        numbers, entries = {"count": asked["count"], "seed": asked["seed"]}, asked["operations"]
    except (KeyError, RecursionError, TypeError, ValueError):
        raise CnnvizError("value_invalid", field="operations", label="question", value=repr(text[:60])) from None
    grid = GridSpec.parse(numbers)
    if not isinstance(language, str) or language not in LANGUAGES:
        raise CnnvizError("value_not_allowed", label="language", value=repr(language)[:60], allowed="en, es")
    chain, values = chain_of(entries)
    image = _picture(picture)
    return Question(chain, values if by_hand else None, picture, image, grid.count, grid.seed, Language(language))


def _picture(name: Any) -> Image.Image:
    """A picture that everybody may see."""
    if name == "cat":
        return cat()
    kind, _space, number = name.partition(" ") if isinstance(name, str) else ("", "", "")
    if kind != "garment" or not (number.isascii() and number.isdecimal() and len(number) < 6):
        raise CnnvizError("value_not_allowed", label="picture", value=repr(name)[:60], allowed="cat, garment 0")
    return garment(GridSpec.parse({"garment": number}).garment)


def _answer(text: bytes) -> bytes:
    asked = question(text)
    pictures = shared_pictures(
        asked.chain, asked.picture, asked.image, count=asked.count, seed=asked.seed, exact=asked.exact
    )
    header = {"sheet": sheet_of(pictures), "drawn": words_of(pictures, asked.language), "bytes": len(pictures.sheet)}
    return encode(header, [np.frombuffer(pictures.sheet, np.uint8)])


class _Desk:
    """Takes questions, a few at a time."""

    def __init__(self) -> None:
        self._seats = asyncio.Semaphore(_AT_ONCE)
        self._inside = 0
        self._pace = RateLimit(QUESTIONS, 4)

    async def answer(self, request: Request) -> Response:
        """The answer, or a sentence why there is none."""
        try:
            _must_be_our_own(request)
            self._pace.use(address_in(request.scope))
            if self._inside >= _AT_ONCE + _WAITING:
                raise HTTPException(503)
            text = await _body(request)
            answer = await self._compute(text)
        except CnnvizError as error:
            return PlainTextResponse(str(error), status_code=429 if error.code == "too_fast" else 422)
        return Response(answer, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})

    async def _compute(self, text: bytes) -> bytes:
        self._inside += 1
        try:
            async with self._seats:
                return await asyncio.to_thread(_answer, text)
        finally:
            self._inside -= 1


def _must_be_our_own(request: Request) -> None:
    """Refuse what a page of another server has sent."""
    headers = request.headers
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415)
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403)
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host", ""):
        raise HTTPException(403)


async def _body(request: Request) -> bytes:
    text = b""
    async for part in request.stream():
        text += part
        if len(text) > LONGEST:
            raise HTTPException(413)
    return text


def answer_routes() -> list[Route]:
    """The route that answers the live grid's questions."""
    return [Route(asset_path(ADDRESS), _Desk().answer, methods=["POST"], name=ADDRESS)]
