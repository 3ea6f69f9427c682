"""What the server does besides pages: the owner's cookie, safe headers, plotly.js and a health answer."""

import secrets
from http.cookies import SimpleCookie
from typing import Any, Final

from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from cnnviz import __version__
from cnnviz.ui.components.routes import component_routes

COOKIE: Final = "cnnviz_owner"
_YEAR: Final = 365 * 24 * 3600
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
)


class Envelope:
    """ASGI middleware: gives a browser its owner's key once, in a cookie that scripts cannot read, and safe headers.

    The key decides whose runs these are; it is random, says nothing about the person and never stands in a link.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on; add headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        known = COOKIE in SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                added = list(_HEADERS)
                is_page = any(
                    key == b"content-type" and value.startswith(b"text/html") for key, value in message["headers"]
                )
                if is_page and not known:
                    added.append((b"set-cookie", _cookie().encode()))
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _cookie() -> str:
    return f"{COOKIE}={secrets.token_urlsafe(24)}; Max-Age={_YEAR}; Path=/; HttpOnly; SameSite=Lax"


async def _health(_request: Any) -> JSONResponse:
    return JSONResponse({"status": "ok", "version": __version__})


def routes() -> list[BaseRoute]:
    """The routes that the app adds to Streamlit's own."""
    return [Route("/app/health", _health), *component_routes()]


def middleware() -> list[Middleware]:
    """The middleware around every answer."""
    return [Middleware(Envelope)]
