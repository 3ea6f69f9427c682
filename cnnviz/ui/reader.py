"""Who is reading: the language and the theme of this session.

The language comes from the link (`?lang=es`), else from the browser, and every link carries it on, so a teacher's link
opens in the teacher's language. It lives in the session's state; nothing global remembers it.
"""

from typing import Final

import streamlit as st

from cnnviz.language import LANGUAGES, Language, match_language

_STATE: Final = "language"
_PARAMETER: Final = "lang"
_PROJECTOR: Final = "projector"
# What every link carries on, whatever its page.
CARRIED: Final = (_PARAMETER, _PROJECTOR)


def reader() -> Language:
    """The reader's language."""
    code = st.session_state.get(_STATE)
    if code not in LANGUAGES:
        code = st.query_params.get(_PARAMETER)
    if code not in LANGUAGES:
        code = match_language(st.context.locale)
    return Language(str(code))


def settle_language() -> Language:
    """The reader's language, remembered in the session and written into the link."""
    asked = st.query_params.get(_PARAMETER)
    if st.session_state.get(_STATE) not in LANGUAGES:  # not yet, or not a language: a forged choice may be empty
        st.session_state[_STATE] = reader().code
    code = st.session_state[_STATE]
    if asked != code:
        st.query_params[_PARAMETER] = code
    _settle_projector()
    return Language(code)


def projector() -> bool:
    """Whether type and lines are enlarged for a projector: as in the language's case, the link says it first."""
    kept = st.session_state.get(_PROJECTOR)
    return kept if isinstance(kept, bool) else st.query_params.get(_PROJECTOR) == "1"


def switch_projector(on: bool) -> None:
    """Enlarge type and lines, or no longer, from the next run on."""
    st.session_state[_PROJECTOR] = on


def _settle_projector() -> None:
    on = st.session_state[_PROJECTOR] = projector()
    if on and st.query_params.get(_PROJECTOR) != "1":
        st.query_params[_PROJECTOR] = "1"
    elif not on and _PROJECTOR in st.query_params:
        del st.query_params[_PROJECTOR]


def render_language_switch() -> None:
    """The switch between the languages; it shows each under its own name."""
    _ = reader()
    st.segmented_control(
        _("Language"),
        list(LANGUAGES),
        key="language_switch",
        default=_.code,
        required=True,
        format_func=str.upper,
        label_visibility="collapsed",
        on_change=_switch,
    )


def _switch() -> None:
    # A page that was left before it was drawn takes the switch along; what it reported then is no wish.
    st.session_state[_STATE] = st.session_state.get("language_switch", st.session_state.get(_STATE))


def dark() -> bool:
    """Whether the page is drawn in the dark theme."""
    return st.context.theme.type == "dark"


def link_parameters(**parameters: object) -> dict[str, str]:
    """Query parameters for a link inside the app: the given ones, the language, and the projector where it is on."""
    carried = {_PARAMETER: reader().code} | ({_PROJECTOR: "1"} if projector() else {})
    return {**carried, **{name: str(value) for name, value in parameters.items()}}
