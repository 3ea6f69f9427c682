"""Colours for drawings that Streamlit does not theme itself; index 0 is the light theme, 1 the dark one."""

from typing import Final

from cnnviz.architectures import Architecture
from cnnviz.ui.reader import dark

INK: Final = ("#0b0f14", "#e6e9ef")
PAPER: Final = ("#ffffff", "#0e1117")
TRACK: Final = ("#e6e8ec", "#2b303b")


def colour_of(entry: Architecture) -> str:
    """A network's own colour in the reader's theme: the same on every page, chart and legend."""
    return entry.colour_dark if dark() else entry.colour
