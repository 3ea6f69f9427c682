"""`python -m cnnviz backup FILE` and, with `--restore`, the way back."""

import argparse
import os
from pathlib import Path
from typing import Any

from cnnviz.cli.check import environment_language
from cnnviz.language import LANGUAGES, Language
from cnnviz.training.backup import back_up, restore
from cnnviz.training.store import RunStore, default_folder


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "backup",
        help="write all runs into one file, or put them back",
        description="All runs in one file, written while the server goes on, or put back into an empty folder.",
    )
    parser.add_argument("file", type=Path, help="the file, for example runs.zip")
    parser.add_argument("--restore", action="store_true", help="put it back into CNNVIZ_HOME; no server may use it")
    parser.add_argument("--language", choices=LANGUAGES, help="default: that of the environment")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status.

    Raises:
        ValueError: if the file or the store cannot be used.
    """
    _ = Language(options.language or environment_language(os.environ))
    if options.restore:
        runs = restore(options.file, default_folder())
        print(_("{runs} runs are in {folder} again.", runs=_.number(runs), folder=default_folder()))
        return 0
    store = RunStore()
    try:
        size = back_up(store, options.file.absolute())
    finally:
        store.close()
    print(_("{file} holds all runs: {size}.", file=options.file, size=_.bytes(size)))
    return 0
