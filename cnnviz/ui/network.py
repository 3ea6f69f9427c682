"""Choosing a network, and what follows from the choice: its spec, its report, and the last good one."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar

import streamlit as st

from cnnviz.architectures import Architecture, ArchitectureSpec, architecture, catalog
from cnnviz.errors import CnnvizError, problems
from cnnviz.language import N_, Language
from cnnviz.rows import Report
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.catalog import torchvision_catalog
from cnnviz.ui.links import PageLink

Kept = TypeVar("Kept")
SIZE_FIELDS = ("image_size", "in_channels", "num_classes")


class BatchSpec(Spec):
    """How many pictures a report's bytes are for."""

    batch: int = knob(128, N_("Batch size"), N_("For the memory that training keeps."), ge=1, le=1024, step=1)


def choose_network(
    link: PageLink, _: Language, *, default: str = "lenet", shelves: bool = False
) -> tuple[Architecture, bool]:
    """The select box of networks, led by the link where it asks; with `shelves`, torchvision's stand behind them.

    Returns:
        The entry, and whether the choice is new, so that its fields start from its own defaults.
    """
    state, key = st.session_state, link.key("net")
    asked = link.asked.get("net")
    if asked is not None:
        try:
            state[key] = architecture(asked).key
        except CnnvizError as error:
            link.refused.append(error)
            asked = None
    elif link.returned:
        state[key] = default
    state.setdefault(key, default)
    keys = [entry.key for entry in (*catalog(), *(torchvision_catalog() if shelves else ()))]
    if state[key] not in keys:
        keys.append(state[key])
    chosen = st.selectbox(
        _("Network"), keys, format_func=lambda name: _title(name, _), key=key, persist_state="session"
    )
    entry = architecture(chosen)
    before = state.get(f"{key} before")
    state[f"{key} before"] = chosen
    return entry, asked is not None or (before is not None and before != chosen)


def _title(key: str, _: Language) -> str:
    """A network's title; torchvision's own networks say that they are."""
    entry = architecture(key)
    return f"torchvision · {entry.title}" if entry.form == "torchvision" else _(entry.title)


def choose_variant(link: PageLink, entry: Architecture, _: Language) -> tuple[Mapping[str, Any], bool]:
    """The named variants of a network; returns the fields that differ, and whether the choice is new."""
    titles = {"": N_("As it is"), **{preset.key: preset.title for preset in entry.presets}}
    state, key = st.session_state, link.key("variant")
    if state.get(key) not in titles and "variant" not in link.asked:
        state[key] = ""
    name, is_new = choose_option(link, "variant", titles, _("Variant"), _, many=True)
    chosen = entry.preset(name)
    return (chosen.options if chosen else {}), is_new


def knob_names(spec_type: type[ArchitectureSpec]) -> list[str]:
    """The fields of a spec that are knobs of the network itself, in order."""
    return [name for name in spec_type.model_fields if name not in ("key", *SIZE_FIELDS)]


@st.cache_resource(max_entries=128, show_spinner=False)
def report_of(spec: ArchitectureSpec, batch_size: int = 1) -> Report:
    """A network taken apart, computed once for everybody; a report is immutable, so it is shared and not copied.

    Raises:
        CnnvizError: if the network cannot take its input.
    """
    from cnnviz.inspection import report_of as take_apart

    return take_apart(spec, batch_size)


def render_refusals(link: PageLink, sentence: Any, _: Language) -> None:
    """Say what the link asked for and could not be used; everything else on the page works."""
    state, key = st.session_state, f"{link.key('refused')} of the link"
    if link.refused:
        state[key] = [error.code for error in link.refused], [sentence(error) for error in link.refused]
    elif link.asked:
        state.pop(key, None)
    if key in state:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                _("The link could not be followed in full.") + " " + " ".join(state[key][1]), icon=":material/link_off:"
            )
            st.button(_("Got it"), on_click=lambda: state.pop(key, None), key=f"{key} button")


def good_or_last(page: str, make: Callable[[], Kept], show: Callable[[CnnvizError], None]) -> Kept | None:
    """What `make` returns; if it fails, the error is shown at its field and the last good result stays.

    Args:
        page: under which the session remembers the last good result.
        make: computes from the widgets' values.
        show: puts an error where it happened.
    """
    key = f"last good of {page}"
    try:
        with st.skeleton(height=420):  # seen only when it takes a moment, as the very first report of a server does
            st.session_state[key] = make()
    except ValueError as error:
        for problem in problems(error):
            show(problem)
    kept: Kept | None = st.session_state.get(key)
    return kept


def choose_option(
    link: PageLink,
    name: str,
    options: Mapping[str, str],
    label: str,
    _: Language,
    *,
    many: bool = False,
    visibility: Literal["visible", "collapsed"] = "visible",
) -> tuple[str, bool]:
    """One choice among a few, led by the link where it asks.

    Args:
        link: the page's link.
        name: the parameter's name in the link.
        options: value → title (English message); the first one is the default.
        label: in the reader's language.
        _: the reader's language.
        many: whether the options are too many to stand side by side.
        visibility: of the label; a collapsed one is only read aloud.

    Returns:
        The value, and whether it is new.
    """
    state, key = st.session_state, link.key(name)
    asked = link.asked.get(name)
    if asked is not None:
        if asked in options:
            state[key] = asked
        else:
            allowed = ", ".join(options)
            link.refused.append(CnnvizError("value_not_allowed", label=label, value=asked[:60], allowed=allowed))
    if state.get(key) not in options or (link.returned and asked is None):
        state[key] = next(iter(options))
    draw = st.selectbox if many else partial(st.segmented_control, required=True)
    chosen = draw(
        label,
        list(options),
        format_func=lambda value: _(options[value]),
        key=key,
        persist_state="session",
        label_visibility=visibility,
    ) or next(iter(options))  # a forged choice may be empty
    before = state.get(f"{key} before")
    state[f"{key} before"] = chosen
    return str(chosen), before is not None and before != chosen
