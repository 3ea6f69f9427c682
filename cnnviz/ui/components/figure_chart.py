"""A still chart: a plotly figure drawn by a few kilobytes of JavaScript, figures under the pointer and the arrow keys.

`st.plotly_chart` waits for five megabytes of script before a page's first chart, and lays each one out at length.
Nothing in the figures of the labs needs that: no zoom, no selection. The live curves do, and have it. Parts of a figure
that have a name (`customdata` of a heatmap's cells) can be chosen with a click, or with Enter.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import plotly.graph_objects as go
import streamlit as st
from starlette.routing import Route

from cnnviz.figures.drawing import drawing
from cnnviz.language import Language
from cnnviz.ui.components.assets import ServedScripts
from cnnviz.ui.drawn import drawn

_SCRIPTS: Final = ServedScripts(Path(__file__).parent / "chart", ("marks.js", "svg.js"))
_STYLE: Final = """
.chart-of-figure { position: relative; color: var(--st-text-color); font-family: var(--st-font); }
.chart-of-figure svg { display: block; max-width: 100%; }
[role="img"] { border-radius: var(--st-base-radius); touch-action: pan-y; }
[role="img"]:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.tip {
  position: absolute; z-index: 1; max-width: 20rem; padding: 0.25rem 0.5rem; pointer-events: none;
  white-space: pre-line;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); font-size: 0.875rem;
  background: var(--st-background-color); color: var(--st-text-color);
}
.tip[hidden] { display: none; }
/* On paper: no wider than it, and dark on white in either theme; pictures keep their own light. */
@media print {
  .chart-of-figure { break-inside: avoid; }
  .chart-of-figure svg { height: auto; }
  :host-context(.sheet-dark) svg:not(:has(image)), :host-context(.sheet-dark) svg:has(image) :is(text, .grid) {
    filter: invert(1) hue-rotate(180deg);
  }
}
"""


def chart_routes() -> list[Route]:
    """The routes that serve this component's JavaScript."""
    return _SCRIPTS.routes()


def chart_modules() -> list[str]:
    """The addresses of its JavaScript, relative to the app's own."""
    return _SCRIPTS.modules


_MOUNT: Final = st.components.v2.component(
    "cnnviz_chart", html='<div class="chart-of-figure"></div>', css=_STYLE, js=_SCRIPTS.loader()
)


def figure_chart(
    figure: go.Figure, _: Language, *, alt: str, key: str, on_pick: Callable[[str], None] | None = None
) -> None:
    """Draw a figure over the width there is.

    Args:
        figure: one that `figures.drawing` can read, from `drawn`, so that its plan is made once too.
        _: the reader's language.
        alt: what is seen, for a screen reader.
        key: the component's key.
        on_pick: called before the rerun with the name of what was chosen, which may be forged.
    """

    def take() -> None:
        name = (st.session_state.get(key) or {}).get("picked")
        if on_pick is not None and isinstance(name, str):
            on_pick(name)

    _MOUNT(
        key=key,
        data={
            "plan": drawn(drawing, figure, _),
            "alt": alt.replace("**", ""),
            "hint": _("Arrow keys read the values.") + (" " + _("Enter opens one.") if on_pick else ""),
        },
        on_picked_change=take,
    )
