"""The live grid around the cat or a colour chart, for its tests.

Link parameters: chain (a name of the chapter's, or kinds with commas), picture (cat or chart), count, seed, values,
exact.
"""

import numpy as np
import streamlit as st
from PIL import Image

from cnnviz.data import cat
from cnnviz.language import Language, match_language
from cnnviz.specs.augmentation import CHAPTER_PIPELINES, PipelineSpec
from cnnviz.ui.components.grid_answers import shared_pictures
from cnnviz.ui.components.live_grid import live_chain, live_grid, live_labels, live_values

_ = Language(match_language(st.context.locale))
st.set_page_config(layout="wide")
asked = st.query_params


def chart() -> Image.Image:
    """54 patches of random colours with sharp edges, and a grey ramp."""
    colours = np.random.default_rng(0).integers(0, 256, (5, 9, 3), np.uint8)
    pixels = colours.repeat(40, 0).repeat(40, 1)
    ramp = np.linspace(0, 255, 360).astype(np.uint8)[None, :, None].repeat(40, 0).repeat(3, 2)
    return Image.fromarray(np.concatenate((pixels, ramp)))


def picture() -> Image.Image:
    return chart() if asked.get("picture") == "chart" else cat()


def start() -> PipelineSpec:
    name = asked.get("chain", "combined")
    if name in CHAPTER_PIPELINES:
        return CHAPTER_PIPELINES[name].pipeline
    return PipelineSpec.parse({"operations": [{"kind": kind} for kind in name.split(",")]})


@st.fragment
def grid(chosen: PipelineSpec) -> None:
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    chain = live_chain("live", chosen)
    count, seed = int(asked.get("count", 8)), int(asked.get("seed", 0))
    which = asked.get("picture", "cat")
    exact = live_values("live") if "exact" in asked else None
    pictures = shared_pictures(chain, which, picture(), count=count, seed=seed, exact=exact)
    live_grid(
        chain, pictures, image=picture(), key="live", labels=live_labels(_), alt=_("The cat: {words}"), language=_,
        exact=exact, show_values="values" in asked, public="" if which == "chart" else "cat",
    )  # fmt: skip
    st.text(f"Runs {st.session_state.runs}: {chain.model_dump_json()}")


preset = st.button("Another chain")
st.session_state.other = st.session_state.get("other", False) or preset
grid(CHAPTER_PIPELINES["hue"].pipeline if st.session_state.other else start())
