"""`python -m cnnviz forget`: forget people's nicknames, runs and races for good."""

import argparse
import os
import sys
from typing import Any

from cnnviz.classroom import forget
from cnnviz.cli.check import environment_language
from cnnviz.language import LANGUAGES, Language
from cnnviz.training.store import RunStore, default_folder


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "forget",
        help="forget nicknames, runs and races for good: everybody's, some people's, or what is old",
        description="Forget nicknames, runs and races for good, out of the files themselves. What still goes is left.",
    )
    parser.add_argument("--nickname", action="append", help="only this person's (may be given several times)")
    parser.add_argument(
        "--run", action="append", metavar="ID",
        help="only the person whose run this is, who may have left the class or changed nicknames (several times)",
    )  # fmt: skip
    parser.add_argument(
        "--older-than", type=float, default=0.0, metavar="DAYS", help="only what is older than so many days"
    )
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--language", choices=LANGUAGES, help="default: that of the environment")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status: 0 if all is forgotten, 1 if something was left or nothing was done.

    Raises:
        ValueError: if the store cannot be used.
    """
    _ = Language(options.language or environment_language(os.environ))
    store = RunStore()
    try:
        if not options.yes and not _agreed(options, _):
            print(_("Nothing was forgotten."))
            return 1
        done = forget(store, nicknames=options.nickname, runs=options.run, older_than_days=max(0.0, options.older_than))
    finally:
        store.close()
    print(
        _("{people} nicknames, {runs} runs and {races} races are forgotten.", people=done.people, runs=done.runs,
          races=done.races)
    )  # fmt: skip
    if done.left:
        print(_("Still going, so they were left: {runs}.", runs=", ".join(done.left)), file=sys.stderr)
        return 1
    return 0


def _agreed(options: argparse.Namespace, _: Language) -> bool:
    """Whether whoever sits at the terminal agrees; without a terminal nobody does."""
    if not sys.stdin.isatty():
        print(_("Say --yes to forget without being asked."), file=sys.stderr)
        return False
    named = [*(options.nickname or ()), *(_("whoever made the run {run}", run=run) for run in options.run or ())]
    whose = ", ".join(named) if named else _("everybody")
    question = _("Forget the nicknames, runs and races of {whose} in {folder} for good? Type yes:", whose=whose,
                 folder=default_folder())  # fmt: skip
    return input(question + " ").strip().lower() in ("yes", "si", "sí")
