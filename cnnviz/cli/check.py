"""`python -m cnnviz check`."""

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Register the command."""
    commands.add_parser("check")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    raise NotImplementedError
