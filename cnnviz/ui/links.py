"""Every state is a link: the page's choices in the query string, the same in every language.

Streamlit's own binding writes the labels that are shown, so a link made in Spanish would not open in English. Here a
value is written as the spec stores it (`net=resnet18&image_size=96`), decoded by the spec's own field, and refused in
words when it cannot be used. The link is read when the page is entered, or when it changed and no widget did (the
browser's back button, a link on the page itself); otherwise the widgets lead and the link follows.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, get_args, get_origin

import streamlit as st
from pydantic import ConfigDict, TypeAdapter, ValidationError

from cnnviz.errors import CnnvizError, problems
from cnnviz.specs.base import Spec
from cnnviz.ui.reader import CARRIED

_ENTERED: Final = "page_entered"
CURRENT: Final = "page_current"
# What every link carries on besides the reader's own: the lesson, which `steps` settles. A lab owns what it hides.
LESSON: Final = "lesson"
LESSON_AT: Final = "lesson_at"
HIDE: Final = "hide"
KEPT: Final = (*CARRIED, LESSON, LESSON_AT, HIDE)
REFUSED: Final = "lesson refused"


def note_page(url_path: str) -> bool:
    """Remember which page runs and whether it has just been entered, and say so; the frame calls it once a run."""
    entered = st.session_state.get(CURRENT) != url_path
    st.session_state[_ENTERED] = url_path if entered else None
    st.session_state[CURRENT] = url_path
    return entered


def encode(value: Any) -> str:
    """A value as it stands in a link; numbers of a tuple, or of a widget's text, are separated by commas alone."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple | list):
        return ",".join(encode(part) for part in value)
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value).replace(", ", ",")


def decode(spec_type: type[Spec], name: str, raw: str) -> Any:
    """A field's value from a link.

    Raises:
        CnnvizError: if the field cannot take it.
    """
    field = spec_type.model_fields[name]
    kind: Any = field.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))
    is_tuple = getattr(kind, "__origin__", None) is tuple
    if get_origin(kind) is Literal:  # a link is text, and a choice among numbers takes no text
        raw = next((choice for choice in get_args(kind) if str(choice) == raw), raw)
    try:
        value = adapter.validate_python(raw.split(",") if is_tuple else raw)
        for rule in field.metadata:
            low, high = getattr(rule, "ge", None), getattr(rule, "le", None)
            if low is not None and value < low:
                raise CnnvizError("value_too_small", field=name, label=name, value=value, limit=low)
            if high is not None and value > high:
                raise CnnvizError("value_too_large", field=name, label=name, value=value, limit=high)
    except ValidationError as error:
        first = problems(error)[0]
        parameters = {**first.parameters, "label": name}
        raise CnnvizError(first.code, field=name, **parameters) from error
    return value


def address(wanted: Mapping[str, str], gone: Collection[str]) -> None:
    """Put parameters into the browser's address, all at once: each change of it is a step of the browser's back.

    Args:
        wanted: name → value.
        gone: names that are taken out, unless they are wanted.
    """
    now = st.query_params.to_dict()
    then = {**{name: value for name, value in now.items() if name not in gone}, **wanted}
    if now != then:
        st.query_params.from_dict(then)


class PageLink:
    """One page's state in the link, for the length of one run.

    Args:
        page: the page's address.
        own: names that other pages only carry on, and this one reads and writes.

    Attributes:
        asked: what the link asks for in this run; empty when the widgets lead.
        returned: whether the browser went to another address of this page, so that what is not asked is the default.
        refused: the errors of what was asked and cannot be used, in order.
    """

    def __init__(self, page: str, own: tuple[str, ...] = ()) -> None:
        self._page = page
        self._kept = [name for name in KEPT if name not in own]
        state = st.session_state
        self.refused: list[CnnvizError] = state.pop(REFUSED, [])
        url = {name: value for name, value in st.query_params.to_dict().items() if name not in self._kept}
        touched = any(
            self.key(name) in state and encode(state[self.key(name)]) != value
            for name, value in state.get(self._remembered("values"), {}).items()
        )
        followed = not touched and url != state.get(self._remembered("url"), url)
        entered = state.get(_ENTERED) == page
        self.asked: Mapping[str, str] = url if entered or followed else {}
        self.returned = followed and not entered  # whoever comes from another page finds what was set

    def key(self, name: str) -> str:
        """The session state's key of a value of this page."""
        return f"{self._page}.{name}"

    def _remembered(self, what: str) -> str:
        return f"link of {self._page}: {what}"

    def write(self, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        """Put the values that differ from their defaults into the link, and take the others out."""
        wanted = {name: encode(value) for name, value in values.items() if value != defaults.get(name)}
        address(wanted, [name for name in st.query_params if name not in self._kept])
        st.session_state[self._remembered("url")] = wanted
        st.session_state[self._remembered("values")] = {name: encode(value) for name, value in values.items()}

    def follow_widgets(self) -> None:
        """From now on the widgets lead: for a fragment, which runs again without the page that has read the link."""
        self.asked, self.refused, self.returned = {}, [], False
