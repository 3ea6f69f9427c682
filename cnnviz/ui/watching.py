"""The parts of a page that run by themselves, and how often those look that show what moves.

Quickly for a few people, and for a class as often as one core can answer: each look is a run of a part (Streamlit's
fragment), some milliseconds of the server's only interpreter. All looks together are bounded, so
that thirty people who watch one run leave room for those who touch something. What the curves fetch by themselves is
bounded in the same way.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.ui.metrics import meter
from cnnviz.ui.reader import reader

TICK: Final = 0.4  # seconds between two looks, for a few people
LOOKS: Final = 30  # a second, of everybody together: about a third of a core
SLOW: Final = 2.0  # seconds: what is looked at no more often draws more than a line
SLOW_LOOKS: Final = 7.5  # a second, of everybody together, each of which costs three times as much
FEED_PAUSE: Final = 450  # ms between two questions for new points, for a few people
_MUCH: Final = 1.5  # a class that has grown or shrunk by so much changes the pace


def pace(shortest: float = TICK) -> float:
    """Seconds between two looks of one browser, now.

    Args:
        shortest: for few people.
    """
    most = LOOKS if shortest < SLOW else SLOW_LOOKS
    return max(shortest, round(meter().sessions / most, 1))


def feed_pause() -> int:
    """Milliseconds that a browser waits between two questions for a run's new points, now."""
    return max(FEED_PAUSE, round(1000 * meter().sessions / LOOKS))


_PAGE: Final = "whole page wanted"


def want_page() -> None:
    """Have the whole page run, for what is pressed inside a part of it and changes more than this part."""
    st.session_state[_PAGE] = True


def note_run() -> None:
    """The whole page runs; the frame says so."""
    st.session_state.pop(_PAGE, None)


def part(draw: Callable[..., None], *arguments: Any, every: float | None = None) -> None:
    """Draw a part of the page that runs by itself when something in it is touched.

    Args:
        draw: draws it.
        *arguments: its arguments.
        every: seconds after which it runs again untouched; None for never.
    """

    @wraps(draw)
    def one_run(*arguments: Any) -> None:
        if st.session_state.pop(_PAGE, False):
            st.rerun()
        try:
            draw(*arguments)
        except CnnvizError as error:  # what no field has caused, such as a file that cannot be read now
            st.error(reader().error(error), icon=":material/error:")

    st.fragment(one_run, run_every=every)(*arguments)


def watch(look: Callable[..., None], *arguments: Any, going: bool, shortest: float = TICK) -> None:
    """Draw what moves, and again and again while it goes.

    Args:
        look: draws it; on its own, as a part of the page.
        *arguments: its arguments.
        going: whether it will change.
        shortest: seconds between two looks, for few people.
    """
    every = pace(shortest) if going else None

    @wraps(look)
    def one_look(*arguments: Any) -> None:
        look(*arguments)
        if every is not None and not every / _MUCH <= pace(shortest) <= every * _MUCH:
            st.rerun()  # the page says how often its parts run

    part(one_look, *arguments, every=every)
