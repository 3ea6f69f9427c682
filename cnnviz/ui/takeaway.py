"""Downloads: what a page shows, as files that open elsewhere."""

import json
from collections.abc import Callable

import streamlit as st

from cnnviz.events import Started
from cnnviz.export import architecture_notebook, architecture_script, run_notebook, run_script
from cnnviz.inspection.table import report_csv
from cnnviz.language import Language
from cnnviz.rows import Report
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import RunRecord
from cnnviz.training.runs_export import export_csv, export_json
from cnnviz.training.tracked import tensorboard_log
from cnnviz.ui.about_run import run_card
from cnnviz.ui.engine import engine
from cnnviz.ui.work import network_macs


def render_network_downloads(spec: ArchitectureSpec, report: Report, diagram: Callable[[], str], _: Language) -> None:
    """A network to take along: script, notebook, table and diagram; each file is made when it is asked for."""
    name = spec.key.replace("/", "-")
    files = (
        (_("Python script"), ":material/code:", f"{name}.py", "text/x-python", lambda: architecture_script(spec)),
        (_("Notebook"), ":material/menu_book:", f"{name}.ipynb", "application/x-ipynb+json",
         lambda: architecture_notebook(spec)),
        (_("Diagram as SVG"), ":material/image:", f"{name}.svg", "image/svg+xml", diagram),
    )  # fmt: skip
    for label, icon, file, mime, make in files:
        st.download_button(label, make, file_name=file, mime=mime, icon=icon, on_click="ignore")
    render_table_downloads(report, name, _)


def render_table_downloads(report: Report, key: str, _: Language) -> None:
    """The layer table as CSV and JSON; the files are made when they are asked for."""
    st.download_button(
        _("Table as CSV"),
        lambda: report_csv(report),
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
    name = f"{run.config.architecture.key}-{run.id}"
    files = (
        (_("Python script"), ":material/code:", f"{name}.py", "text/x-python", lambda: run_script(*_made(run))),
        (_("Notebook"), ":material/menu_book:", f"{name}.ipynb", "application/x-ipynb+json",
         lambda: run_notebook(*_made(run))),
        (_("Run card"), ":material/badge:", f"{name}.md", "text/markdown", lambda: run_card(run, _).markdown()),
    )  # fmt: skip
    for label, icon, file, mime, make in files:
        st.download_button(label, make, file_name=file, mime=mime, icon=icon, on_click="ignore")
    st.download_button(
        _("Steps as CSV"),
        lambda: export_csv(engine().store, run.id, network_macs(run.config.architecture)),
        file_name=f"{run.config.architecture.key}-{run.id}.csv",
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
    )
    st.download_button(
        _("Run as JSON"),
        lambda: export_json(engine().store, run.id, network_macs(run.config.architecture)),
        file_name=f"{run.config.architecture.key}-{run.id}.json",
        mime="application/json",
        icon=":material/data_object:",
        on_click="ignore",
    )
    st.download_button(
        _("TensorBoard log"),
        lambda: tensorboard_log(engine().store, run.id),
        file_name=f"events.out.tfevents.{int(run.created)}.{run.id}",
        mime="application/octet-stream",
        icon=":material/stacked_line_chart:",
        on_click="ignore",
    )


def _made(run: RunRecord) -> tuple[TrainingConfig, Started | None]:
    """The settings of a run and, if it has begun, what it chose by itself."""
    started = next((event for _number, event in engine().store.events(run.id) if isinstance(event, Started)), None)
    return run.config, started
