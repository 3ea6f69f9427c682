"""The steps of a lesson: pages in an order, each with what is set there, by button or by Page Up and Page Down.

A step is a view of a lab, a network on the pages about networks, a block, a race or just a page. Without a lesson of
one's own the steps are the views of all labs, in the chapter's order; other pages show steps only in a lesson.
The lesson travels in every link (`lesson=kernel.hand,architecture.lenet`) and stays with the session, so that whoever
strays finds back; `lesson_at` says on those other pages which step one is at, since an address omits what is usual.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from cnnviz.architectures import catalog
from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.block_catalog import BLOCKS as BLOCK_CATALOG
from cnnviz.specs.lab import View
from cnnviz.specs.labs import activations, batch_norm, by_hand, dense, inception, inside, kernel, residual, resnext
from cnnviz.training.classics import classics
from cnnviz.ui.links import CURRENT, HIDE, LESSON, LESSON_AT, REFUSED, address
from cnnviz.ui.places import (
    ACTIVATIONS,
    ARCHITECTURE,
    AUGMENTATION,
    BATCH_NORM,
    BLOCKS,
    BY_HAND,
    COMPARE,
    DENSE,
    INCEPTION,
    INSIDE,
    KERNEL,
    RACE,
    RESIDUAL,
    RESNEXT,
    RESULTS,
    SWEEP,
    TRAINING,
    Place,
)
from cnnviz.ui.reader import link_parameters

ANSWERS: Final = "answers"
LAB_VIEWS: Final[Mapping[Place, Mapping[str, View]]] = {
    KERNEL: kernel.VIEWS,
    ACTIVATIONS: activations.VIEWS,
    INCEPTION: inception.VIEWS,
    BATCH_NORM: batch_norm.VIEWS,
    RESIDUAL: residual.VIEWS,
    RESNEXT: resnext.VIEWS,
    DENSE: dense.VIEWS,
    INSIDE: inside.VIEWS,
    BY_HAND: by_hand.VIEWS,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lesson.

    Attributes:
        place: the page.
        parameters: what its link sets, where it sets anything: one name → its value.
        title: what that is, an English message; empty for just the page.
    """

    place: Place
    parameters: Mapping[str, str]
    title: str

    @property
    def name(self) -> str:
        """As it stands in a link: `kernel.hand`, `architecture.lenet`, `results`."""
        return ".".join((self.place.url_path, *self.parameters.values()))

    def label(self, _: Language) -> str:
        """Page and title in the reader's language."""
        return f"{_(self.place.title)}: {_(self.title)}" if self.title else _(self.place.title)


def _steps() -> Iterator[Step]:
    for place, views in LAB_VIEWS.items():
        yield from (Step(place, {"view": key}, view.title) for key, view in views.items())
    for place in (ARCHITECTURE, TRAINING):
        yield from (Step(place, {"net": entry.key}, entry.title) for entry in catalog())
    yield from (Step(BLOCKS, {"block": entry.key}, entry.title) for entry in BLOCK_CATALOG)
    yield from (Step(RACE, {"kind": entry.key}, entry.title) for entry in classics())
    yield from (Step(place, {}, "") for place in (COMPARE, AUGMENTATION, SWEEP, RESULTS))


STEPS: Final[Mapping[str, Step]] = {step.name: step for step in _steps()}
LAB_STEPS: Final = tuple(name for name, step in STEPS.items() if step.place in LAB_VIEWS)
_HUSH: Final = "lesson hides answers"
_WRITTEN: Final = "lesson as linked"


def lesson() -> tuple[str, ...]:
    """The session's lesson: names of steps in order, or nothing."""
    return tuple(st.session_state.get(LESSON, ()))


def hide_answers(on: bool) -> None:
    """Whether the lesson hides its answers: said by every lab, remembered by the pages between them."""
    st.session_state[_HUSH] = on


def in_lab() -> bool:
    """Whether the page that runs is a lab."""
    return st.session_state.get(CURRENT) in {place.url_path for place in LAB_VIEWS}


def settle_lesson() -> None:
    """Follow the link where it brings a lesson, else the session, and write it into the link; once a run.

    A name that is no step is left out, and the page's `PageLink` refuses it in words.
    """
    state, query = st.session_state, st.query_params
    asked, at = query.get(LESSON), query.get(LESSON_AT)
    state[REFUSED] = []
    if asked is not None and (asked, at) != state.get(_WRITTEN):
        names = [name for name in dict.fromkeys(asked.split(",")) if name]
        state[REFUSED] = [_no_step(name) for name in names if name not in STEPS][:1]
        state[LESSON] = [name for name in names if name in STEPS]
        state[LESSON_AT] = int(at) - 1 if at and at.isdecimal() and int(at) <= len(lesson()) else -1
    if not _open():
        state[LESSON_AT] = _fitting(state.get(LESSON_AT, -1))
    if not in_lab() and HIDE in query:
        hide_answers(ANSWERS in query[HIDE].split(","))
    _write()


