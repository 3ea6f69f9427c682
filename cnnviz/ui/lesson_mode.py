"""Lesson mode of the labs: a link that hides knobs and answers, and the choice of the steps it leads through.

What is hidden stands in the link like everything else that is chosen. Hiding is a courtesy to the eye and no secret:
whoever edits the address sees everything.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.ui.engine import in_class, is_teacher
from cnnviz.ui.links import HIDE, LESSON, PageLink
from cnnviz.ui.places import Place
from cnnviz.ui.reader import link_parameters
from cnnviz.ui.steps import ANSWERS, STEPS, Step, hide_answers, lesson, open_step, render_steps, step_parameters


class LessonMode:
    """What a lab's link says about the lesson.

    Args:
        place: the lab.
        link: its link.
        knobs: every field of the lab's spec → its label, an English message.

    Attributes:
        hidden: names of the knobs that are not drawn, and `ANSWERS`.
    """

    def __init__(self, place: Place, link: PageLink, knobs: Mapping[str, str]) -> None:
        self._place, self._link, self._knobs = place, link, knobs
        self.hidden = self._settle((ANSWERS, *knobs))
        hide_answers(ANSWERS in self.hidden)

    def _settle(self, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """The link's list where it asks for one, else the session's; a name that there is not is refused."""
        key, asked = self._link.key(HIDE), self._link.asked.get(HIDE)
        if asked is not None:
            wanted = [part for part in asked.split(",") if part]
            unknown = next((part for part in wanted if part not in allowed), None)
            if unknown is not None:
                self._link.refused.append(
                    CnnvizError("value_not_allowed", label=HIDE, value=unknown[:60], allowed=", ".join(allowed))
                )
            st.session_state[key] = [part for part in dict.fromkeys(wanted) if part in allowed]
        return tuple(st.session_state.setdefault(key, []))

    def render_steps(self, view: str, _: Language) -> None:
        """The buttons to the previous and the next step, and where one is."""
        wanted = render_steps(Step(self._place, {"view": view}, "").name, _)
        if wanted is None:
            return
        if wanted.place != self._place:
            open_step(wanted)
        st.session_state[f"{self._link.key('view')} wanted"] = wanted.parameters["view"]  # the knobs stay as they are
        st.rerun()

    def render_choices(self, _: Language) -> None:
        """What the link hides and which steps it leads through; in a class only the teacher chooses."""
        if in_class() and not is_teacher():
            return
        labels = {ANSWERS: _("The answers")} | {name: _(label) for name, label in self._knobs.items()}
        st.multiselect(
            _("The link hides"), list(labels), format_func=lambda name: labels[name], key=self._link.key(HIDE),
            persist_state="session", placeholder=_("Nothing"),
        )  # fmt: skip
        st.session_state.setdefault(LESSON, [])
        st.multiselect(
            _("The lesson's steps"), list(STEPS), format_func=lambda name: STEPS[name].label(_), key=LESSON,
            persist_state="session", placeholder=_("Every view of every lab"),
        )  # fmt: skip
        if lesson():
            st.caption(_("Link to where the lesson begins"))
            st.code(_address(STEPS[lesson()[0]]), language=None, wrap_lines=True)


def _address(step: Step) -> str:
    """A step's address on this server."""
    base = (st.context.url or "").partition("?")[0].rpartition("/")[0]
    return f"{base}/{step.place.url_path}?{urlencode(link_parameters(**step_parameters(step)))}"
