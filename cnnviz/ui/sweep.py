"""A sweep on the page: what is chosen, what it will take, the map while it goes, and the hand on its runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.errors import CnnvizError, problems
from cnnviz.figures.sweep_map import sweep_map
from cnnviz.language import Language
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.sweep import BATCHES, RATES, SweepSpec, around, quick_settings
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import RunRecord
from cnnviz.training.estimate import Estimate, refuse_if_too_large
from cnnviz.training.sweep import Cell, cells_of, missing, new_group
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.engine import engine, fixed_settings, my_runs, works_alone
from cnnviz.ui.fields import FIXED, error_sentence
from cnnviz.ui.links import PageLink, decode, encode
from cnnviz.ui.places import RUNS, SWEEP, page_link
from cnnviz.ui.reader import dark, link_parameters
from cnnviz.ui.start import foresee_all
from cnnviz.ui.sweep_words import cells_table, colour_scale, destination, legend, map_cells, sentence
from cnnviz.ui.watching import want_page

AXES: Final[Mapping[str, tuple[str, tuple[float, ...]]]] = {
    "learning_rates": ("learning_rate", RATES),
    "batch_sizes": ("batch_size", BATCHES),
}
"""Fields of `SweepSpec` → the setting that they vary, and what is offered."""
_REFUSED: Final = "sweep refused"
_PICKED: Final = "sweep picked"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep on a page.

    Attributes:
        spec: what is asked for.
        configs: of every run, as this person may start them; as they are asked for where that is refused.
        estimates: what each will take.
        refused: why this person may not start them, or None.
    """

    spec: SweepSpec
    configs: tuple[TrainingConfig, ...]
    estimates: tuple[Estimate, ...]
    refused: CnnvizError | None = None

    @property
    def memory(self) -> tuple[int, ...]:
        """Bytes that the runs of each cell will need."""
        return tuple(found.memory_bytes for found in self.estimates[: len(self.spec.pairs)])


def sweep_parameters(config: TrainingConfig, augmentation: str) -> dict[str, str]:
    """The link that sweeps around a run's settings.

    Args:
        config: every setting.
        augmentation: the chain as it stands in a link.
    """
    usual = quick_settings(config.architecture.key)
    if config.schedule == "range_test":  # tries every rate by itself
        config = config.replace(schedule=usual.schedule)
    rates, sizes = around(config)
    left_out = ("architecture", "augmentation", "learning_rate", "batch_size", "key")
    pairs = [(config, usual), (config.architecture, usual.architecture)]
    found = {
        name: encode(value)
        for own, other in pairs
        for name, value in own
        if name not in left_out and value != getattr(other, name)
    }
    net = config.architecture.key
    return {"net": net, "augmentation": augmentation, **found, "learning_rates": encode(rates),
            "batch_sizes": encode(sizes)}  # fmt: skip


def render_sweep_link(config: TrainingConfig | None, augmentation: str, _: Language) -> None:
    """The way from a run's settings to a sweep around them."""
    if config is not None:
        page_link(SWEEP, _("Sweep these settings"), sweep_parameters(config, augmentation))


def choose_axis(link: PageLink, name: str, default: Sequence[float], restart: bool, _: Language) -> tuple[Any, ...]:
    """The values of one axis of the map, as buttons that are pressed or not.

    Args:
        link: the page's.
        name: of the field of `SweepSpec`.
        default: what it starts from.
        restart: whether to start from there (and the link) instead of what the session remembers.
        _: the reader's language.
    """
    setting, offered = AXES[name]
    state, key, fixed = st.session_state, link.key(name), fixed_settings()
    if restart or link.returned or key not in state:
        state[key] = list(default)
    if name in link.asked:
        try:
            state[key] = list(decode(SweepSpec, name, link.asked[name]))
        except CnnvizError as error:
            link.refused.append(error)
    if setting in fixed:
        state[key] = [fixed[setting]]
    kept = [value for value in state[key] if isinstance(value, int | float)]
    state[key] = sorted(set(kept[:100]))  # as the link has them; a forged list may be as long as a message
    options = sorted({*offered, *state[key]}) if setting not in fixed else list(state[key])
    field = SweepSpec.model_fields[name]
    chosen = st.pills(
        _(field.title or name), options, selection_mode="multi", key=key, persist_state="session",
        format_func=_.significant if name == "learning_rates" else _.number,
        wrap=True, help=_(FIXED) if setting in fixed else _(field.description or ""), disabled=setting in fixed,
    )  # fmt: skip
    return tuple(sorted(chosen))


