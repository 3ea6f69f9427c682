"""A chain of augmentations between pages: in a link, in the session, in words.

The session holds the chain as the line of text that stands in the link, so one value draws the cards, keys the caches
and is carried to another page.
"""

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.augmentation import CHAPTER_PIPELINES, OPERATIONS, Operation, PipelineSpec
from cnnviz.specs.augmentation.text import chain_from_text, chain_text, hand_from_text
from cnnviz.specs.grid import GridSpec
from cnnviz.ui.fields import error_sentence
from cnnviz.ui.links import PageLink

CHAPTER_CHAIN: Final = CHAPTER_PIPELINES["combined"].pipeline
"""Flip, colour and crop: what the page begins with."""

_OWN: Final = ""  # the name of a chain that is none of the chapter's
_TITLES: Final = {
    "combined": CHAPTER_PIPELINES["combined"].title,
    **{name: preset.title for name, preset in CHAPTER_PIPELINES.items()},
    _OWN: N_("A chain of your own"),
}


def linked_chain(link: PageLink, name: str, default: PipelineSpec) -> PipelineSpec:
    """The chain of a page: from the link if it asks, else the remembered one, else the default.

    A chain that cannot be used is refused in words, and the one before stays.
    """
    key, state = link.key(name), st.session_state
    if name in link.asked:
        try:
            state[key] = chain_text(chain_from_text(link.asked[name]))
        except CnnvizError as error:
            link.refused.append(error)
    elif link.returned:
        state[key] = chain_text(default)
    return chain_from_text(state.setdefault(key, chain_text(default)))


def linked_hand(link: PageLink, name: str, chain: PipelineSpec) -> tuple[dict[str, float], ...] | None:
    """The numbers set by hand that the link asks for with a chain; None where it asks for none that can be used."""
    if name not in link.asked:
        return None
    try:
        return hand_from_text(chain, link.asked[name])
    except CnnvizError as error:
        link.refused.append(error)
        return None


def keep_chain(link: PageLink, name: str, chain: PipelineSpec) -> str:
    """Remember a chain under its name in the link; returns its text for `PageLink.write`."""
    text = st.session_state[link.key(name)] = chain_text(chain)
    return text


def choose_start(link: PageLink, name: str, chain: PipelineSpec, on_begin: Callable[[], None], _: Language) -> None:
    """The menu of the chapter's chains: choosing one begins anew with it; it shows which one the chain is."""
    key = f"{link.key(name)} start"
    chapter = (preset for preset in _TITLES if preset and CHAPTER_PIPELINES[preset].pipeline == chain)
    st.session_state[key] = next(chapter, _OWN)

    def begin() -> None:
        chosen = st.session_state[key]
        if isinstance(chosen, str) and chosen in CHAPTER_PIPELINES:  # "" and what no menu offers begin nothing
            on_begin()
            keep_chain(link, name, CHAPTER_PIPELINES[chosen].pipeline)

    st.selectbox(
        _("Chain"), list(_TITLES), format_func=lambda preset: _(_TITLES[preset]), key=key, on_change=begin,
        help=_("The chapter's chains are starting points: change, add, move and remove operations in the cards."),
        width=230,
    )  # fmt: skip


def chain_words(operations: Sequence[Operation], _: Language) -> str:
    """The operations' names in order: "Horizontal flip, Colour jitter"."""
    return ", ".join(_(operation.title) for operation in operations)


def chain_sentence(error: CnnvizError, _: Language, chain: PipelineSpec | None = None) -> str:
    """An error of a chain, or of the grid, in the reader's language, with the field's label instead of its name."""
    kinds = [*(type(operation) for operation in chain.active)] if chain else []
    candidates = (GridSpec, *kinds, *OPERATIONS)
    spec_type = next((kind for kind in candidates if (error.field or "") in kind.model_fields), GridSpec)
    parameters = dict(error.parameters)
    if error.field == "operations" and "label" in parameters:
        error = CnnvizError(error.code, field=error.field, **{**parameters, "label": _("Chain")})
    return error_sentence(error, spec_type, _)
