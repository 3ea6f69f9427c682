"""Predict, then reveal: the outputs and parameters of the rows stay hidden until somebody has typed what they are."""

from collections.abc import Collection
from dataclasses import dataclass, field

import streamlit as st

from cnnviz.inspection.formula import formulas
from cnnviz.inspection.predict import Verdict, check
from cnnviz.language import Language
from cnnviz.rows import LayerRow, Report
from cnnviz.specs.architectures import ArchitectureSpec


@dataclass
class Predictions:
    """What one reader has revealed of one network, in the session; another network starts anew."""

    spec: ArchitectureSpec
    revealed: set[str] = field(default_factory=set)
    right: int = 0
    asked: int = 0


def predictions_of(spec: ArchitectureSpec) -> Predictions:
    """The reader's predictions of a network."""
    kept = st.session_state.get("predictions")
    if kept is None or kept["spec"] != spec:
        kept = st.session_state["predictions"] = {"spec": spec, "revealed": set(), "right": 0, "asked": 0}
    return Predictions(**kept)


def render_prediction(report: Report, path: str | None, spec: ArchitectureSpec, _: Language) -> Collection[str]:
    """The questions about the selected layer, and the answer with its reason; returns the paths that stay hidden."""
    state = predictions_of(spec)
    row = report.row(path) if path else None
    if row is not None and row.leaf and row.path not in state.revealed:
        _ask(row, state, _)
    elif row is not None and row.path in state.revealed:
        _answer(row, _)
    else:
        st.info(_("Choose a single layer and predict its output and its parameters."), icon=":material/quiz:")
    if state.asked:
        st.caption(_("{right} of {asked} right.", right=state.right, asked=state.asked))
    return [row.path for row in report.layers if row.path not in state.revealed]


def _ask(row: LayerRow, state: Predictions, _: Language) -> None:
    with st.form(f"predict {row.path}", border=True):
        st.markdown(
            _("**{layer}** receives {shape}. What comes out?", layer=row.type, shape=_.shape(row.input_shape[1:]))
        )
        shape, parameters, button = st.columns([2, 2, 1], vertical_alignment="bottom")
        guess = shape.text_input(_("Output"), placeholder="64×24×24")
        count = parameters.text_input(_("Parameters"), placeholder="1.7 k")
        if button.form_submit_button(_("Check"), type="primary"):
            _settle(row, check(row, guess, count), (guess, count), state, _)


def _settle(row: LayerRow, verdict: Verdict, typed: tuple[str, str], state: Predictions, _: Language) -> None:
    if verdict.unread:
        st.warning(_("Write a shape as 64×24×24 and a number as 1664 or 1.7 k."), icon=":material/edit:")
        return
    if verdict.shape is None and verdict.parameters is None:
        st.warning(_("Type at least one of the two."), icon=":material/edit:")
        return
    kept = st.session_state["predictions"]
    kept["asked"] += 1
    kept["right"] += verdict.right
    kept["revealed"].add(row.path)
    st.session_state["prediction"] = {"path": row.path, "verdict": verdict, "typed": typed}
    st.rerun()


def _answer(row: LayerRow, _: Language) -> None:
    last = st.session_state.get("prediction")
    if not last or last["path"] != row.path:
        return
    right = last["verdict"].right
    says = [f"{_('Output')}: **{_.shape(row.output_shape[1:])}**", f"{_('Parameters')}: **{_.number(row.parameters)}**"]
    why = [f"{_(formula.name)}: {formula.text}" for formula in formulas(row)]
    text = "  \n".join([_("Right.") if right else _("Not quite."), *says, *why]).replace("*(", "\\*(")
    (st.success if right else st.warning)(text, icon=":material/check:" if right else ":material/lightbulb:")
