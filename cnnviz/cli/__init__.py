"""The command line, on the same code as the app: `python -m cnnviz table|train|sweep|check|forget|backup|export …`.

A network, size or setting that cannot work ends with exit status 2 and one sentence on standard error.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from cnnviz.errors import problems

COMMANDS = ("table", "train", "sweep", "check", "forget", "backup", "export")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m cnnviz", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    modules = {name: import_module(f"cnnviz.cli.{name}") for name in COMMANDS}
    for module in modules.values():
        module.add_parser(commands)
    options = parser.parse_args(arguments)
    try:
        return int(modules[options.command].run(options))
    except ValueError as error:
        print(problems(error)[0], file=sys.stderr)
        return 2