def sweep_of(base: Mapping[str, Any], network: ArchitectureSpec, axes: Mapping[str, Any]) -> Sweep:
    """The sweep of what is chosen.

    Raises:
        ValueError: what of it cannot be used.
    """
    first = {setting: min(axes[name], default=None) for name, (setting, _offered) in AXES.items()}
    base = {**base, **{setting: value for setting, value in first.items() if value is not None}}
    spec = SweepSpec.parse({"base": TrainingConfig.parse({**base, "architecture": network}), **axes})
    hand, configs, refused = my_runs(), spec.configs(), None
    try:
        configs = tuple(map(hand.within, configs))
    except CnnvizError as error:
        refused = error
    return Sweep(spec, configs, foresee_all(configs), refused)


def runs_of(sweep: Sweep) -> tuple[RunRecord | None, ...]:
    """The run that shows each setting, anybody's unless everybody works alone."""
    return engine().store.find_each(sweep.configs, owner=my_runs().owner if works_alone() else None)


def any_going(found: Sequence[RunRecord | None]) -> bool:
    """Whether one of the runs still moves."""
    return any(run is not None and not run.ended for run in found)


# what is pressed


def start_sweep(sweep: Sweep, _: Language) -> None:
    """Start what is neither there nor on its way; why that cannot be, `render_start_sweep` says."""
    try:
        wanted = missing(sweep.configs, runs_of(sweep))
        for config, found in zip(sweep.configs, sweep.estimates, strict=True):
            if config in wanted:
                refuse_if_too_large(found, config)
        my_runs().submit_all(wanted, names=[_name(config, _) for config in wanted], group=new_group())
    except CnnvizError as error:
        st.session_state[_REFUSED] = error.bare


def _name(config: TrainingConfig, _: Language) -> str:
    """What a run of a sweep is called in a list of runs."""
    title = _(architecture(config.architecture.key).title)
    return f"{title} · {_.significant(config.learning_rate)} · {_.number(config.batch_size)}"


def stop_sweep(sweep: Sweep) -> None:
    """Stop those runs of it that this person may stop: those that wait first, so that none of them begins."""
    hand = my_runs()
    going = [run for run in runs_of(sweep) if run is not None and not run.ended and hand.may_command(run, "stop")]
    for run in sorted(going, key=lambda run: run.state != "queued"):
        hand.command(run.id, "stop")


def open_picked(cells: Sequence[Cell]) -> None:
    """Go to the runs of the cell that was chosen in the map, if there was one."""
    picked = st.session_state.pop(_PICKED, None)
    found = next((cell for cell in cells if f"{cell.learning_rate:g} {cell.batch_size}" == picked), None)
    place = destination(found) if found else None
    if place is not None:
        st.switch_page(place[0].path, query_params=link_parameters(**place[1]))


def _pick(name: str) -> None:
    st.session_state[_PICKED] = name
    want_page()


# what is shown


