"""The frame of a lab: one figure, beside it a short text, what one touches, and a question.

    Lab(ACTIVATIONS, N_("…"), N_("…"), ActivationsSpec, VIEWS).show({"curves": render_curves, "depth": render_depth})

A lab has one spec, whose fields are the knobs of all its views; a view draws its own and the others wait in the link.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

import streamlit as st

from cnnviz.language import Language
from cnnviz.specs.base import Spec
from cnnviz.specs.lab import Question, View
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.frame import heading
from cnnviz.ui.lesson_mode import LessonMode
from cnnviz.ui.links import HIDE, PageLink
from cnnviz.ui.network import choose_option, good_or_last, render_refusals
from cnnviz.ui.places import Place
from cnnviz.ui.steps import ANSWERS
from cnnviz.ui.watching import part

LabSpec = TypeVar("LabSpec", bound=Spec)
Numbers = Mapping[str, Any] | Callable[[], Mapping[str, Any]]
"""What the placeholders of an answer stand for; what takes long is computed when somebody has settled on one."""
NO_OPTIONS: Final = MappingProxyType[str, Callable[[Mapping[str, Any]], Mapping[str, str]]]({})


class Lab(Generic[LabSpec]):
    """One lab's page: its heading and the choice of the view; `show` draws the rest, which is a part of the page.

    Args:
        place: which page this is.
        title: English message.
        lead: what can be understood here, an English message.
        spec_type: the knobs of all views.
        views: key → view; the first one is where one begins.
        options: text fields whose choices are only known now: name → what they are (value → what is shown), from the
            values of the fields before.

    Attributes:
        language: the reader's.
        view: the key of the chosen view.
        form: the knobs, while the view is drawn.
        hand: below the knobs, where the question goes, while the view is drawn.
        page: the heading, for what can be taken away.
    """

    def __init__(
        self,
        place: Place,
        title: str,
        lead: str,
        spec_type: type[LabSpec],
        views: Mapping[str, View],
        options: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = NO_OPTIONS,
    ) -> None:
        self.page = heading(title, lead)
        self.language = _ = self.page.language
        self.link = PageLink(place.url_path, own=(HIDE,))
        self._place, self._spec_type, self._views, self._options = place, spec_type, views, options
        titles = {key: view.title for key, view in views.items()}
        labels = {name: field.title or name for name, field in spec_type.model_fields.items()}
        self.lesson = LessonMode(place, self.link, labels)
        wanted = st.session_state.pop(f"{self.link.key('view')} wanted", None)
        if wanted is not None:
            st.session_state[self.link.key("view")] = wanted
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            self.view = choose_option(self.link, "view", titles, _("Look at"), _, visibility="collapsed")[0]
            self.lesson.render_steps(self.view, _)

    def show(self, render: Mapping[str, Callable[[LabSpec, Language], Numbers]]) -> None:
        """Draw the chosen view: its knobs, its figure and its question.

        Args:
            render: view → what draws its figure from the knobs and returns the numbers of the answer.
        """
        part(self._draw, render[self.view])
        self.link.follow_widgets()
        with self.page.take_away(fresh=True):
            self.lesson.render_choices(self.language)

    def _draw(self, render: Callable[[LabSpec, Language], Numbers]) -> None:
        """What a knob runs, and nothing else of the page."""
        _, view = self.language, self._views[self.view]
        drawn = [name for name in view.knobs if name not in self.lesson.hidden]
        screen, side = st.columns([2, 1], gap="medium")  # on a phone the figure comes first
        with side:
            st.markdown(_(view.text))
            self.form = SpecForm(self._spec_type, self.link, dict(self._spec_type()), _)
            with st.grid(2, min_column_width=150):
                for name in drawn:
                    if name in self._options:
                        self.form.choose_one(name, self._options[name](self.form.values))
                    else:
                        self.form.draw([name])
            self.form.hold([name for name in self._spec_type.model_fields if name not in drawn])
            self.hand = st.container()
        spec: LabSpec | None = good_or_last(
            self._place.url_path, lambda: self._spec_type.parse(self.form.values), self.form.show
        )
        self.link.write(
            {"view": self.view, HIDE: self.lesson.hidden, **self.form.values},
            {"view": next(iter(self._views)), HIDE: (), **self.form.defaults},
        )
        with screen:
            render_refusals(self.link, self.form.sentence, _)
            if spec is None:
                return
            numbers = render(spec, _)
        self.ask(numbers)

    def ask(self, numbers: Numbers) -> None:
        """The view's question; whoever has settled on an answer reads what happens and why, unless the link hides it.

        Args:
            numbers: what the answer's placeholders stand for.
        """
        _, question = self.language, self._views[self.view].question
        key = f"{self.link.key(self.view)} answer"
        settled = st.session_state.get(f"{key} settled")
        with self.hand, st.container(border=True, gap="small", key="question"):
            chosen = st.radio(
                f"**{_(question.text)}**",
                range(len(question.choices)),
                index=None,
                format_func=lambda index: _(question.choices[index]),
                key=key,
                disabled=settled is not None,
                persist_state="session",
            )
            if settled is None:
                st.button(
                    _("This is my answer"), icon=":material/how_to_vote:", disabled=chosen is None, key=f"{key} settle",
                    on_click=st.session_state.__setitem__, args=(f"{key} settled", chosen),
                )  # fmt: skip
                return
            if ANSWERS in self.lesson.hidden:
                st.info(_("Your answer stands. The reason follows in class."), icon=":material/how_to_vote:")
                return
            right = settled == question.right
            known = numbers() if callable(numbers) else numbers
            words = (_("Right.") if right else _("Not quite.")) + " " + _(question.answer, **known)
            (st.success if right else st.warning)(words, icon=":material/check:" if right else ":material/lightbulb:")
            if any(self.form.values[name] != value for name, value in question.shows.items()):
                st.button(
                    _("Show it"),
                    icon=":material/visibility:",
                    on_click=self._show,
                    args=(question,),
                    key=f"{self.link.key(self.view)} show",
                )

    def _show(self, question: Question) -> None:
        """Turn the knobs to where the answer is seen."""
        for name, value in question.shows.items():
            st.session_state[self.form.key(name)] = value
