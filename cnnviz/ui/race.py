"""A race on the page: who races, what the class predicts, the lanes while it goes, and the winners at its end."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.events import Evaluated, Started
from cnnviz.language import N_, Language
from cnnviz.specs.comparison import Contender, contender, contenders
from cnnviz.specs.presets import preset_named
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import RunRecord
from cnnviz.training.race import BUDGET_WORDS, Budget, Lane, RaceSpec, Winner, training_seconds, within_budget
from cnnviz.training.race_files import RaceRecord
from cnnviz.ui.engine import engine, fixed_settings, my_runs, races
from cnnviz.ui.fields import choice_label, error_text
from cnnviz.ui.foretelling import ask, predicted_line, render_outcome
from cnnviz.ui.overlay import render_overlay
from cnnviz.ui.run_list import plain
from cnnviz.ui.runs import Positions
from cnnviz.ui.start import foresee
from cnnviz.ui.watching import want_page
from cnnviz.ui.work import network_macs, parameters_of

KEY: Final = "race"
_REFUSED: Final = "press of a race refused"
AMOUNTS: Final[Mapping[Budget, float]] = {"seconds": 15.0, "images": 30_000.0, "macs": 5e11}
WINNERS: Final[Mapping[Budget, str]] = {
    "seconds": N_("Equal seconds ({at})"),
    "images": N_("Equal images ({at})"),
    "macs": N_("Equal MACs ({at})"),
}


def contestant_config(one: Contender) -> TrainingConfig:
    """A network or variant as it races: its family's class preset, the variant's knobs and the class's settings on top.

    Raises:
        CnnvizError: if the variant cannot have the preset's input.
    """
    config = preset_named(one.entry.key, "class").config
    options = dict(one.variant.options) if one.variant else {}
    return config.replace(architecture=config.architecture.replace(**options), **fixed_settings())


def racing_keys() -> list[str]:
    """What can race: the chapter's networks and their variants."""
    return [one.key for one in contenders() if one.entry.form != "torchvision"]


def own_race(keys: Sequence[str], budget: Budget, amount: float, _: Language) -> RaceSpec:
    """The race of some networks.

    Raises:
        CnnvizError: if they are not two to four, or one of them cannot race.
    """
    chosen = [contender(key) for key in keys]
    configs = tuple(contestant_config(one) for one in chosen)
    return RaceSpec.parse(
        {"contestants": configs, "names": tuple(one.title(_) for one in chosen), "budget": budget, "amount": amount}
    )


def begin(spec: RaceSpec, prediction: tuple[int, float | None] | None) -> str:
    """Start a race; returns its id.

    Raises:
        CnnvizError: if the budget cannot be used, this person may not start it, or the store cannot be written.
    """
    macs = tuple(network_macs(config.architecture) for config in spec.contestants)
    expected = tuple(_expected(config) for config in spec.contestants)
    return races().start(spec, my_runs(), macs=macs, expected=expected, prediction=prediction)


def _expected(config: TrainingConfig) -> float:
    seconds = foresee(config).seconds
    return seconds.expected if seconds else 0.0


def render_prediction_form(names: Sequence[str], start: Callable[[tuple[int, float | None] | None], None],
                           _: Language) -> None:  # fmt: skip
    """Who will win and with what: asked before, shown at the end.

    Args:
        names: of the contestants.
        start: begins the race with what was said.
        _: the reader's language.
    """
    with st.container(border=True, key="prediction"):
        prediction = ask(names, "race", _)
        st.button(
            _("Start the race") if prediction else _("Start without a prediction"), icon=":material/flag:",
            type="primary" if prediction else "secondary", key="start_race", on_click=lambda: start(prediction),
        )  # fmt: skip


def race_names(race: RaceRecord, _: Language) -> list[str]:
    """The contestants' names; those of a classic race in the reader's language."""
    return [_(name) for name in race.spec.names]


def end_part(race_id: str, number: int | None = None) -> None:
    """Take one contestant out of a race, or stop it; whoever may not is told so."""
    try:
        if number is None:
            races().stop(race_id, my_runs())
        else:
            races().take_out(race_id, number, my_runs())
    except CnnvizError as error:
        refuse(error)


def go_on(race_id: str) -> None:
    """Give turns again; whoever may not is told so."""
    try:
        races().resume(race_id, my_runs())
    except CnnvizError as error:
        refuse(error)


def refuse(error: CnnvizError) -> None:
    """Have `render_refusal` say it at the next run, also when the button stood in a part of the page."""
    st.session_state[_REFUSED] = error.bare
    want_page()


def render_refusal(_: Language) -> None:
    """Why the last press did nothing, once."""
    refused = st.session_state.pop(_REFUSED, None)
    if refused is not None:
        st.error(error_text(refused, _), icon=":material/error:")


def render_race(race: RaceRecord, _: Language) -> bool:
    """Lanes, chart and winners; returns whether it is over."""
    records = {
        number: engine().store.record(run_id)
        for number, run_id in enumerate(race.runs)
        if run_id and races().exists(run_id)
    }
    lanes, names = races().lanes(race), race_names(race, _)
    over = not any(lane.waits for lane in lanes)
    _render_lanes(race, lanes, names, records, over, _)
    marks = []
    if over and race.prediction and race.prediction[1] is not None:
        marks = [predicted_line(names[race.prediction[0]], race.prediction[1], _)]
    render_overlay(
        list(records.values()), _, key=f"{KEY} {race.id}", axis=race.spec.budget, bands=False,
        names=[names[number] for number in records], references=marks, height=400, race=True, racing=not over,
        places={record.id: _places(record) for record in records.values()} if race.spec.budget == "seconds" else None,
    )  # fmt: skip
    if over:
        _render_winners(race, races().winners(race), names, _)
    return over