def render_start_sweep(sweep: Sweep | None, found: Sequence[RunRecord | None], _: Language) -> None:
    """What it will take, and the button that starts what is missing."""
    refused = st.session_state.pop(_REFUSED, None) or (sweep.refused if sweep else None)
    wanted = missing(sweep.configs, found) if sweep else ()
    if sweep and wanted:
        st.caption(_how_long(sweep, wanted, _))
    st.button(
        _label(sweep, wanted, found, _), icon=":material/play_arrow:", type="primary" if wanted else "secondary",
        width="stretch", key="start_sweep", on_click=start_sweep, args=(sweep, _),
        disabled=not wanted or (sweep is not None and sweep.refused is not None),
    )  # fmt: skip
    if refused is not None:
        st.error(sweep_sentence(refused, _), icon=":material/error:")


def _label(
    sweep: Sweep | None, wanted: Sequence[TrainingConfig], found: Sequence[RunRecord | None], _: Language
) -> str:
    if sweep is None:
        return _("Start")
    if not wanted:
        return _("The runs are on their way") if any_going(found) else _("All runs are there")
    if len(wanted) == len(sweep.configs):
        return _.plural("Start {count} run", "Start {count} runs", len(wanted))
    return _.plural("Start the missing run", "Start the {count} missing runs", len(wanted))


def _how_long(sweep: Sweep, wanted: Sequence[TrainingConfig], _: Language) -> str:
    spans = [one.seconds for one, config in zip(sweep.estimates, sweep.configs, strict=True) if config in wanted]
    seconds = [span.expected for span in spans if span is not None]
    if not seconds or len(seconds) < len(spans):
        return _("The first run on this device tells how long it takes.")
    at_once = max(1, engine().seats_per_owner)
    each, together = _.seconds(sum(seconds) / len(seconds)), _.seconds(max(*seconds, sum(seconds) / at_once))
    if at_once > 1:
        return _("About {seconds} each, {count} at once: {all} in all.", seconds=each, count=at_once, all=together)
    return _("About {seconds} each, one after the other: {all} in all.", seconds=each, all=together)


def render_map(sweep: Sweep, measure: str, _: Language) -> bool:
    """The sentence, the map and the table as they are now; returns whether something still moves."""
    found = runs_of(sweep)
    cells = cells_of(sweep.spec, found)
    words = sentence(cells, sweep.memory, measure, _)
    if any(found) or measure == "memory":
        st.markdown(f"**{words}**")
    if any_going(found):
        done = sum(run is not None and run.ended for run in found)
        st.progress(
            done / len(found), text=_("{done} of {all} runs are over", done=_.number(done), all=_.number(len(found)))
        )
        if engine().held:
            st.caption(_("The teacher is holding the queue."))
    shown = map_cells(cells, sweep.memory, measure, _)
    figure_chart(
        drawn(sweep_map, shown, _, dark(), colour_scale(shown, measure)), _,
        alt=_("Learning rate against batch size. {sentence} Every cell stands in the table below.", sentence=words),
        key="map", on_pick=_pick,
    )  # fmt: skip
    st.caption(legend(measure, sweep.spec.seeds, any(found), _))
    with st.expander(_("Every cell"), icon=":material/table_rows:", on_change="rerun", key="every_cell") as drawer:
        if drawer.open:
            st.table(cells_table(cells, sweep.memory, _), hide_index=True, alt=words)
    return any_going(found)


def render_hand_on(sweep: Sweep, found: Sequence[RunRecord | None], _: Language) -> None:
    """Stop what goes on; lay the runs over one another."""
    hand = my_runs()
    with st.container(horizontal=True):
        if any(run is not None and not run.ended and hand.may_command(run, "stop") for run in found):
            st.button(_("Stop the sweep"), icon=":material/stop:", on_click=stop_sweep, args=(sweep,), key="stop_sweep")
        there = [run.id for run in found if run is not None and run.step]
        if len(there) > 1:
            page_link(RUNS, _("Compare these runs"), runs=",".join(there))


def sweep_sentence(error: ValueError, _: Language) -> str:
    """An error of a sweep in the reader's language, with the labels of the settings."""
    first = problems(error)[0]
    spec = SweepSpec if first.field in SweepSpec.model_fields else TrainingConfig
    return error_sentence(first, spec, _)
