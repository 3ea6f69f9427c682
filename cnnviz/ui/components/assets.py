"""Files for the browser that are too large to travel with every message: served once, compressed once, kept for good.

A component's inline JavaScript is part of each of its messages. What updates twice a second therefore carries only a
line that imports the rest from here. The address contains a version, so browsers may keep the file for ever.
"""

import gzip
import hashlib
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Final

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PREFIX: Final = "app"
_FOREVER: Final = "public, max-age=31536000, immutable"


def accepts_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` header allows gzip (RFC 9110, section 12.5.3): "*" counts, a weight of 0 refuses."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        coding, _, parameters = part.strip().partition(";")
        name, _, weight = parameters.strip().partition("=")
        try:
            weights[coding.strip()] = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def below_base(*parts: str) -> str:
    """An address on this server, below `server.baseUrlPath`."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return "/" + "/".join(part for part in (base, *parts) if part)


def asset_path(name: str) -> str:
    """The address of an asset on this server."""
    return below_base(PREFIX, name)


def asset_route(name: str, read: Callable[[], bytes], media_type: str) -> Route:
    """A route that serves bytes which never change.

    Args:
        name: the last part of the address; contains a version or a digest.
        read: returns the bytes; called once, at the first request.
        media_type: for example "text/javascript".
    """

    @cache
    def plain() -> bytes:
        return read()

    @cache
    def compressed() -> bytes:
        return gzip.compress(plain(), compresslevel=9, mtime=0)

    def serve(request: Request) -> Response:
        # Not a coroutine: Starlette runs it in a thread, so compressing 5 MB keeps nobody waiting.
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if accepts_gzip(request.headers.get("accept-encoding", "")):
            return Response(compressed(), media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
        return Response(plain(), media_type=media_type, headers=headers)

    return Route(asset_path(name), serve, methods=["GET"], name=name)


_MEDIA_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}


class ServedScripts:
    """A component whose JavaScript and style sheet come from routes; a loader of a few lines travels with its messages.

    The folder holds `main.js`, `loader.js`, in which `__PREFIX__`, `__MAIN__`, `__STYLE__` and further names stand for
    what the server knows, and `style.css` where the component's style does not travel along.

    Args:
        folder: where the files lie; its name is part of the address.
        modules: the other files that `main.js` imports.
    """

    def __init__(self, folder: Path, modules: Sequence[str]) -> None:
        self._folder = folder
        styles = ("style.css",) if (folder / "style.css").exists() else ()
        self._files = ("main.js", *modules, *styles)

    @cached_property
    def address(self) -> str:
        """The folder's name in the address, with a digest of the files, so that a browser may keep them for ever."""
        digest = hashlib.sha256()
        for name in self._files:
            digest.update((self._folder / name).read_bytes())
        return f"{self._folder.name}-{digest.hexdigest()[:10]}"

    @property
    def modules(self) -> list[str]:
        """The addresses of the JavaScript modules, relative to the app's own."""
        return [f"{PREFIX}/{self.address}/{name}" for name in self._files if name.endswith(".js")]

    def routes(self) -> list[Route]:
        """A route for each file."""
        return [
            asset_route(f"{self.address}/{name}", (self._folder / name).read_bytes, _MEDIA_TYPES[Path(name).suffix])
            for name in self._files
        ]

    def loader(self, **more: str) -> str:
        """The only JavaScript that travels with each message: it imports the rest, once per page.

        Args:
            **more: further names of `loader.js` and what they stand for.
        """
        lines = (self._folder / "loader.js").read_text(encoding="utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.startswith("//"))
        names = {
            "PREFIX": f"{PREFIX}/",
            "MAIN": f"{self.address}/main.js",
            "STYLE": f"{self.address}/style.css",
            **more,
        }
        for name, value in names.items():
            text = text.replace(f"__{name}__", value)
        return text
