"""Augmentation: change a picture at random under one's hand, and see what a network would see."""

import streamlit as st

from cnnviz.language import N_
from cnnviz.specs.augmentation.text import chain_text, hand_text
from cnnviz.specs.grid import GridSpec
from cnnviz.ui.augmentation import KEY, MODES, grid_of, render_grid_settings, render_live
from cnnviz.ui.augmentation_pictures import SOURCES, render_picture
from cnnviz.ui.augmentation_takeaway import render_augmentation_downloads
from cnnviz.ui.augmentation_views import render_drawers
from cnnviz.ui.chain import CHAPTER_CHAIN, chain_sentence, choose_start, keep_chain, linked_chain, linked_hand
from cnnviz.ui.components.live_grid import live_chain, live_values, overrule
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_option, render_refusals
from cnnviz.ui.places import TRAINING, page_link
from cnnviz.ui.watching import part

page = heading(
    N_("Change a cat"), N_("Every draw is another picture of the same cat: what training sees instead of one.")
)
_ = page.language
link = PageLink("augmentation")


def draw_again() -> None:
    """Another seed, so other draws."""
    st.session_state[link.key("seed")] = int(st.session_state.get(link.key("seed"), 0)) + 1


def explore() -> None:
    """All that follows the hand, and what can be looked at closer: whoever moves a slider runs only this."""
    form = SpecForm(GridSpec, link, dict(GridSpec()), _)
    if link.asked or link.returned:
        overrule(KEY)
    start = linked_chain(link, "chain", CHAPTER_CHAIN)
    chain = live_chain(KEY, start, linked_hand(link, "hand", start))
    hand = live_values(KEY)
    keep_chain(link, "chain", chain)
    refusals = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choose_start(link, "chain", chain, lambda: overrule(KEY), _)
        source, _new = choose_option(link, "picture", SOURCES, _("Picture"), _)
        mode, _new = choose_option(link, "mode", MODES, _("Values"), _)
        render_grid_settings(form, draw_again, _)
    picture = render_picture(source, form, _)
    grid = grid_of(form)
    view = render_live(chain, picture, grid, hand if mode == "exact" else None, _)
    page_link(
        TRAINING, "**" + _("Train with this") + "**", icon=":material/play_arrow:", augmentation=chain_text(chain)
    )
    render_drawers(view, _)
    values, defaults = form.linked()
    own = {"chain": chain_text(chain), "hand": hand_text(chain, hand), "picture": source, "mode": mode}
    usual = {"chain": chain_text(CHAPTER_CHAIN), "hand": "", "picture": "cat", "mode": "random"}
    link.write(own | values, usual | defaults)
    with refusals:
        render_refusals(link, lambda error: chain_sentence(error, _), _)
    link.follow_widgets()


part(explore)
with page.take_away(fresh=True):
    render_augmentation_downloads(_)
