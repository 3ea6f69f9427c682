"""What the server does besides pages: the owner's cookie, safe headers, plotly.js, health, readiness and metrics."""

import logging
import secrets
from collections import Counter
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from cnnviz import __version__
from cnnviz.errors import CnnvizError
from cnnviz.training.journal import note
from cnnviz.training.pace import PersonLimit
from cnnviz.training.settings import class_mode
from cnnviz.ui.clients import address_in
from cnnviz.ui.components.assets import below_base
from cnnviz.ui.components.routes import component_routes
from cnnviz.ui.curve_feed import feed_route
from cnnviz.ui.document import document_routes, inline_scripts
from cnnviz.ui.engine import COOKIE, engine
from cnnviz.ui.headers import safe_headers
from cnnviz.ui.heard import ours
from cnnviz.ui.metrics import MEDIA_TYPE, exposition, meter, server_families, unready
from cnnviz.ui.places import HOME
from cnnviz.ui.uploads import keep_few_uploads

_YEAR: Final = 365 * 24 * 3600
_UPLOADS: Final = "/_stcore/upload_file/"
UPLOADS_A_MINUTE: Final = 30
UPLOADS_AN_ADDRESS: Final = 300  # a minute; a class behind a proxy has one address, a program any number of cookies
PAGES_AN_ADDRESS: Final = 200  # that are open at once: three for each of sixty people
PAGES_IN_ALL: Final = 500  # each takes some megabytes of memory


class Envelope:
    """ASGI middleware around every answer.

    It gives a browser its owner's key once, in a cookie that scripts cannot read, and safe headers with every answer.
    The key decides whose runs these are; it is random, says nothing about the person and never stands in a link. It
    counts connections and bounds their number, refuses uploads that come too fast, and sees that few of them are kept.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self._pace = PersonLimit(UPLOADS_A_MINUTE, UPLOADS_AN_ADDRESS, 60)
        self._headers = safe_headers(inline_scripts(), shared=class_mode())
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on; add headers to its answer."""
        if scope["type"] == "websocket":
            await self._talk(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        key = _key_of(headers.get(b"cookie", b""))
        secure = scope.get("scheme") == "https" or headers.get(b"x-forwarded-proto") == b"https"

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                added = [pair for pair in self._headers if pair[0] not in dict(message["headers"])]
                is_page = any(
                    name == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"]
                )
                if is_page and key is None:
                    added.append((b"set-cookie", _cookie(secure).encode()))
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        if scope["method"] in ("PUT", "POST") and _UPLOADS in scope["path"]:
            address = address_in(scope)
            try:
                self._pace.use(key or address, address)
            except CnnvizError as error:
                meter().refuse_upload()
                note("upload refused", level=logging.WARNING, seconds=error.parameters["seconds"])
                retry = {"Retry-After": str(error.parameters["seconds"])}
                refusal = PlainTextResponse(str(error), status_code=429, headers=retry)
                await refusal(scope, receive, send_with_headers)
                return
            await self.app(scope, receive, send_with_headers)
            keep_few_uploads()
            return
        await self.app(scope, receive, send_with_headers)

    async def _talk(self, scope: Any, receive: Any, send: Any) -> None:
        """The conversation with an open page, unless too many are open."""
        address = address_in(scope)
        if self._open[address] >= PAGES_AN_ADDRESS or self._open.total() >= PAGES_IN_ALL:
            await send({"type": "websocket.close", "code": 1013, "reason": "too many pages are open"})
            return
        self._open[address] += 1
        try:
            with meter().session():
                await self.app(scope, ours(receive), send)
        finally:
            self._open[address] -= 1
            self._open += Counter()  # forgets who has none left


def _key_of(cookies: bytes) -> str | None:
    """The owner's key among a browser's cookies; a header that cannot be read has none."""
    try:
        found = SimpleCookie(cookies.decode("latin-1")).get(COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value


def _cookie(secure: bool) -> str:
    only = "; Secure" if secure else ""
    return f"{COOKIE}={secrets.token_urlsafe(24)}; Max-Age={_YEAR}; Path=/; HttpOnly; SameSite=Lax{only}"


async def _health(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok", "version": __version__})


def _ready(_request: Request) -> JSONResponse:
    """Not a coroutine: the store may keep it waiting, and nobody else shall wait with it."""
    try:
        reason = unready(engine())
    except CnnvizError as error:
        reason = error.code
    return JSONResponse({"ready": not reason, "reason": reason}, status_code=503 if reason else 200)


def _metrics(_request: Request) -> Response:
    try:
        return PlainTextResponse(exposition(server_families(meter(), engine())), media_type=MEDIA_TYPE)
    except CnnvizError as error:
        return PlainTextResponse(str(error), status_code=503)


async def _home(request: Request) -> RedirectResponse:
    """Streamlit serves the first page at the root alone; relative, so that it holds behind a proxy's path."""
    return RedirectResponse(f"./?{request.url.query}" if request.url.query else "./", status_code=307)


def routes() -> list[BaseRoute]:
    """The routes that the app adds to Streamlit's own."""
    return [
        Route(below_base(HOME.url_path), _home),
        Route("/app/health", _health),
        Route("/app/ready", _ready),
        Route("/app/metrics", _metrics),
        *component_routes(),
        feed_route(),
        *document_routes(),
    ]


def middleware() -> list[Middleware]:
    """The middleware around every answer."""
    return [Middleware(Envelope)]
