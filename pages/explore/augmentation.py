"""Augmentation: change a cat at random, and see what a network would see."""

import streamlit as st

from cnnviz.augmentation import Pipeline, Sample
from cnnviz.data import cat, encode_jpeg
from cnnviz.language import N_, Language
from cnnviz.specs.augmentation import PipelineSpec
from cnnviz.specs.grid import GridSpec
from cnnviz.ui.chain import ChainForm
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import render_refusals

COLUMNS = 4
NARROWEST = 140  # px of a picture before a row holds fewer

page = heading(
    N_("Change a cat"), N_("Every draw is another picture of the same cat: what training sees instead of one.")
)
_ = page.language
link = PageLink("augmentation")


@st.cache_data(max_entries=64, show_spinner=False)
def pictures(spec: PipelineSpec, count: int, seed: int) -> list[tuple[bytes, str]]:
    """The draws as JPEG, and what was drawn as JSON-able values; computed once for everybody."""
    samples: list[Sample] = Pipeline.of(spec).samples(cat(), count=count, seed=seed)
    return [(encode_jpeg(sample.image), sample.drawn) for sample in samples]


def draw_again() -> None:
    """Another seed, so other draws."""
    st.session_state[link.key("seed")] = int(st.session_state.get(link.key("seed"), 0)) + 1


def render_grid(spec: PipelineSpec, grid: GridSpec, _: Language) -> None:
    """The draws in rows of four (two on a phone), each with what was drawn for it."""
    with st.skeleton(height=440):
        drawn_cards = pictures(spec, grid.count, grid.seed)
    with st.grid(COLUMNS, min_column_width=NARROWEST):
        for jpeg, drawn in drawn_cards:
            with st.container(gap="xsmall"):
                words = spec.describe(drawn, _)
                st.image(jpeg, width="stretch", alt=_("The cat: {words}", words=words or _("unchanged")))
                if grid.values:
                    st.caption(words)


wide, narrow = st.columns([3, 1], gap="medium")  # on a phone the pictures come first
with narrow:
    chain = ChainForm(link, _)
    spec = chain.draw()
with wide:
    original, controls = st.columns([1, 3], vertical_alignment="bottom")
    original.image(
        encode_jpeg(cat()), width="stretch", alt=_("The original: a tabby cat's face, looking at the camera.")
    )
    form = SpecForm(GridSpec, link, dict(GridSpec()), _)
    with controls:
        refusals = st.container()  # filled when all fields have read the link
        form.draw(["values"])
        with st.container(horizontal=True, vertical_alignment="bottom"):
            form.draw(["count", "seed"])
            st.button(_("Draw again"), icon=":material/casino:", on_click=draw_again, type="primary", key="again")
    with refusals:
        render_refusals(link, chain.sentence, _)
    if spec is not None:
        st.session_state["augmentation.good"] = spec
    spec = st.session_state.get("augmentation.good")
    if spec is not None:
        render_grid(spec, GridSpec.parse(form.values), _)
        with st.expander(_("The code of this chain"), icon=":material/code:"):
            st.code(spec.code(), language="python")

values, defaults = chain.linked()
grid_values, grid_defaults = form.linked()
link.write(values | grid_values, defaults | grid_defaults)
with page.take_away():
    if spec is not None:
        st.download_button(
            _("Code as a file"),
            spec.code(),
            file_name="augmentation.py",
            mime="text/x-python",
            icon=":material/code:",
            on_click="ignore",
        )
