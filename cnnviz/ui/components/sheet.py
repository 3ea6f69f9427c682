"""Two buttons in every page's first line: print the page as it stands, and enlarge it for a projector."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from cnnviz.language import Language

_HERE: Final = Path(__file__).parent
_KEY: Final = "sheet"
# Drawn here: an icon font would be one more thing that has to arrive before the button says what it is.
_ICON: Final = (
    '<svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6"'
    ' aria-hidden="true"><path d="{path}"/></svg>'
)
_PRINTER: Final = _ICON.format(path="M6 7V3h8v4M6 14H3V7h14v7h-3M6 12h8v5H6z")
_SCREEN: Final = _ICON.format(path="M2 4h16v10H2zM7 17h6M10 14v3M7 11l3-5 3 5M8 9.5h4")

# Not isolated: its style sheet is the printed document's.
_MOUNT: Final = st.components.v2.component(
    "cnnviz_sheet",
    html=f'<div class="sheet"><button type="button">{_PRINTER}</button><button type="button">{_SCREEN}</button></div>',
    css=(_HERE / "sheet.css").read_text(encoding="utf-8"),
    js=(_HERE / "sheet.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def sheet_buttons(_: Language, *, projector: bool, dark: bool, on_switch: Callable[[bool], None]) -> None:
    """Draw the two buttons and put the page into the state that they show.

    Args:
        _: the reader's language.
        projector: whether type and lines are enlarged.
        dark: whether the page is drawn in the dark theme; on paper it is light.
        on_switch: called with the new state, before the page runs again.
    """

    def take() -> None:
        wanted = (st.session_state.get(_KEY) or {}).get("projector")
        if isinstance(wanted, bool):  # what a browser sends may be anything
            on_switch(wanted)

    labels = {"print": _("Print this page"), "enlarge": _("Enlarge for a projector")}
    _MOUNT(
        key=_KEY,
        data={"projector": projector, "dark": dark, "labels": labels},
        on_projector_change=take,
        width="content",
    )
