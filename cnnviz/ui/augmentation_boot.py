"""Is it still a boot? A trained network is asked about the picture while one value moves from end to end."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import streamlit as st
from PIL import Image

from cnnviz.architectures import architecture
from cnnviz.data import CLASS_NAMES, encode_png
from cnnviz.errors import CnnvizError
from cnnviz.figures.garment_curve import describe_garment_curve, garment_curve_lines
from cnnviz.insight import published
from cnnviz.insight.garment_curve import GarmentCurve, garment_curve, moved
from cnnviz.insight.imagenet_curve import CATS, imagenet_curve
from cnnviz.language import Language
from cnnviz.specs.augmentation import Operation
from cnnviz.specs.augmentation.base import Parameter
from cnnviz.ui.augmentation import View
from cnnviz.ui.choosing_runs import trained_runs
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.engine import engine
from cnnviz.ui.overlay import option_text
from cnnviz.ui.places import TRAINING, page_link
from cnnviz.ui.reader import dark
from cnnviz.ui.theme import colour_of

Option = TypeVar("Option")
RUNS: Final = 20
SHOWN: Final = 7  # pictures under the curve


def render_boot(view: View, _: Language) -> None:
    """Choose a network and a value; the curve, where it flips, and what the picture looks like along it."""
    number = view.picture.garment
    if number is None and view.picture.id != "cat":
        st.caption(_("Choose a garment or the cat: nobody has told a network what is on this picture."))
        return
    runs = {} if number is None else trained_runs(RUNS)
    networks = list(runs) if number is not None else list(published.available())
    if not networks:
        _render_nobody_to_ask(number, _)
        return
    options = [
        (place, parameter.name)
        for place, step in enumerate(view.chain.active)
        for parameter in step.parameters()
        if number is None or not step.no_effect_on_grey
    ]
    if not options:
        st.caption(_("No value of this chain can be moved by hand, or none changes a grey garment."))
        return
    left, right = st.columns(2)
    with left:
        words = {
            name: f"{option_text(runs[name], _)} · {name[:4]}" if name in runs else f"torchvision · {name}"
            for name in networks
        }
        network = _select(_("Run") if runs else _("Network"), networks, lambda name: words[name], "network")
    with right:
        place, name = _select(_("Value that moves"), options, lambda option: _title(view, option, _), "value")
    try:
        with st.skeleton(height=320):
            if number is None:
                curve = _cat_curve(network, view.chain.active[place], name)
            else:
                step = engine().store.checkpoints_of(network)[-1][0]
                curve = _curve(network, step, view.chain.active[place], name, number)
        entry = architecture(runs[network].config.architecture.key if runs else f"torchvision/{network}")
        _render_curve(curve, view.picture.image, view.chain.active[place], name, colour_of(entry), _)
    except CnnvizError as error:
        st.error(_.error(error), icon=":material/error:")


def _render_nobody_to_ask(number: int | None, _: Language) -> None:
    if number is None:
        st.caption(
            _(
                "The cat is asked of torchvision's networks with ImageNet's weights, and none are on this machine. "
                "Choose a garment: the networks that are trained here know garments."
            )
        )
        return
    st.caption(_("No trained run yet. Half a minute of training is enough for a first answer."))
    page_link(TRAINING, _("Train and watch"))


def _select(label: str, options: Sequence[Option], title: Callable[[Option], str], name: str) -> Option:
    """A menu whose choice falls back to the first where it is gone."""
    key = f"augmentation.boot {name}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    chosen: Option = st.selectbox(label, options, format_func=title, key=key)
    return chosen


def _parameter(step: Operation, name: str) -> Parameter:
    return next(one for one in step.parameters() if one.name == name)


def _title(view: View, option: tuple[int, str], _: Language) -> str:
    step = view.chain.active[option[0]]
    return f"{_(step.title)}: {_(_parameter(step, option[1]).label)}"


@st.cache_data(max_entries=128, show_spinner=False)
def _curve(run_id: str, step: int, operation: Operation, name: str, number: int) -> GarmentCurve:
    store = engine().store
    files = dict(store.checkpoints_of(run_id))
    return garment_curve(files[step], store.record(run_id).config.architecture, operation, name, number)


@st.cache_data(max_entries=64, show_spinner=False)
def _cat_curve(network: str, operation: Operation, name: str) -> GarmentCurve:
    return imagenet_curve(network, operation, name)


def _names(curve: GarmentCurve, _: Language) -> list[str]:
    """The classes' names in the reader's language; those of ImageNet in English, all domestic cats as one."""
    if curve.label != CATS.start:
        return [_(title) for title in CLASS_NAMES]
    return [_("cat") if number in CATS else name for number, name in enumerate(published.class_names("resnet18"))]


def _render_curve(
    curve: GarmentCurve, image: Image.Image, operation: Operation, name: str, colour: str, _: Language
) -> None:
    parameter, names = _parameter(operation, name), _names(curve, _)
    label = _(parameter.label) + (f" ({parameter.unit})" if parameter.unit else "")
    words = describe_garment_curve(curve, label, names, _)
    st.markdown(words)
    figure_chart(
        drawn(garment_curve_lines, curve, label, names, _, colour=colour, log=parameter.scale == "log", dark=dark()),
        _, alt=words, key="boot chart",
    )  # fmt: skip
    count = min(SHOWN, len(curve.values))
    places = [round(place * (len(curve.values) - 1) / max(count - 1, 1)) for place in range(count)]
    with st.grid(count, min_column_width=90):
        for place in places:
            value, answer = _.significant(curve.values[place]), names[curve.answers[place]]
            shown = moved(operation, name, curve.values[place], image)
            with st.container(gap="xsmall"):
                st.image(
                    encode_png(shown, max(1, 140 // max(shown.size))), width="stretch",
                    alt=_("At {value}: {answer}", value=value, answer=answer),
                )  # fmt: skip
                st.caption(f"{value}: {answer}")