def _places(record: RunRecord) -> Positions:
    """Where a run's steps lie on an axis of training seconds: its measurements are the corners."""
    store = engine().store
    clock = store.steps(record.id).seconds.tolist()
    events = [event for _number, event in store.events(record.id)]
    starts = [event.seconds for event in events if isinstance(event, Started)]
    corners = [event.step for event in events if isinstance(event, Evaluated)]
    return ((0, 0.0), *((step, training_seconds(starts, clock[:step])) for step in [*corners, record.step] if step))


def _render_lanes(
    race: RaceRecord, lanes: Sequence[Lane], names: Sequence[str], records: Mapping[int, RunRecord], over: bool,
    _: Language,
) -> None:  # fmt: skip
    reached = my_runs().may_command(race, "stop")
    for number, (lane, name) in enumerate(zip(lanes, names, strict=True)):
        record = records.get(number)
        running = record is not None and not record.ended
        icon = ":material/play_arrow:" if running else ":material/flag:" if not lane.waits else ":material/pause:"
        accuracy = "–" if record is None or record.test_accuracy is None else _.percent(record.test_accuracy, 1)
        words = _("{name}: {share} of the budget, test accuracy {accuracy}", name=name,
                  share=_.percent(min(1.0, lane.share)), accuracy=accuracy)  # fmt: skip
        if lane.out:
            words += " · " + _("out")
            if record is not None and record.failure is not None:
                words += f" · {_.error(record.failure.error)}"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(min(1.0, lane.share), text=f"{icon} {words}")
            if reached and lane.waits and not over:
                st.button("", icon=":material/logout:", help=_("Take {name} out of the race", name=name),
                          type="tertiary", key=f"out {number}", on_click=end_part, args=(race.id, number))  # fmt: skip


def _render_winners(race: RaceRecord, found: Mapping[Budget, Winner], names: Sequence[str], _: Language) -> None:
    """One winner per axis, and what had been predicted."""
    rows = []
    for axis, ahead in found.items():
        at = _.seconds(ahead.at) if axis == "seconds" else _.compact(ahead.at)
        first = _("Level") if ahead.first is None else names[ahead.first]
        shares = {plain(name): _.percent(share, 1) for name, share in zip(names, ahead.accuracies, strict=True)}
        rows.append({_("Compared at"): _(WINNERS[axis], at=at), _("Ahead"): f"**{plain(first)}**", **shares})
    if rows:
        table = pd.DataFrame(rows).set_index(_("Compared at"))
        st.table(table, alt=_("Who is ahead at equal seconds, images and MACs"))
    ahead_here = found.get(race.spec.budget)
    if race.prediction is not None and ahead_here is not None and ahead_here.first is not None:
        number = race.prediction[0]
        render_outcome(names[number], names[ahead_here.first], number == ahead_here.first, _)


def render_budget(default: Budget, amount: float, prefix: str, _: Language) -> tuple[Budget, float]:
    """What everybody gets: seconds, images or MACs, and how much."""
    state = st.session_state
    kind_key = f"{prefix}.budget"
    state.setdefault(kind_key, default)
    kinds: list[Budget] = list(BUDGET_WORDS)
    budget = st.segmented_control(
        _("Same budget of"), kinds, format_func=lambda kind: _(BUDGET_WORDS[kind]), key=kind_key,
        required=True, persist_state="session",
    ) or default  # fmt: skip
    key = f"{prefix}.amount {budget}"
    unit, label = _UNITS[budget]
    state.setdefault(key, (amount if budget == default else AMOUNTS[budget]) / unit)
    low, high = {"seconds": (2.0, 600.0), "images": (500.0, 6e6), "macs": (1.0, 1e7)}[budget]
    chosen = st.number_input(_(label), low, high, key=key, format="%.0f", persist_state="session")
    return budget, float(chosen) * unit


_UNITS: Final[Mapping[Budget, tuple[float, str]]] = {
    "seconds": (1.0, N_("Seconds of training for each")),
    "images": (1.0, N_("Training images for each")),
    "macs": (1e9, N_("GMACs of training for each")),
}


def contestants_table(spec: RaceSpec, _: Language) -> pd.DataFrame:
    """What one should know before predicting: what each costs, and how far the budget takes it."""
    rows = []
    for config in spec.contestants:
        macs = network_macs(config.architecture)
        row = {
            _("Parameters"): _.compact(parameters_of(config.architecture)),
            _("MACs per picture"): _.compact(macs),
            _("Optimiser"): choice_label(config.optimizer, _),
            _("Learning rate"): _.significant(config.learning_rate),
            _("Batch size"): _.number(config.batch_size),
        }
        if spec.budget != "seconds":
            whole = within_budget(config, spec.budget, spec.amount, macs)
            row[_("Images in its budget")] = _.number(whole.epochs * whole.train_images)
            row[_("Expected time")] = _.seconds(_expected(whole))
        rows.append(row)
    # A column each: two to four of them fit on a phone, the five to seven figures beside each other do not.
    return pd.DataFrame(rows, index=pd.Index([plain(_(name)) for name in spec.names])).T.rename_axis(_("Contestant"))
