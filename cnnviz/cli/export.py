"""`python -m cnnviz export`: a run as files for other programs."""

import argparse
import os
from pathlib import Path
from typing import Any, Final

from cnnviz.cli.check import environment_language
from cnnviz.errors import CnnvizError
from cnnviz.inspection import report_of
from cnnviz.language import LANGUAGES, Language
from cnnviz.training.runs_export import export_csv, export_json
from cnnviz.training.store import RunStore
from cnnviz.training.tracked import write_mlflow, write_tensorboard

TARGETS: Final = ("csv", "json", "tensorboard", "mlflow")


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "export",
        help="write a run as CSV, JSON or a TensorBoard log, or give it to MLflow",
        description="Write a run for other programs. MLflow is an extra: requirements-mlflow.txt.",
    )
    parser.add_argument("run", help="the run's id, as it stands in its link")
    parser.add_argument("where", help="a folder; for MLflow the address of its store, such as sqlite:///mlflow.db")
    parser.add_argument("--to", choices=TARGETS, default="csv", help="what to write (default: %(default)s)")
    parser.add_argument("--language", choices=LANGUAGES, help="default: that of the environment")


def run(options: argparse.Namespace) -> int:
    """Write it and say where it is; returns the exit status.

    Raises:
        ValueError: if there is no such run, the store or the folder cannot be used, or an extra is missing.
    """
    _ = Language(options.language or environment_language(os.environ))
    store = RunStore()
    try:
        print(_("Written: {file}", file=_write(store, options)))
    except OSError as error:
        raise CnnvizError("store_unusable", folder=options.where, reason=str(error)) from error
    finally:
        store.close()
    return 0


def _write(store: RunStore, options: argparse.Namespace) -> str:
    """Where it was written to."""
    if options.to == "mlflow":
        return write_mlflow(store, options.run, options.where)
    folder = Path(options.where)
    if options.to == "tensorboard":
        return str(write_tensorboard(store, options.run, folder))
    spec = store.record(options.run).config.architecture
    export = export_csv if options.to == "csv" else export_json
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{spec.key.replace('/', '-')}-{options.run}.{options.to}"
    path.write_text(export(store, options.run, report_of(spec).macs), "utf-8")
    return str(path)
