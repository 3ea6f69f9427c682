"""The timeline's cards: a network's year, drawing, idea, cost and the ways on."""

import streamlit as st

from cnnviz.architectures import Architecture, architecture
from cnnviz.figures.blocks import block_drawing, cost_drawing
from cnnviz.language import Language
from cnnviz.ui.places import ARCHITECTURE, COMPARE, TRAINING, page_link
from cnnviz.ui.reader import dark
from cnnviz.ui.theme import INK, PAPER, TRACK, colour_of

_CARD_WIDTH = 284


def render_card(entry: Architecture, most_parameters: int, most_macs: int, _: Language) -> None:
    """One network of the timeline; the bars are shares of the largest values given."""
    theme = int(dark())
    colour = colour_of(entry)
    with st.container(border=True, width=_CARD_WIDTH, height="stretch", key=f"card_{entry.key}", gap="small"):
        with st.container(gap=None):
            st.markdown(f"### {_(entry.title)}")
            st.caption(f"**{entry.year}** · {entry.paper.authors}")
        drawing = block_drawing(entry.key, _, ink=INK[theme], colour=colour, paper=PAPER[theme])
        if drawing:
            st.image(drawing, alt=_("Drawing of what is new in {title}", title=_(entry.title)))
        st.markdown(_(entry.idea))
        st.space("stretch")
        parameters, macs = _.compact(entry.parameters), _.compact(entry.macs)
        st.image(
            cost_drawing(
                (
                    (_("Parameters"), parameters, entry.parameters / most_parameters),
                    (_("MACs"), macs, entry.macs / most_macs),
                ),
                ink=INK[theme],
                colour=colour,
                track=TRACK[theme],
            ),
            alt=_(
                "{title}: {parameters} parameters, {macs} MACs", title=_(entry.title), parameters=parameters, macs=macs
            ),
        )
        with st.container(gap=None):
            page_link(ARCHITECTURE, _("Take apart"), net=entry.key)
            page_link(TRAINING, _("Train"), net=entry.key)
            if entry.ancestor:
                before = architecture(entry.ancestor)
                page_link(
                    COMPARE, _("Compare with {title}", title=_(before.title)), networks=f"{before.key},{entry.key}"
                )
