"""How the curves are drawn: what the horizontal axis counts, what the upper chart shows, a logarithmic loss."""

from dataclasses import dataclass
from typing import Final, cast

import streamlit as st

from cnnviz.language import Language
from cnnviz.ui.components.live_curves import Axis
from cnnviz.ui.links import PageLink
from cnnviz.ui.measures import MEASURES, Measure, measure_named
from cnnviz.ui.network import choose_option
from cnnviz.ui.runs import AXES

USUAL: Final = {"x": "steps", "above": "accuracy", "log": False}
"""What does not stand in a link."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What is chosen.

    Attributes:
        x: what the horizontal axis counts.
        measure: what the upper chart shows.
        log_loss: whether the loss has a logarithmic axis.
    """

    x: Axis
    measure: Measure
    log_loss: bool

    @property
    def values(self) -> dict[str, object]:
        """For the link."""
        return {"x": self.x, "above": self.measure, "log": self.log_loss}


def choose_axes(link: PageLink, _: Language) -> Axes:
    """Two short lists and a switch, led by the link."""
    x, _new = choose_option(link, "x", AXES, _("Horizontal axis"), _, many=True)
    above, _new = choose_option(link, "above", MEASURES, _("Upper chart"), _, many=True)
    return Axes(cast(Axis, x), measure_named(above), choose_switch(link, "log", _("Logarithmic loss"), False))


def choose_switch(link: PageLink, name: str, label: str, default: bool) -> bool:
    """A switch, led by the link.

    Args:
        link: the page's link.
        name: of its parameter.
        label: in the reader's language.
        default: how it stands at first.
    """
    key = link.key(name)
    if name in link.asked:
        st.session_state[key] = link.asked[name] == "1"
    st.session_state.setdefault(key, default)
    return st.toggle(label, key=key, persist_state="session")
