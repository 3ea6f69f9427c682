"""The chain that a run trains with, on the training page: brought by a link, shown in a line, taken out again."""

from typing import Final

import streamlit as st

from cnnviz.data.fashion_mnist import SIZE
from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.augmentation import PipelineSpec, RandomResizedCrop, Resize
from cnnviz.specs.augmentation.text import chain_text
from cnnviz.ui.chain import chain_sentence, chain_words, linked_chain
from cnnviz.ui.links import PageLink
from cnnviz.ui.places import AUGMENTATION, page_link

NAME: Final = "augmentation"
"""The chain's name in the training page's link."""

NONE: Final = PipelineSpec()
"""No augmentation."""


def choose_augmentation(link: PageLink, image_size: int, _: Language) -> PipelineSpec | None:
    """Draw the chain that the run will train with; None for none, or for one that garments do not fit.

    What resizes gives the network's input size, whatever size it had on the page where the chain was made.

    Args:
        link: the training page's.
        image_size: the network's input, px.
        _: the reader's language.
    """
    chain = linked_chain(link, NAME, NONE)
    steps = (*chain.active, *chain.mixing)
    if not steps:
        page_link(AUGMENTATION, _("Train with augmented pictures"), picture="garment")
        return None
    with st.container(border=True, gap="xsmall", key="augmentation of the run"):
        st.markdown(f"**{_('Augmentation')}**: {chain_words(steps, _)}")
        fitting = sized(chain, image_size)
        usable = _render_fit(fitting, image_size, _)
        with st.container(horizontal=True, vertical_alignment="center"):
            page_link(AUGMENTATION, _("Change it"), icon=":material/edit:", chain=chain_text(chain), picture="garment")
            st.button(
                _("Without it"), icon=":material/close:", type="tertiary", key="no augmentation",
                on_click=st.session_state.__setitem__, args=(link.key(NAME), chain_text(NONE)),
            )  # fmt: skip
    return fitting if usable else None


def linked_augmentation(link: PageLink) -> str:
    """The chain as it stands in the link, once `choose_augmentation` has drawn it."""
    return str(st.session_state[link.key(NAME)])


def sized(chain: PipelineSpec, image_size: int) -> PipelineSpec:
    """The chain with everything that resizes set to a network's input; what only cuts keeps its size."""
    steps = (
        step.replace(size=image_size) if isinstance(step, RandomResizedCrop | Resize) else step
        for step in chain.operations
    )
    return chain.replace(operations=tuple(steps))


def _render_fit(chain: PipelineSpec, image_size: int, _: Language) -> bool:
    """What a garment makes of the chain; whether it can go through."""
    try:
        chain.check((SIZE, SIZE))
    except CnnvizError as error:
        st.error(chain_sentence(error, _, chain) + " " + _("This run trains without it."), icon=":material/error:")
        return False
    if any(isinstance(step, RandomResizedCrop | Resize) for step in chain.active):
        st.caption(_("Each garment is resized to {size} px, the network's input.", size=image_size))
    idle = [operation for operation in chain.active if operation.no_effect_on_grey]
    if idle:
        st.caption(_("Garments are grey, so these change nothing: {operations}.", operations=chain_words(idle, _)))
    return True
