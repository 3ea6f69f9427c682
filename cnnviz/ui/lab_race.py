"""A race in a lab: the same few runs for everybody, so whoever comes second sees at once what the first has started.

A run repeats itself exactly, so a racer whose settings have been run before needs no second run. Nothing about a race
has to be remembered: its settings find its runs.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.figures.curves import Dash, Reference
from cnnviz.figures.lines import COLOURS
from cnnviz.language import Language
from cnnviz.specs.lab import Racer
from cnnviz.training import RunRecord
from cnnviz.training.card import STATES
from cnnviz.ui.components.live_curves import curve_labels, live_curves
from cnnviz.ui.engine import engine, my_runs
from cnnviz.ui.runs import curves_of
from cnnviz.ui.start import foresee
from cnnviz.ui.watching import watch

TICK: Final = 2.0  # seconds between two looks at the words; the points come by themselves
HEIGHT: Final = 340
_REFUSED: Final = "race refused"
_DASHES: Final[tuple[Dash, ...]] = ("solid", "dash", "dot", "dashdot")


def render_race(racers: Sequence[Racer], _: Language) -> None:
    """The curves of the runs so far, what they say, and the button that starts those that are missing."""
    found = runs_of(racers)
    active = any(record is not None and not record.ended for record in found)
    if any(found):
        watch(_render_live, tuple(racers), active, _, going=active, shortest=TICK)
    else:
        st.info(_("Nobody has run this race yet."), icon=":material/flag:")
    _render_buttons(racers, found, _)


def runs_of(racers: Sequence[Racer]) -> list[RunRecord | None]:
    """The run of each racer, anybody's; None where there is none."""
    return [engine().store.find_same(racer.config) for racer in racers]


def _render_buttons(racers: Sequence[Racer], found: Sequence[RunRecord | None], _: Language) -> None:
    missing = [racer for racer, record in zip(racers, found, strict=True) if record is None]
    going = [record for record in found if record is not None and not record.ended and my_runs().may(record)]
    with st.container(horizontal=True, vertical_alignment="center"):
        if missing:
            label = _("Start the race") if len(missing) == len(racers) else _("Start the missing ones")
            st.button(label, icon=":material/flag:", type="primary", on_click=_start, args=(missing,), key="race")
            seconds = [foresee(racer.config).seconds for racer in missing]
            if all(seconds):
                total = sum(one.expected for one in seconds if one)
                st.caption(_("About {seconds} in all.", seconds=_.seconds(total)))
        if going:
            st.button(_("Stop"), icon=":material/stop:", on_click=_stop, args=(going,), key="stop_race")
    refused = st.session_state.pop(_REFUSED, None)
    if refused is not None:
        st.error(_.error(refused), icon=":material/error:")


def _start(missing: Sequence[Racer]) -> None:
    try:
        for racer in missing:
            my_runs().submit(racer.config)
    except CnnvizError as error:
        st.session_state[_REFUSED] = error


def _stop(records: Sequence[RunRecord]) -> None:
    for record in reversed(records):  # those that wait first, so that none of them begins
        my_runs().command(record.id, "stop")


def _render_live(racers: Sequence[Racer], was_active: bool, _: Language) -> None:
    known = [(racer, record) for racer, record in zip(racers, runs_of(racers), strict=True) if record is not None]
    sentence = " ".join(_state(racer, record, _) for racer, record in known)
    st.markdown(sentence)
    live_curves(
        [
            replace(
                curves_of(record, _(racer.title), _),
                color=COLOURS[racer.number % len(COLOURS)],
                dash=_DASHES[racer.number % len(_DASHES)],
            )
            for racer, record in known
        ],
        key="curves",
        height=HEIGHT,
        x_title=_("Steps"),
        y_titles=(_("Accuracy"), _("Loss (nats)")),
        labels=curve_labels(_),
        alt=sentence,
        references=[Reference("loss", 2.302585, _("ln 10: knows nothing yet"))],
    )
    if was_active and all(record.ended for _racer, record in known):
        st.rerun()


def _state(racer: Racer, record: RunRecord, _: Language) -> str:
    """Where one racer stands, in a sentence."""
    if record.test_accuracy is None:
        return _("**{name}**: {state}.", name=_(racer.title), state=_(STATES[record.state]))
    return _(
        "**{name}**: {accuracy} of the test images right.",
        name=_(racer.title),
        accuracy=_.percent(record.test_accuracy, 1),
    )
