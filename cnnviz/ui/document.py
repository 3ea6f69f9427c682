"""The HTML document that every page begins with: Streamlit's own, told where its server is.

Opened by a link to a page, Streamlit's script first looks for its server below that page, is refused, waits, and tries
again one level higher. Where the server is can be said beforehand; so it is, and the page is there a tenth of a second
sooner. A Streamlit that does not know the name goes on looking by itself. See `benchmarks/labs.py`.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from cnnviz.ui.components.assets import below_base
from cnnviz.ui.components.figure_chart import chart_modules
from cnnviz.ui.places import HOME, PLACES

# Pages lie one level below the app, which may itself lie below a path that only a proxy knows.
_WHERE: Final = """
    <script>
      window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href }
    </script>"""
_FIRST: Final = '<script type="module"'


@cache
def document() -> str:
    """Streamlit's `index.html` with where the server is, the app's name, and the modules that a page soon needs."""
    found = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    modules = "".join(f'\n    <link rel="modulepreload" href="./{name}">' for name in chart_modules())
    named = found.replace("<title>Streamlit</title>", "<title>cnnviz</title>", 1)
    return named.replace(_FIRST, f"{_WHERE.strip()}\n    {_FIRST}", 1).replace("</head>", f"{modules}\n  </head>", 1)


def inline_scripts() -> tuple[str, ...]:
    """The scripts that stand in the document itself, letter by letter."""
    return tuple(re.findall(r"<script>(.*?)</script>", document(), re.DOTALL))


def _answer(_request: Request) -> HTMLResponse:
    return HTMLResponse(document(), headers={"Cache-Control": "no-cache"})


def document_routes() -> list[Route]:
    """A route for each page: the document is the same for all of them."""
    home = below_base().rstrip("/") + "/"
    return [Route(home if place is HOME else below_base(place.url_path), _answer) for place in PLACES]
