"""Sweep: every learning rate with every batch size, a run for each pair, on a map that fills while one looks."""

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.text import chain_text
from cnnviz.specs.sweep import SweepSpec, around, quick_settings
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.sweep import cells_of, sweep_csv
from cnnviz.ui.augmentation_choice import NAME, NONE, choose_augmentation, linked_augmentation
from cnnviz.ui.chain import linked_chain
from cnnviz.ui.engine import engine, fixed_settings
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_network, choose_option, good_or_last, knob_names, render_refusals
from cnnviz.ui.sweep import (
    AXES,
    Sweep,
    any_going,
    choose_axis,
    open_picked,
    render_hand_on,
    render_map,
    render_start_sweep,
    runs_of,
    sweep_of,
    sweep_sentence,
)
from cnnviz.ui.sweep_words import MEASURES
from cnnviz.ui.watching import watch

TICK = 2.0  # seconds between two looks at the map
FIRST = ("epochs", "train_images", "optimizer", "seed")

page = heading(
    N_("Sweep"), N_("Every learning rate with every batch size: which pair learns most, and where does it break?")
)
_ = page.language
link = PageLink("sweep")
try:
    engine()
except CnnvizError as error:
    st.error(_.error(error), icon=":material/error:")
    st.stop()


def choose(measure: str, _: Language) -> Sweep | None:
    """The settings, led by the link; the last ones that could be used while these cannot."""
    entry, restart = choose_network(link, _, default="lenet_bn")
    usual = quick_settings(entry.key)
    start = dict(zip(AXES, around(usual), strict=True))
    axes = {name: choose_axis(link, name, start[name], restart, _) for name in AXES}
    form = SpecForm(TrainingConfig, link, dict(usual), _, restart=restart, fixed=fixed_settings())
    network = SpecForm(entry.spec_type, link, dict(usual.architecture), _, restart=restart)
    whole = SpecForm(SweepSpec, link, {"seeds": 1}, _, restart=restart)
    start_slot = st.container()
    with st.grid(2, min_column_width=120):
        form.draw(FIRST)
        whole.draw(["seeds"])
        network.draw(["image_size"])
    network.hold([*knob_names(entry.spec_type), "in_channels", "num_classes"])
    chain = linked_chain(link, NAME, NONE)
    augmentation = choose_augmentation(link, network.values["image_size"], _) if chain.operations else None
    varied = [setting for setting, _offered in AXES.values()]
    more = [name for name in TrainingConfig.model_fields if name not in (*FIRST, *varied, "architecture", NAME)]
    with st.expander(_("More settings"), icon=":material/tune:", key="more", on_change="rerun") as drawer:
        (form.draw if drawer.open else form.hold)(more)
    found = good_or_last(
        "sweep",
        lambda: sweep_of(form.values | {NAME: augmentation}, entry.spec(**network.values), axes | whole.values),
        lambda error: start_slot.error(sweep_sentence(error, _), icon=":material/error:"),
    )
    own = {"net": entry.key, NAME: linked_augmentation(link), "measure": measure, **axes}
    usually = {"net": "lenet_bn", NAME: chain_text(NONE), "measure": "accuracy", "seeds": 1, **start}
    link.write(own | network.values | form.values | whole.values, dict(usual.architecture) | dict(usual) | usually)
    with start_slot:
        render_start_sweep(found, runs_of(found) if found else (), _)
    return found


def render_live(sweep: Sweep, was_going: bool, measure: str, _: Language) -> None:
    """The part that moves."""
    if not render_map(sweep, measure, _) and was_going:
        st.rerun()


screen, settings = st.columns([2, 1], gap="medium")  # on a phone the map comes first
with screen:
    shown, _new = choose_option(link, "measure", MEASURES, _("Shown in the cells"), _, visibility="collapsed")
with settings:
    sweep = choose(shown, _)
with screen:
    render_refusals(link, lambda error: sweep_sentence(error, _), _)
    if sweep is None:
        st.stop()
    found = runs_of(sweep)
    open_picked(cells_of(sweep.spec, found))
    if not any(found):
        st.info(
            _("No run of this sweep yet. Say which cell will be best, then press Start."), icon=":material/grid_view:"
        )
    going = any_going(found)
    watch(render_live, sweep, going, shown, _, going=going, shortest=TICK)
    render_hand_on(sweep, found, _)
with page.take_away():
    if sweep is not None:
        st.download_button(
            _("Every run as CSV"), lambda: sweep_csv(sweep.spec, runs_of(sweep)), file_name="sweep.csv",
            mime="text/csv", icon=":material/table:", on_click="ignore",
        )  # fmt: skip
