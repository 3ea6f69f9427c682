"""Runs on the screen: their curves, their state in a sentence, the hand on them, and the list of one's own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.errors import CnnvizError
from cnnviz.events import Controlled, Evaluated
from cnnviz.figures.curves import Dash, Mark, Reference, RunCurves
from cnnviz.language import N_, Language
from cnnviz.training import RunRecord
from cnnviz.training.records import RECORDED
from cnnviz.ui.components.live_curves import Axis, curve_labels, live_curves, needs_history
from cnnviz.ui.curve_feed import ticket
from cnnviz.ui.diagnosis import finding_marks
from cnnviz.ui.engine import engine
from cnnviz.ui.links import PageLink
from cnnviz.ui.measures import MEASURES, Measure, values_of
from cnnviz.ui.run_words import describe_run, moving_words, run_name
from cnnviz.ui.sight import seen_run
from cnnviz.ui.work import training_macs

KEY: Final = "curves"
AXES: Final[Mapping[str, str]] = {
    "steps": N_("Steps"),
    "epochs": N_("Epochs"),
    "seconds": N_("Seconds"),
    "images": N_("Images"),
    "macs": "MACs",
}
"""What a horizontal axis can count."""
ICONS: Final = {
    "queued": ":material/hourglass_empty:",
    "running": ":material/play_arrow:",
    "paused": ":material/pause:",
    "stopping": ":material/stop:",
    "finished": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "failed": ":material/error:",
    "interrupted": ":material/power_off:",
}
_ACTIONS: Final = {
    "pause": N_("paused"),
    "resume": N_("resumed"),
    "step": N_("one step"),
    "stop": N_("stop"),
    "learning_rate": N_("learning rate {value}"),
    "continue": N_("goes on"),
}
Positions = tuple[tuple[int, float], ...]
"""Where some steps of a run lie on an axis: (step, position), straight lines between."""
_CORNERS: Final = 24  # of a run on an axis of seconds


def curves_of(
    record: RunRecord,
    name: str,
    _: Language,
    *,
    key: str = KEY,
    axis: Axis = "steps",
    band: tuple[str, str] | None = None,
    places: Positions | None = None,
    colour: tuple[str, str] | None = None,
    race: bool = False,
    racing: bool = False,
    measure: Measure = "accuracy",
) -> RunCurves:
    """A run as a chart draws it, with its points if the browser does not know it yet; it fetches those that follow.

    Args:
        record: the run.
        name: what it is called in the chart.
        _: the reader's language.
        key: of the chart that draws it.
        axis: what its horizontal axis counts.
        band: what it is one seed of: an id and a name.
        places: where its steps lie on the axis, if not as `positions` says.
        colour: in the light and in the dark theme; its network's own unless given.
        race: whether it goes on again and again by itself, which needs no marks, and has its end in sight.
        racing: whether that race still goes on.
        measure: what the upper chart shows.
    """
    store = engine().store
    revision = 0 if measure == "accuracy" else measure
    after = 0 if needs_history(key, record.id, revision) else record.step
    steps = store.steps(record.id, after)
    events = store.events(record.id)
    tests = [event for _number, event in events if isinstance(event, Evaluated)]
    marks = [
        Mark(max(event.step, 1), _(_ACTIONS[event.action], value=_rate(event, _)))
        for _number, event in events
        if isinstance(event, Controlled) and not race
    ]
    entry = architecture(record.config.architecture.key)
    return RunCurves(
        id=record.id,
        name=name,
        color=colour or (entry.colour, entry.colour_dark),
        dash=cast(Dash, entry.dash),
        train_steps=steps.step,
        train_loss=steps.loss,
        train_accuracy=values_of(steps, measure),
        measured=measure != "accuracy",
        revision=revision,
        test_steps=[event.step for event in tests],
        test_loss=[event.test_loss for event in tests],
        test_accuracy=[event.test_accuracy for event in tests],
        previous_step=after,
        steps_per_epoch=record.config.steps_per_epoch,
        total_steps=record.total_steps if race and axis != "seconds" else 0,
        marks=(*marks, *(() if race else finding_marks(record, _))),
        positions=positions(record, tests, axis) if places is None else places,
        band=band,
        ticket=ticket(record.id),
        state="race" if racing else "" if record.ended else record.state,
    )


def _rate(event: Controlled, _: Language) -> str:
    return _.significant(event.learning_rate) if event.learning_rate else ""


def positions(record: RunRecord, tests: Sequence[Evaluated], axis: Axis) -> Positions:
    """On an axis of seconds (a run's own, pauses left out), images or MACs; empty on the others.

    Time stands still for the steps while the test set is measured, so its measurements are the corners in between.
    """
    if axis == "seconds":
        known = [(event.step, event.seconds) for event in tests] + [(record.step, record.seconds)]
        thinned = known[:: max(1, len(known) // _CORNERS)] + known[-1:]
        return ((0, 0.0), *dict(sorted(thinned)).items())
    steps, images = record.config.total_steps, record.config.epochs * record.config.train_images
    if axis == "images":
        return ((0, 0.0), (steps, float(images)))
    return ((0, 0.0), (steps, float(training_macs(record.config)))) if axis == "macs" else ()


def distinct_names(records: Sequence[RunRecord], _: Language) -> list[str]:
    """One name per run, told apart by what differs when two runs would be called the same."""
    names = [run_name(record, _) for record in records]
    return [
        f"{name} · {record.id[:4]}" if names.count(name) > 1 else name
        for name, record in zip(names, records, strict=True)
    ]


def render_curves(
    records: Sequence[RunRecord],
    height: int,
    _: Language,
    *,
    axis: Axis = "steps",
    measure: Measure = "accuracy",
    log_loss: bool = False,
) -> None:
    """The curves of some runs over one another, under the words and figures of the first, which is talked about."""
    names = distinct_names(records, _)
    series = [
        curves_of(record, name, _, axis=axis, measure=measure) for record, name in zip(records, names, strict=True)
    ]
    words = moving_words(records[0], _, labels=True)
    live_curves(
        series,
        key=KEY,
        height=height,
        x=axis,
        x_title=_(AXES[axis]),
        y_titles=(_(MEASURES[measure]), _("Loss (nats)")),
        labels=curve_labels(_),
        alt=" ".join(describe_run(record, _) for record in records) or _("No curve yet."),
        references=[Reference("loss", 2.302585, _("ln 10: knows nothing yet"))],
        log_loss=log_loss,
        measure=measure,
        words=words,
    )


def linked_run(link: PageLink) -> RunRecord | None:
    """The run that a page shows: the link's, or the one its session has chosen; an unknown one is named as refused."""
    key = link.key("run")
    if "run" in link.asked or link.returned:
        st.session_state[key] = link.asked.get("run", "")
    try:
        return seen_run(st.session_state[key]) if st.session_state.get(key) else None
    except CnnvizError as error:
        link.refused.append(error)
        st.session_state[key] = ""
        return None


def render_state(record: RunRecord, _: Language) -> None:
    """What a run waits for, and what went wrong if something did."""
    if record.state == "queued":
        position = engine().queue_position(record.id)
        if position is None:
            words = _("This run begins as soon as its process is ready.")
        elif position == 1:
            words = _("This run starts next.")
        else:
            words = _.plural("{count} run is ahead of this one.", "{count} runs are ahead of this one.", position - 1)
        if engine().held and position is not None:
            words += " " + _("The teacher is holding the queue.")
        begins = engine().expected_start(record.id)
        if begins is not None:
            words += " " + _("It begins in about {seconds}.", seconds=_.seconds(begins))
        st.info(words, icon=ICONS["queued"])
    if record.state == "paused" and engine().is_parked(record.id):
        st.info(
            _("While this run was paused its place went to somebody who waited. Go on puts it back into the queue."),
            icon=ICONS["paused"],
        )
    if record.failure is not None:
        st.error(_.error(record.failure.error), icon=ICONS["failed"])


def render_progress(record: RunRecord, _: Language) -> None:
    """How far a run is, where no curves say it."""
    if record.failure is None and (not record.ended or record.step):
        st.progress(record.share_done, text=f"{ICONS[record.state]} {describe_run(record, _)}")


def render_choices(record: RunRecord, _: Language) -> None:
    """What was chosen automatically, and for a run that ships with the app where and when it was made."""
    if record.owner == RECORDED:
        made = f"{_(record.notes)}, {_.date(datetime.fromtimestamp(record.created))}"
        st.caption(_("A recorded run that ships with the app: {label}.", label=made))
    if record.choices:
        st.caption(
            _(
                "{device}, {precision}, {threads} threads, seed {seed}. {parameters} parameters.",
                device=record.choices["device_name"],
                precision=record.choices["precision"],
                threads=record.choices["threads"],
                seed=record.config.seed,
                parameters=_.number(record.choices["parameters"]),
            )
        )
