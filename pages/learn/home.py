"""Home: the chapter as a timeline, each network a card with its idea, its cost and the ways on."""

import streamlit as st

from cnnviz.architectures import Architecture, catalog
from cnnviz.language import N_, Language
from cnnviz.ui.cards import render_card
from cnnviz.ui.frame import heading
from cnnviz.ui.lessons import lesson
from cnnviz.ui.places import ARCHITECTURE, AUGMENTATION, TRAINING, page_link

_ = heading(
    N_("Modern convolutional networks, taken apart"),
    N_("From LeNet to DenseNet: see what each network is made of, what it costs and how it learns."),
).language


def render_ways(_: Language) -> None:
    """The three things that can be done here, one sentence each."""
    ways = (
        (ARCHITECTURE, _("Take a network apart"), _("Every layer with its shape, its parameters and its cost.")),
        (AUGMENTATION, _("Change a cat"), _("Flip, crop and recolour it as training would.")),
        (TRAINING, _("Train and watch"), _("Loss and accuracy grow while one talks about them.")),
    )
    for column, (place, label, what) in zip(st.columns(3), ways, strict=True):
        with column.container(border=True, gap=None, height="stretch"):
            page_link(place, f"**{label}**")
            st.caption(what)


def timeline() -> list[Architecture]:
    """The networks of the cards, by year of first publication."""
    return sorted((entry for entry in catalog() if entry.card), key=lambda entry: entry.year)


def render_lesson_plan(_: Language) -> None:
    """A first hour with the app, for whoever stands in front of the class."""
    with st.expander(_("A first hour in class"), icon=":material/school:", key="plan"):
        st.markdown(lesson("class", _))


render_ways(_)
cards = timeline()
most_parameters = max(entry.parameters for entry in cards)
most_macs = max(entry.macs for entry in cards)
st.header(_("{first} to {last}, network by network", first=cards[0].year, last=cards[-1].year), anchor=False)
with st.container(horizontal=True, wrap=False, gap="small", key="timeline"):
    for entry in cards:
        render_card(entry, most_parameters, most_macs, _)
st.caption(
    _(
        "All cards share the scale of their bars: parameters, and multiply-accumulates (MACs; 1 MAC = 2 FLOPs) for one "
        "picture at the network's usual input and 10 classes."
    )
)
render_lesson_plan(_)
