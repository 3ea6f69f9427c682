"""Lesson mode of the labs: a link that hides knobs and answers, and the steps through the labs by button or key.

A lesson is an ordered list of views; without one of its own, every view of every lab in the chapter's order. What is
hidden and what the lesson consists of stand in the link like everything else that is chosen. Hiding is a courtesy to
the eye and no secret: whoever edits the address sees everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.lab import View
from cnnviz.specs.labs import activations, batch_norm, by_hand, dense, inception, inside, kernel, residual, resnext
from cnnviz.ui.engine import in_class, is_teacher
from cnnviz.ui.links import PageLink
from cnnviz.ui.places import (
    ACTIVATIONS,
    BATCH_NORM,
    BY_HAND,
    DENSE,
    INCEPTION,
    INSIDE,
    KERNEL,
    RESIDUAL,
    RESNEXT,
    Place,
)
from cnnviz.ui.reader import link_parameters

ANSWERS: Final = "answers"
LAB_VIEWS: Final[Mapping[Place, Mapping[str, View]]] = {
    BATCH_NORM: batch_norm.VIEWS,
    ACTIVATIONS: activations.VIEWS,
    KERNEL: kernel.VIEWS,
    RESIDUAL: residual.VIEWS,
    INCEPTION: inception.VIEWS,
    RESNEXT: resnext.VIEWS,
    DENSE: dense.VIEWS,
    INSIDE: inside.VIEWS,
    BY_HAND: by_hand.VIEWS,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One view of a lab; `title` is an English message."""

    place: Place
    view: str
    title: str


STEPS: Final[Mapping[str, Step]] = {
    f"{place.url_path}.{key}": Step(place, key, view.title)
    for place, views in LAB_VIEWS.items()
    for key, view in views.items()
}


class LessonMode:
    """What a lab's link says about the lesson.

    Args:
        place: the lab.
        link: its link.
        knobs: every field of the lab's spec → its label, an English message.

    Attributes:
        hidden: names of the knobs that are not drawn, and `ANSWERS`.
        lesson: the steps by name, in order; empty for all of them.
    """

    def __init__(self, place: Place, link: PageLink, knobs: Mapping[str, str]) -> None:
        self._place, self._link, self._knobs = place, link, knobs
        self.hidden = self._settle("hide", (ANSWERS, *knobs))
        self.lesson = self._settle("lesson", tuple(STEPS))

    def _settle(self, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """The link's list where it asks for one, else the session's; a name that there is not is refused."""
        key, asked = self._link.key(name), self._link.asked.get(name)
        if asked is not None:
            wanted = [part for part in asked.split(",") if part]
            unknown = next((part for part in wanted if part not in allowed), None)
            if unknown is not None:
                self._link.refused.append(
                    CnnvizError("value_not_allowed", label=name, value=unknown[:60], allowed=", ".join(allowed))
                )
            st.session_state[key] = [part for part in dict.fromkeys(wanted) if part in allowed]
        return tuple(st.session_state.setdefault(key, []))

    def linked(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """The values and the defaults as `PageLink.write` takes them."""
        return {"hide": self.hidden, "lesson": self.lesson}, {"hide": (), "lesson": ()}

    def render_steps(self, view: str, _: Language) -> None:
        """The buttons to the previous and the next step, and where one is; Page Up and Page Down press them."""
        names = self.lesson or tuple(STEPS)
        here = f"{self._place.url_path}.{view}"
        number = names.index(here) if here in names else -1
        with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small", key="steps"):
            before = st.button(
                _("Back"), icon=":material/chevron_left:", shortcut="PageUp", disabled=number < 1, key="step back"
            )
            if number >= 0:
                st.caption(_("{number} of {count}", number=number + 1, count=len(names)))
            after = st.button(
                _("Next"), icon=":material/chevron_right:", shortcut="PageDown", disabled=number + 1 >= len(names),
                key="step next",
            )  # fmt: skip
        if (before and number > 0) or (after and number + 1 < len(names)):
            self._go(STEPS[names[number + 1 if after else number - 1]])

    def _go(self, step: Step) -> None:
        """Open a step; the lesson goes along, and answers that are hidden stay so."""
        if step.place == self._place:
            st.session_state[f"{self._link.key('view')} wanted"] = step.view
            st.rerun()
        carried = {"lesson": ",".join(self.lesson), "hide": ANSWERS if ANSWERS in self.hidden else ""}
        parameters = {name: text for name, text in carried.items() if text}
        st.switch_page(step.place.path, query_params=link_parameters(view=step.view, **parameters))

    def render_choices(self, _: Language) -> None:
        """What the link hides and which steps it leads through; in a class only the teacher chooses."""
        if in_class() and not is_teacher():
            return
        labels = {ANSWERS: _("The answers")} | {name: _(label) for name, label in self._knobs.items()}
        st.multiselect(
            _("The link hides"), list(labels), format_func=lambda name: labels[name], key=self._link.key("hide"),
            persist_state="session", placeholder=_("Nothing"),
        )  # fmt: skip
        st.multiselect(
            _("The lesson's steps"), list(STEPS),
            format_func=lambda name: f"{_(STEPS[name].place.title)}: {_(STEPS[name].title)}",
            key=self._link.key("lesson"), persist_state="session", placeholder=_("Every view of every lab"),
        )  # fmt: skip
