"""What can be looked at closer, each computed only while its drawer is open: steps, draws, channels, a batch, code."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import streamlit as st
from PIL import Image

from cnnviz.augmentation import Pipeline, distribution, distribution_names
from cnnviz.augmentation.mixed import Mixed, mixed_batch
from cnnviz.data import CLASS_NAMES, encode_jpeg, encode_png
from cnnviz.figures.channel_histogram import channel_histograms, channel_shares, describe_channels
from cnnviz.figures.draw_histogram import describe_draws, draw_histogram
from cnnviz.language import N_, Language
from cnnviz.specs.augmentation import Operation, PipelineSpec, Size
from cnnviz.specs.augmentation.policies import PolicyOperation
from cnnviz.ui.augmentation import View
from cnnviz.ui.augmentation_boot import render_boot
from cnnviz.ui.chain import chain_sentence
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.reader import dark

DRAWS: Final = 1000
NARROWEST: Final = 140  # px of a picture before a row holds fewer
_PLACES: Final[Mapping[str, str]] = {
    "top": N_("Upper edge"),
    "left": N_("Left edge"),
    "bottom": N_("Lower edge"),
    "right": N_("Right edge"),
    "height": N_("Height"),
    "width": N_("Width"),
    "step": N_("Steps taken"),
}
_UNCOUNTED: Final = "pattern"  # a random number that stands for a whole pattern


def render_drawers(view: View, _: Language) -> None:
    """The drawers under the grid, closed until somebody opens them."""
    drawers: list[tuple[str, str, str, Callable[[View, Language], None]]] = [
        ("steps", _("Step by step"), ":material/steppers:", _render_steps),
        ("draws", _("What the ranges produce: 1,000 draws"), ":material/bar_chart:", _render_draws),
        ("channels", _("Colours before and after"), ":material/palette:", _render_channels),
        ("batch", _("A batch of labelled garments"), ":material/label:", _render_batch),
        ("boot", _("Is it still a boot?"), ":material/help:", render_boot),
        ("code", _("The code of this chain"), ":material/code:", _render_code),
    ]
    for key, title, icon, render in drawers:
        with st.expander(title, icon=icon, on_change="rerun", key=f"augmentation.{key}") as drawer:
            if drawer.open:
                render(view, _)


def _chosen(view: View, key: str, _: Language) -> int:
    """Which of the pictures is looked at, counted from 0."""
    count = len(view.pictures.drawn)
    if count == 1:
        return 0
    name = f"augmentation.{key} picture"
    st.session_state[name] = min(int(st.session_state.get(name, 1)), count)
    return int(st.number_input(_("Picture number"), 1, count, key=name, width=150)) - 1


def _render_steps(view: View, _: Language) -> None:
    chosen = _chosen(view, "steps", _)
    drawn = view.pictures.drawn[chosen]
    images = Pipeline.of(view.chain).steps(view.picture.image, drawn)
    titles = [_("Original")]
    titles += [f"{number}. {_(step.title)}" for number, step in enumerate(view.chain.active, 1)]
    words = [view.picture.name]
    words += [step.describe(values, _) for step, (_kind, values) in zip(view.chain.active, drawn, strict=True)]
    with st.grid(4, min_column_width=NARROWEST):
        for image, title, said in zip([view.picture.image, *images], titles, words, strict=True):
            with st.container(gap="xsmall"):
                st.image(_shown(image), width="stretch", alt=f"{title}: {said}")
                st.markdown(f"**{title}**")
                st.caption(said)


def _shown(image: Image.Image) -> bytes:
    """A picture to look at; small ones enlarged without blur."""
    scale = max(1, 224 // max(image.size))
    return encode_png(image, scale) if scale > 1 else encode_jpeg(image)


def _render_draws(view: View, _: Language) -> None:
    options = [
        (place, name) for place, step in enumerate(view.chain.operations) for name in _names(step) if step.enabled
    ]
    if not options:
        st.caption(_("Nothing in this chain is drawn."))
        return
    sizes = _sizes(view)

    def title(option: tuple[int, str]) -> str:
        step = view.chain.operations[option[0]]
        return f"{_(step.title)}: {_label(step, option[1], _)}"

    key = "augmentation.draws of"
    if st.session_state.get(key) not in options:
        st.session_state[key] = next((option for option in options if option[1] == "ratio"), options[0])
    place, name = st.selectbox(_("Value"), options, format_func=title, key=key, width=420)
    step = view.chain.operations[place]
    values = _draws(step, name, view.seed, sizes[place])
    log = name == "ratio" and bool(values.min() < values.max()) and bool(values.min() > 0)
    label = _label(step, name, _, unit=True)
    words = describe_draws(values, label, _, log=log)
    st.markdown(words)
    figure_chart(drawn(draw_histogram, values, label, _, log=log, dark=dark()), _, alt=words, key="draws chart")


@st.cache_data(max_entries=128, show_spinner=False)
def _draws(step: Operation, name: str, seed: int, size: Size) -> np.ndarray[Any, Any]:
    return distribution(step, name, DRAWS, seed, size)


def _names(step: Operation) -> tuple[str, ...]:
    names = tuple(name for name in distribution_names(step, (512, 512)) if name != _UNCOUNTED)
    return ("step",) if isinstance(step, PolicyOperation) else names


def _sizes(view: View) -> list[Size]:
    """(height, width) of the picture before each operation, also before those that are switched off."""
    width, height = view.picture.image.size
    sizes, size = [], (height, width)
    for step in view.chain.operations:
        sizes.append(size)
        size = step.output_size(size) if step in view.chain.active else size
    return sizes


def _label(step: Operation, name: str, _: Language, *, unit: bool = False) -> str:
    """What a drawn value is called, with its unit if that is asked for."""
    parameter = next((one for one in step.parameters() if one.name == name), None)
    if name == "applied":
        return _(step.title)
    label = _(parameter.label) if parameter else _(_PLACES.get(name, name))
    shown = "px" if name in _PLACES and name != "step" else parameter.unit if parameter else ""
    return f"{label} ({shown})" if unit and shown else label


def _render_channels(view: View, _: Language) -> None:
    chosen = _chosen(view, "channels", _)
    after = Pipeline.of(view.chain).apply(view.picture.image, view.pictures.drawn[chosen])
    shares = channel_shares(view.picture.image), channel_shares(after)
    words = describe_channels(*shares, _)
    st.markdown(words)
    figure_chart(drawn(channel_histograms, *shares, _, dark=dark()), _, alt=words, key="channels chart")


@st.cache_data(max_entries=64, show_spinner=False)
def _batch(chain: PipelineSpec, seed: int) -> list[tuple[bytes, tuple[tuple[int, float], ...]]]:
    def shown(mixed: Mixed) -> bytes:
        return _shown(mixed.image)

    return [(shown(mixed), mixed.shares) for mixed in mixed_batch(chain, seed)]


def _render_batch(view: View, _: Language) -> None:
    try:
        batch = _batch(view.chain, view.seed)
    except ValueError as error:
        st.error(chain_sentence(error, _, view.chain), icon=":material/error:")  # type: ignore[arg-type]
        return
    if view.chain.mixing:
        st.markdown(
            _(
                "Each garment is mixed with the one before it, and so are the labels: the network is asked for these "
                "shares, not for one class."
            )
        )
    else:
        st.markdown(
            _(
                "Each garment has a draw of its own and keeps its label. MixUp and CutMix, under Mixing, change the "
                "label too."
            )
        )
    with st.grid(4, min_column_width=NARROWEST):
        for image, shares in batch:
            words = ", ".join(f"{_.percent(share)} {_(CLASS_NAMES[label])}" for label, share in shares)
            with st.container(gap="xsmall"):
                st.image(image, width="stretch", alt=words)
                st.caption(words)


def _render_code(view: View, _: Language) -> None:
    st.code(view.chain.code(), language="python")
