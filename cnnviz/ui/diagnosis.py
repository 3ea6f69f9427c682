"""What a run's curves say, on the page: a sentence under them, what to try, and a mark on the curve."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from cnnviz.events import Evaluated
from cnnviz.figures.curves import Mark
from cnnviz.language import Language
from cnnviz.training import RunRecord
from cnnviz.training.diagnosis import Finding, curves_of_run, diagnose
from cnnviz.ui.engine import engine

ICONS: Final = {"alarm": ":material/warning:", "note": ":material/info:", "good": ":material/check_circle:"}
_LOOKS: Final = 60  # over the length of a run: each reads all of its steps
_SHOWN: Final = 3


def findings_of(record: RunRecord) -> tuple[Finding, ...]:
    """What a run's curves say so far; a range test, whose rate is meant to explode, is not diagnosed."""
    if record.config.schedule == "range_test" or not record.step:
        return ()
    grain = max(1, record.total_steps // _LOOKS)
    looked_at = record.step if record.ended else record.step // grain * grain
    return _diagnosed(record.id, looked_at, record.state)


@st.cache_resource(max_entries=512, show_spinner=False)
def _diagnosed(run_id: str, looked_at: int, state: str) -> tuple[Finding, ...]:
    del looked_at, state  # they only say when to look again
    store = engine().store
    tests = [event for _number, event in store.events(run_id) if isinstance(event, Evaluated)]
    return diagnose(curves_of_run(store.record(run_id), store.steps(run_id), tests))


def finding_marks(record: RunRecord, _: Language) -> tuple[Mark, ...]:
    """Where alarms and notes show on the curve."""
    return tuple(
        Mark(max(1, finding.step), finding.label(_)) for finding in findings_of(record) if finding.level != "good"
    )


def render_diagnosis(record: RunRecord, use_rate: Callable[[float], None] | None, _: Language) -> None:
    """The findings in sentences, the most important first.

    Args:
        record: the run.
        use_rate: puts a learning rate into the settings; None offers none.
        _: the reader's language.
    """
    for number, finding in enumerate(findings_of(record)[:_SHOWN]):
        text = f"{ICONS[finding.level]} **{finding.says(_)}** {finding.advice(_)}".strip()
        if finding.level != "alarm":
            st.markdown(text.replace("**", ""))
            continue
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.warning(text.removeprefix(ICONS["alarm"]).strip(), icon=ICONS["alarm"])
            rate = finding.suggested_rate
            if use_rate is not None and rate is not None:
                st.button(_("Set {rate}", rate=_.significant(rate)), icon=":material/tune:", on_click=use_rate,
                          args=(rate,), key=f"set_rate {number}")  # fmt: skip