def _no_step(name: str) -> CnnvizError:
    return CnnvizError("value_not_allowed", label=LESSON, value=name[:60], allowed=", ".join(STEPS))


def _open() -> str:
    """The name of the step that is open, as the session has it; "" on a page that is not its page."""
    names, number = lesson(), st.session_state.get(LESSON_AT, -1)
    name = names[number] if 0 <= number < len(names) else ""
    return name if name and STEPS[name].place.url_path == st.session_state.get(CURRENT) else ""


def _fitting(strayed: int) -> int:
    """The number of the step that this page fits best, for whoever came another way; else where one strayed from."""
    names, here = lesson(), st.session_state.get(CURRENT)

    def fits(number: int) -> bool:
        return all(
            st.query_params.get(name, st.session_state.get(f"{here}.{name}")) == value
            for name, value in STEPS[names[number]].parameters.items()
        )

    possible = [number for number, name in enumerate(names) if STEPS[name].place.url_path == here]
    return max(possible, key=fits, default=strayed)


def _write() -> None:
    """Put what the session holds into the link; on a lab its view says the step, and the lab writes what it hides."""
    state, names = st.session_state, lesson()
    wanted = {LESSON: ",".join(names), LESSON_AT: ""}
    if not in_lab():
        number = state.get(LESSON_AT, -1)
        wanted[LESSON_AT] = str(number + 1) if names and number >= 0 else ""
        wanted[HIDE] = ANSWERS if names and state.get(_HUSH) else ""
    address({name: text for name, text in wanted.items() if text}, wanted)
    state[_WRITTEN] = (wanted[LESSON] or None, wanted[LESSON_AT] or None)


def render_steps(here: str, _: Language) -> Step | None:
    """The buttons to the previous and the next step, and where one is; Page Up and Page Down press them.

    A lesson can be left at its last step, and by whoever has strayed from it, whom "Previous" leads to the step that
    was left open.

    Args:
        here: the name of the step that is open; anything else on a page that is none of them.
        _: the reader's language.

    Returns:
        The step to open, if a button was pressed.
    """
    state, own = st.session_state, lesson()
    names = own or LAB_STEPS
    on = here in names
    if own and on:
        state[LESSON_AT] = names.index(here)
    number = names.index(here) if on else min(state.get(LESSON_AT, -1), len(names) - 1)
    back, ahead = number - on, number + 1
    over = own and number >= 0 and (not on or ahead == len(names))
    with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small", key="steps"):
        before = st.button(
            _("Previous"), icon=":material/chevron_left:", shortcut="PageUp", disabled=back < 0, key="step back"
        )
        if number >= 0:
            st.caption(_("{number} of {count}", number=number + 1, count=len(names)), width="content")
        if over:
            st.button(_("End the lesson"), icon=":material/close:", on_click=_leave, key="step leave")
            after = False
        else:
            after = st.button(
                _("Next"), icon=":material/chevron_right:", shortcut="PageDown", disabled=ahead == len(names),
                key="step next",
            )  # fmt: skip
    if before and back >= 0:
        return STEPS[names[back]]
    return STEPS[names[ahead]] if after and ahead < len(names) else None


def _leave() -> None:
    st.session_state[LESSON], st.session_state[LESSON_AT], st.session_state[_HUSH] = [], -1, False


def step_parameters(step: Step) -> dict[str, str]:
    """The parameters of a link to a step: what is set there, and the lesson, which goes along."""
    names = lesson()
    carried = {LESSON: ",".join(names), HIDE: ANSWERS if st.session_state.get(_HUSH) else ""}
    if step.place not in LAB_VIEWS:
        carried[LESSON_AT] = str(names.index(step.name) + 1)
    return dict(step.parameters) | {name: text for name, text in carried.items() if text}


def open_step(step: Step) -> None:
    """Go there; answers that are hidden stay so."""
    st.switch_page(step.place.path, query_params=link_parameters(**step_parameters(step)))


def render_page_steps(_: Language) -> None:
    """The steps on a page that is no lab, while there is a lesson."""
    if lesson() and not in_lab():
        wanted = render_steps(_open(), _)
        if wanted is not None:
            open_step(wanted)
