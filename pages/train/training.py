"""Training: choose a network and its settings, start, and talk over the curves."""

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.presets import preset_named, presets
from cnnviz.specs.training import TrainingConfig
from cnnviz.ui.about_run import render_about
from cnnviz.ui.augmentation_choice import NAME, choose_augmentation, linked_augmentation
from cnnviz.ui.axes import USUAL, Axes, choose_axes
from cnnviz.ui.diagnosis import render_diagnosis
from cnnviz.ui.engine import engine, fixed_settings
from cnnviz.ui.fields import SpecForm, error_sentence
from cnnviz.ui.frame import heading
from cnnviz.ui.hand import render_afterwards, render_hand
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_network, choose_option, good_or_last, knob_names, render_refusals
from cnnviz.ui.rate_test import render_range_test
from cnnviz.ui.run_list import render_own_runs
from cnnviz.ui.runs import linked_run, render_choices, render_curves, render_progress, render_state
from cnnviz.ui.sight import seen_run
from cnnviz.ui.start import folded_settings, render_same, render_start, start
from cnnviz.ui.sweep import render_sweep_link
from cnnviz.ui.takeaway import render_run_downloads
from cnnviz.ui.watching import part, want_page, watch

TICK = 6.0  # seconds between two looks at what does not come with the points, or makes the page look when it changes
HEIGHT = 400
FIRST = ("epochs", "batch_size", "learning_rate", "optimizer", "train_images")

page = heading(N_("Train and watch"), N_("Fashion-MNIST: 60,000 grey pictures of clothes in ten classes."))
_ = page.language
link = PageLink("training")
try:
    engine()
except CnnvizError as error:
    st.error(_.error(error), icon=":material/error:")
    st.stop()
screen, settings = st.columns([2, 1], gap="medium")  # on a phone the curves come first
run = linked_run(link)
live, axes = screen.container(), None
if run is not None:
    with screen.popover(_("Axes"), icon=":material/stacked_line_chart:"):
        axes = choose_axes(link, _)


def show(run_id: str) -> None:
    """Make a run the one that is looked at."""
    st.session_state[link.key("run")] = run_id
    want_page()


def press_start(config: TrainingConfig, again: bool = False) -> None:
    """Start it and show it, or say at the button why not."""
    start(config, show, again=again)
    want_page()


def other_seed(config: TrainingConfig) -> None:
    """The same with the next seed, and start."""
    st.session_state[link.key("seed")] = seed = config.seed + 1
    press_start(config.replace(seed=seed))


def use_rate(rate: float, leave: bool = True) -> None:
    """Put a learning rate into the settings, and leave the range test."""
    st.session_state[link.key("learning_rate")] = rate
    show("" if leave else st.session_state[link.key("run")])


def settle() -> None:
    """The settings, what they will take, and Start: whoever turns a knob runs this and nothing else of the page."""
    entry, is_new = choose_network(link, _, default="lenet_bn")
    names = {preset.name: preset.title for preset in presets(entry.key)}
    name, changed = choose_option(link, "preset", names, _("Preset"), _)
    preset = preset_named(entry.key, name)
    start_over = is_new or changed
    network = SpecForm(entry.spec_type, link, dict(preset.config.architecture), _, restart=start_over)
    form = SpecForm(TrainingConfig, link, dict(preset.config), _, restart=start_over, fixed=fixed_settings())
    start_slot, chain_slot = st.container(), st.container()
    with st.grid(2, min_column_width=120):
        form.draw(FIRST)
        network.draw(["image_size"])
    network.hold([*knob_names(entry.spec_type), "in_channels", "num_classes"])
    with chain_slot:
        augmentation = choose_augmentation(link, network.values["image_size"], _)
    more = folded_settings(FIRST, link)
    with st.expander(_("More settings"), icon=":material/tune:", key="more", on_change="rerun") as drawer:
        (form.draw if drawer.open else form.hold)(more)
    config = good_or_last(
        "training",
        lambda: TrainingConfig.parse(
            {**form.values, "architecture": entry.spec(**network.values), "augmentation": augmentation}
        ),
        lambda error: (network if error.field == "image_size" else form).show(error),
    )
    own = {"net": entry.key, "preset": name, "run": run.id if run else "", NAME: linked_augmentation(link)}
    usual = {"net": "lenet_bn", "preset": "class", "run": "", NAME: "none"}
    chosen = own | (axes.values if axes else {}) | network.values | form.values
    link.write(chosen, dict(preset.config.architecture) | dict(preset.config) | usual | USUAL)
    with start_slot:
        render_start(config, preset.reductions(_), run is None or run.ended, press_start, form.show, _)
        render_sweep_link(config, linked_augmentation(link), _)


with settings:
    part(settle)
    ticked = render_own_runs(run.id if run else None, show, _)


def render_live(run_id: str, others: list[str], was_active: bool, axes: Axes, _: Language) -> None:
    """The part that moves: curves, figures, state and the hand on the run."""
    record = seen_run(run_id)
    render_state(record, _)
    if record.ended:
        render_afterwards(record, _)
    else:
        render_hand(record, lambda: show(""), _)
    if record.config.schedule == "range_test":
        render_progress(record, _)
        render_range_test(record, use_rate, _)
    else:
        shown = [record, *map(seen_run, others)]
        render_curves(shown, HEIGHT, _, axis=axes.x, measure=axes.measure, log_loss=axes.log_loss)
        render_diagnosis(record, lambda rate: use_rate(rate, leave=False), _)
    render_choices(record, _)
    if record.ended and was_active:
        st.rerun()


with live:
    render_refusals(link, lambda error: error_sentence(error, TrainingConfig, _), _)
    if run is None:
        st.info(
            _("No run yet. The classic first one: LeNet with batch norm, a full curve in half a minute. Press Start.")
        )
    else:
        active = not run.ended
        render_same(run, lambda: press_start(run.config, again=True), lambda: other_seed(run.config), _)
        watch(render_live, run.id, ticked, active, axes, _, going=active, shortest=TICK)
with screen:
    if run is not None:
        render_about(run, lambda: show(""), _)
link.follow_widgets()
with page.take_away(fresh=True):
    if run is not None:
        render_run_downloads(run, _)
