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
    """The draws in rows of four, each with what was drawn for it."""
    with st.skeleton(height=440):
        drawn_cards = pictures(spec, grid.count, grid.seed)
    for start in range(0, len(drawn_cards), COLUMNS):
        for column, (jpeg, drawn) in zip(st.columns(COLUMNS), drawn_cards[start : start + COLUMNS], strict=False):
            words = spec.describe(drawn, _)
            column.image(jpeg, width="stretch", alt=_("The cat: {words}", words=words or _("unchanged")))
            if grid.values:
                column.caption(words)


narrow, wide = st.columns([1, 3], gap="medium")
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
        render_refusals(link, chain.sentence, _)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            form.draw(["count", "seed", "values"])
            st.button(_("Draw again"), icon=":material/casino:", on_click=draw_again, type="primary", key="again")
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
