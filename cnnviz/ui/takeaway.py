"""Downloads: what a page shows, as files that open elsewhere."""

import json

import streamlit as st

from cnnviz.language import Language
from cnnviz.rows import Report
from cnnviz.training import RunRecord
from cnnviz.ui.engine import engine


def render_table_downloads(report: Report, key: str, _: Language) -> None:
    """The layer table as CSV and JSON; the files are made when they are asked for."""
    st.download_button(
        _("Table as CSV"),
        lambda: report.to_frame().to_csv(index=False),
        file_name=f"{key}.csv",
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
    )
    st.download_button(
        _("Table as JSON"),
        lambda: json.dumps(report.to_dict(), indent=1),
        file_name=f"{key}.json",
        mime="application/json",
        icon=":material/data_object:",
        on_click="ignore",
    )


def render_run_downloads(run: RunRecord, _: Language) -> None:
    """A run's numbers as CSV and its settings and events as JSON; made when they are asked for."""
    st.download_button(
        _("Steps as CSV"),
        lambda: _steps_csv(run.id),
        file_name=f"{run.config.architecture.key}-{run.id}.csv",
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
    )
    st.download_button(
        _("Run as JSON"),
        lambda: _run_json(run),
        file_name=f"{run.config.architecture.key}-{run.id}.json",
        mime="application/json",
        icon=":material/data_object:",
        on_click="ignore",
    )


def _steps_csv(run_id: str) -> str:
    import pandas

    steps = engine().store.steps(run_id)
    columns = {name: getattr(steps, name) for name in ("step", "loss", "accuracy", "seconds", "learning_rate")}
    return str(pandas.DataFrame(columns).to_csv(index=False))


def _run_json(run: RunRecord) -> str:
    events = [event.model_dump(mode="json") for _number, event in engine().store.events(run.id)]
    settings = run.config.model_dump(mode="json")
    return json.dumps({"id": run.id, "state": run.state, "config": settings, "events": events}, indent=1)
