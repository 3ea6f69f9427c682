"""`python -m cnnviz train`."""

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Register the command."""
    commands.add_parser("train")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    raise NotImplementedError
