"""The HTML document that every page begins with: Streamlit's own, told where its server is and what page it will be.

Opened by a link to a page, Streamlit's script first looks for its server below that page, is refused, waits, and tries
again one level higher. Where the server is can be said beforehand; so it is, and the page is there a tenth of a second
sooner. A Streamlit that does not know the name goes on looking by itself.

Until Streamlit has started in the browser there is nothing to see; so the document itself names the page, and takes the
name away as soon as the page is there. See `benchmarks/labs.py`.
"""

import re
from collections.abc import Awaitable, Callable
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from cnnviz.language import LANGUAGES, Language, match_language
from cnnviz.ui.components.assets import below_base
from cnnviz.ui.components.figure_chart import chart_modules
from cnnviz.ui.places import HOME, PLACES, Place

# Pages lie one level below the app, which may itself lie below a path that only a proxy knows. Whatever a later
# Streamlit calls its parts, the name of the page is gone after some seconds.
_FIRST_SCRIPT: Final = """
    <script>
      window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href }
      const named = new MutationObserver(() => {
        if (document.querySelector("[data-testid=stMain] [data-testid=stElementContainer]")) reveal()
      })
      const reveal = () => {
        document.getElementById("waiting")?.remove()
        named.disconnect()
      }
      named.observe(document, { subtree: true, childList: true })
      setTimeout(reveal, 8000)
    </script>"""
# The type and the place of a page's own heading.
_STYLE: Final = """
    <meta name="color-scheme" content="light dark">
    <style>
      #waiting { position: fixed; inset: 0; padding: 88px max(16px, min(80px, 100vw - 700px)); pointer-events: none;
        font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif }
      #waiting b { display: block; font-size: 32px; line-height: 1.2; margin-bottom: 16px }
      @media (prefers-color-scheme: light) { #waiting { background: #ffffff; color: #0b0f14 } }
      @media (prefers-color-scheme: dark) { #waiting { background: #0e1117; color: #e6e9ef } }
      @media print { #waiting { display: none } }
    </style>"""
_MODULE: Final = '<script type="module"'
_ROOT: Final = '<div id="root"></div>'


@cache
def _shell() -> str:
    """Streamlit's `index.html` with where the server is, the app's name, and the modules that a page soon needs."""
    found = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    modules = "".join(f'\n    <link rel="modulepreload" href="./{name}">' for name in chart_modules())
    named = found.replace("<title>Streamlit</title>", "<title>cnnviz</title>", 1)
    told = named.replace(_MODULE, f"{_FIRST_SCRIPT.strip()}\n    {_MODULE}", 1)
    return told.replace("</head>", f"{_STYLE.lstrip(chr(10))}{modules}\n  </head>", 1)


@cache
def document(place: Place = HOME, language: str = "en") -> str:
    """What a page's address is answered with.

    Args:
        place: the page.
        language: the code of one of `LANGUAGES`.
    """
    _ = Language(language)
    # Not for screen readers, which would hear the page's name again a moment later, from its heading.
    name = f'<div id="waiting" aria-hidden="true"><b>{escape(_(place.title))}</b>{escape(_(place.help))}</div>'
    return (
        _shell().replace('<html lang="en">', f'<html lang="{language}">', 1).replace(_ROOT, f"{_ROOT}\n    {name}", 1)
    )


def inline_scripts() -> tuple[str, ...]:
    """The scripts that stand in the document itself, letter by letter: the same for every page."""
    return tuple(re.findall(r"<script>(.*?)</script>", _shell(), re.DOTALL))


def _of(place: Place) -> Callable[[Request], Awaitable[HTMLResponse]]:
    async def answer(request: Request) -> HTMLResponse:
        code = request.query_params.get("lang", "")
        if code not in LANGUAGES:
            code = match_language(request.headers.get("accept-language", "").partition(",")[0].partition(";")[0])
        return HTMLResponse(document(place, code), headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"})

    return answer


def document_routes() -> list[Route]:
    """A route for each page."""
    home = below_base().rstrip("/") + "/"
    return [Route(home if place is HOME else below_base(place.url_path), _of(place)) for place in PLACES]
