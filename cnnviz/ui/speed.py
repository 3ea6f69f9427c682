"""Measured speed on the page: a button, then one row per network as it is timed."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from cnnviz.language import Language
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.training.speedometer import Speedometer
from cnnviz.ui.once import once

BATCH: Final = 16
TICK: Final = 0.7  # seconds


@once
def speedometer() -> Speedometer:
    """Where networks are timed, one after another, for everybody on this server."""
    return Speedometer()


def render_speed(specs: Sequence[ArchitectureSpec], titles: Sequence[str], _: Language) -> None:
    """The button that times some networks on this machine, and what was measured."""
    st.button(
        _("Measure the speed on this machine"),
        icon=":material/timer:",
        on_click=_ask,
        args=(specs, _),
        key="measure",
    )
    waiting = any(speedometer().waits(spec, BATCH) for spec in specs)
    st.fragment(_render_answers, run_every=TICK if waiting else None)(specs, titles, waiting, _)


def _ask(specs: Sequence[ArchitectureSpec], _: Language) -> None:
    if not speedometer().ask(specs, BATCH):
        st.toast(_("Many networks are waiting to be timed. Try again in a minute."), icon=":material/hourglass:")


def _render_answers(specs: Sequence[ArchitectureSpec], titles: Sequence[str], waited: bool, _: Language) -> None:
    desk = speedometer()
    answers = [desk.answer(spec, BATCH) for spec in specs]
    waiting = [desk.waits(spec, BATCH) for spec in specs]
    failed = [desk.failed(spec, BATCH) for spec in specs]
    if not any(answers) and not any(waiting) and not any(failed):
        st.caption(_("MACs are no seconds: memory traffic and small kernels count too. Measure, and see."))
        return
    rows = {}
    for title, answer, is_waiting, has_failed in zip(titles, answers, waiting, failed, strict=True):
        if answer is None:
            state = _("being timed…") if is_waiting else _("could not be timed") if has_failed else "–"
            rows[title] = [state, "", ""]
        else:
            spread = f"{_milliseconds(answer.step.median, _)} ± {_milliseconds(answer.step.spread / 2, _)}"
            rows[title] = [_milliseconds(answer.forward.median, _), spread, _.significant(answer.images_per_second)]
    columns = [_("Forward (ms)"), _("Forward and backward (ms)"), _("Training images per second")]
    st.table(pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(_("Network")))
    threads = next((answer.threads for answer in answers if answer), None)
    if threads:
        st.caption(
            _(
                "Batch of {batch}, float32, {threads} threads of this processor; medians, ± half the interquartile "
                "range. Runs that train at the same time slow it down.",
                batch=BATCH,
                threads=threads,
            )
        )
    if waited and not any(waiting):
        st.rerun()


def _milliseconds(seconds: float, _: Language) -> str:
    return _.significant(seconds * 1000)
