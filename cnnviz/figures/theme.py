"""What all plotly figures share: transparent, in the page's own font, readable from 390 px on, in both themes."""

from dataclasses import dataclass
from typing import Any, Final

from cnnviz.language import Language


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a theme: text and axes, grid lines, and bars that belong to no network."""

    ink: str
    grid: str
    neutral: str


LIGHT: Final = Palette(ink="#1f242c", grid="#d5dbe3", neutral="#5b6675")
DARK: Final = Palette(ink="#e6e9ef", grid="#3a4452", neutral="#9aa6b6")
FONT_SIZE: Final = 14


def palette(dark: bool) -> Palette:
    """The colours of the reader's theme."""
    return DARK if dark else LIGHT


def layout(_: Language, dark: bool, **more: Any) -> dict[str, Any]:
    """A layout to start from; `more` adds to it or replaces parts of it."""
    colours = palette(dark)
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "inherit", "size": FONT_SIZE, "color": colours.ink},
        "hoverlabel": {"font": {"family": "inherit", "size": FONT_SIZE}},
        "separators": ",." if _.code == "es" else ".,",
        "margin": {"l": 4, "r": 4, "t": 48, "b": 8},
        "showlegend": False,
        "dragmode": False,
        **more,
    }
