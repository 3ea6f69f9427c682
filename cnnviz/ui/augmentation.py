"""The live grid on its page: torchvision's pictures of the chain, computed once for everybody who sees the same."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st
from PIL import Image

from cnnviz.augmentation import Pipeline
from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.augmentation import PipelineSpec
from cnnviz.specs.grid import GridSpec
from cnnviz.ui.augmentation_pictures import Picture
from cnnviz.ui.chain import chain_sentence, chain_words
from cnnviz.ui.components.grid_answers import shared_pictures
from cnnviz.ui.components.live_grid import live_grid, live_labels
from cnnviz.ui.components.live_pictures import LivePictures, Values
from cnnviz.ui.fields import SpecForm

KEY: Final = "augmentation grid"
MODES: Final = {"random": N_("Random"), "exact": N_("Exact")}
SKELETON: Final = 480  # px
_GOOD: Final = "augmentation.last good"


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows now, all of it good.

    Attributes:
        chain: the operations.
        picture: what is augmented.
        pictures: torchvision's draws of it.
        count: how many draws.
        seed: of the draws.
        exact: the numbers set by hand instead of chance, or None.
    """

    chain: PipelineSpec
    picture: Picture
    pictures: LivePictures
    count: int
    seed: int
    exact: Values | None

    def images(self) -> list[Image.Image]:
        """The draws themselves, losslessly."""
        chain = Pipeline.of(self.chain)
        return [chain.apply(self.picture.image, drawn) for drawn in self.pictures.drawn]


def draw(chain: PipelineSpec, picture: Picture, grid: GridSpec, exact: Values | None) -> LivePictures:
    """Torchvision's pictures of a chain; the same arguments are computed once for everybody.

    Raises:
        CnnvizError: at the field of the first operation that the picture does not fit.
    """
    return shared_pictures(chain, picture.id, picture.image, count=grid.count, seed=grid.seed, exact=exact)


def render_grid_settings(form: SpecForm, again: Any, _: Language) -> None:
    """The button for other draws, and the drawer with the number of pictures, the seed and what stands on them."""
    with st.container(horizontal=True, vertical_alignment="bottom", width="content", gap="small"):
        st.button(_("Draw again"), icon=":material/casino:", on_click=again, type="primary", key="again")
        with st.popover(_("Grid"), icon=":material/grid_view:"):
            form.draw(["count", "seed", "values", "original"])


def grid_of(form: SpecForm) -> GridSpec:
    """The grid that the form describes; an error is shown at its field, and the usual grid stands in."""
    try:
        return GridSpec.parse(form.values)
    except CnnvizError as error:
        form.show(error)
        return GridSpec()


def render_live(chain: PipelineSpec, picture: Picture, grid: GridSpec, exact: Values | None, _: Language) -> View:
    """The cards and the pictures; where the chain does not fit the picture, a sentence, and the last good pictures."""
    problem = ""
    try:
        with st.skeleton(height=SKELETON) if last_view() is None else nullcontext():
            pictures = draw(chain, picture, grid, exact)  # the first of a server may wait for torch
        view = View(chain, picture, pictures, grid.count, grid.seed, exact)
        st.session_state[_GOOD] = view
    except ValueError as error:
        problem = chain_sentence(error, _, chain)  # type: ignore[arg-type]
        view = last_view() or _unchanged(picture, grid)
    live_grid(
        chain,
        view.pictures,
        image=view.picture.image,
        key=KEY,
        labels=live_labels(_),
        alt=view.picture.alt,
        language=_,
        exact=exact,
        show_values=grid.values,
        show_original=grid.original,
        problem=problem,
        public=view.picture.id if view.picture.public else "",
    )
    _render_no_effect(chain, picture, _)
    return view


def last_view() -> View | None:
    """What the page has shown last that was good."""
    view: View | None = st.session_state.get(_GOOD)
    return view


def _unchanged(picture: Picture, grid: GridSpec) -> View:
    """The picture as it is, where nothing has worked yet."""
    empty = PipelineSpec()
    return View(empty, picture, draw(empty, picture, grid, None), grid.count, grid.seed, None)


def _render_no_effect(chain: PipelineSpec, picture: Picture, _: Language) -> None:
    """What does nothing to a grey picture."""
    idle = [operation for operation in chain.active if operation.no_effect_on_grey]
    if picture.image.mode == "L" and idle:
        st.caption(
            _(
                "A garment is grey, so these change nothing about it, here and in training: {operations}.",
                operations=chain_words(idle, _),
            )
        )
