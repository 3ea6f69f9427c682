"""Exercises: what a class is asked to try, each with links that open the right page with the right settings."""

import streamlit as st

from cnnviz.language import N_
from cnnviz.specs.exercises import CHAPTERS, EXERCISES
from cnnviz.ui.exercises import target_words
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_option, render_refusals
from cnnviz.ui.places import EXERCISES as HERE
from cnnviz.ui.places import page_link, place_at

page = heading(
    N_("Exercises"), N_("What the chapter asks a class to try. Each link opens the page with everything set.")
)
_ = page.language
link = PageLink(HERE.url_path)
chapter, _new = choose_option(link, "network", CHAPTERS, _("About"), _)
link.write({"network": chapter}, {"network": next(iter(CHAPTERS))})
render_refusals(link, _.error, _)
with st.grid(2, min_column_width=340):
    for number, exercise in enumerate(EXERCISES[chapter], start=1):
        with st.container(border=True, height="stretch", gap="small"):
            st.markdown(f"**{number}.** {_(exercise.text)}")
            for target in exercise.targets:
                label, settings = target_words(target, _)
                with st.container(gap=None):
                    page_link(place_at(target.url_path), label, target.parameters)
                    st.caption(settings)
with page.take_away():
    pass
