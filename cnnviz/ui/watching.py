"""How often a page looks at what moves: quickly for a few people, and for a class as often as one core can answer.

Each look is a run of a fragment, some milliseconds of the server's only interpreter. All looks together are bounded, so
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


def watch(look: Callable[..., None], *arguments: Any, going: bool, shortest: float = TICK) -> None:
    """Draw what moves, and again and again while it goes.

    Args:
        look: draws it; on its own, as a fragment of the page.
        *arguments: its arguments.
        going: whether it will change.
        shortest: seconds between two looks, for few people.
    """
    every = pace(shortest) if going else None

    @wraps(look)
    def one_look(*arguments: Any) -> None:
        try:
            look(*arguments)
        except CnnvizError as error:  # such as a store that cannot be read now: the next look tries again
            st.error(reader().error(error), icon=":material/error:")
        if every is not None and not every / _MUCH <= pace(shortest) <= every * _MUCH:
            st.rerun()  # the page says how often its fragments run

    st.fragment(one_look, run_every=every)(*arguments)
