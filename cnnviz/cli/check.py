"""`python -m cnnviz check`: the rehearsal before a class.

Exit status 1 if something is broken, each time with what to do; 0 if the class can begin.
"""

import argparse
import json
import locale
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from cnnviz import __version__
from cnnviz.cli.rehearsal import PORT, Row, State, machine_rows
from cnnviz.cli.timing import device_row, preset_rows
from cnnviz.language import LANGUAGES, Language, match_language
from cnnviz.specs.catalog import catalog

_MARKS: Final[Mapping[State, str]] = {"ok": "✓", "look": "!", "broken": "✗"}


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "check",
        help="the rehearsal before a class: data, device, memory, port, address, and how long each preset takes",
        description="The rehearsal before a class. Exit status 1 if something is broken.",
    )
    parser.add_argument("--quick", action="store_true", help="leave out the trial steps of the class presets")
    parser.add_argument("--port", type=_port, default=PORT, help="the port of the server (default: %(default)s)")
    parser.add_argument("--language", choices=LANGUAGES, help="default: that of the environment")
    parser.add_argument("--json", action="store_true", help="one object with every row and its figures")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a console that has no ✓ shows a question mark and goes on
    # As in the app and its workers: without it, threads that wait keep the cores from threads that compute.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    _ = Language(options.language or environment_language(os.environ))
    say = _silence if options.json else _say
    say(_("cnnviz {version}: rehearsal", version=__version__) + "\n")
    rows = [*machine_rows(_, options.port), device_row(_)]
    width = max(len(row.name) for row in rows)
    for row in rows:
        say(line(_, row, width))
    if not options.quick and overall(rows) != "broken":
        say("\n" + _("Class presets here: the steps are measured, the whole run is estimated from them.") + "\n")
        width = max(width, *(len(entry.title) for entry in catalog()))
        for row in preset_rows(_):
            say(line(_, row, width))
            rows.append(row)
    verdict = overall(rows)
    say("\n" + conclusion(_, rows))
    if options.json:
        print(json.dumps({"version": __version__, "state": verdict, "rows": [asdict(row) for row in rows]}, indent=2))
    return 1 if verdict == "broken" else 0


def _say(text: str) -> None:
    print(text, flush=True)


def _silence(text: str) -> None:
    pass


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text} is not a port: choose a number from 1 to 65535")
    return int(text)


def environment_language(environment: Mapping[str, str]) -> str:
    """The language that a terminal is set to, by the variables that POSIX names, in its order."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return match_language(environment[name].split(".")[0])
    return match_language(locale.getlocale()[0])


def overall(rows: Iterable[Row]) -> State:
    """The worst state of some rows."""
    states = {row.state for row in rows}
    return next((state for state in ("broken", "look") if state in states), "ok")


def words(_: Language, state: State) -> str:
    """A state in a word, for those who cannot see its mark."""
    return {"ok": _("good"), "look": _("look"), "broken": _("broken")}[state]


def line(_: Language, row: Row, name_width: int) -> str:
    """A row for a terminal: mark, word, name, what was found; what to do stands on a line of its own."""
    word_width = max(len(words(_, state)) for state in _MARKS)
    text = f"{_MARKS[row.state]} {words(_, row.state):{word_width}}  {row.name:{name_width}}  {row.detail}"
    return text if not row.advice else f"{text}\n{'':{word_width + name_width + 6}}→ {row.advice}"


def conclusion(_: Language, rows: Iterable[Row]) -> str:
    """The last line: whether the class can begin, or what comes first."""
    rows = tuple(rows)
    broken = [row.name for row in rows if row.state == "broken"]
    if broken:
        return _("Not ready. To mend first: {names}.", names=", ".join(broken))
    notes = [row.name for row in rows if row.state == "look"]
    if notes:
        return _("The class can begin. Worth a look: {names}.", names=", ".join(notes))
    return _("The class can begin.")
