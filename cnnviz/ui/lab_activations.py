"""The activations lab on the page: what each view shows, computed once for everybody."""

from typing import Any, Final

import numpy as np
import streamlit as st

from cnnviz.figures.lines import Axis, Series, line_chart
from cnnviz.insight import activations as insight
from cnnviz.language import Language
from cnnviz.specs.labs.activations import ActivationsSpec
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.fields import choice_label
from cnnviz.ui.reader import dark

ASKED: Final = (10, 20)  # layers of the question on gradients
ASKED_DEEP: Final = 30  # layers of the question on signals


@st.cache_resource(max_entries=32, show_spinner=False)
def curve(name: str) -> insight.Curve:
    """An activation from −6 to 6; see `cnnviz.insight.activations.curve`."""
    return insight.curve(name, np.linspace(-6, 6, 241))


@st.cache_resource(max_entries=1024, show_spinner=False)
def stack(name: str, depth: int, scheme: str, seed: int) -> insight.Stack:
    """See `cnnviz.insight.activations.stack`."""
    return insight.stack(name, depth, scheme, seed)


def render_curves(spec: ActivationsSpec, _: Language) -> dict[str, Any]:
    """The function and its slope, read off at one input; returns the numbers."""
    name = choice_label(spec.activation, _)
    found, here = curve(spec.activation), insight.curve(spec.activation, np.array([spec.at]))
    value, slope = float(here.value[0]), float(here.slope[0])
    sentence = _(
        "At {input}, {name} is **{value}** and its slope **{slope}**; its largest slope is {largest}.",
        input=_.number(spec.at, 1),
        name=name,
        value=_.significant(value),
        slope=_.significant(slope),
        largest=_.significant(float(found.slope.max())),
    )
    st.markdown(sentence)
    figure_chart(
        drawn(
            line_chart,
            [Series(name, found.x, found.value, 0), Series(_("its slope"), found.x, found.slope, 1)],
            Axis(_("Input")),
            Axis("", range=(-1.4, 2.6)),  # the same for all, so that slopes can be compared
            _,
            dark=dark(),
            at=spec.at,
        ),
        _,
        alt=sentence,
        key="curves",
    )
    return {
        "bound": _.scientific(insight.SIGMOID_BOUND**10),
        "slope": _.significant(slope),
        "left": _.scientific(slope**10),
    }


def render_gradient(spec: ActivationsSpec, _: Language) -> dict[str, Any]:
    """How much of the gradient reaches each layer, for three initialisations; returns the numbers."""
    stacks = {scheme: stack(spec.activation, spec.depth, scheme, spec.seed) for scheme in insight.SCHEMES}
    sentence = _(
        "Through {depth} layers of {name}, the first one receives {default} of the gradient with PyTorch's own "
        "weights, {xavier} with Xavier's and {he} with He's.",
        depth=spec.depth,
        name=choice_label(spec.activation, _),
        **{scheme: f"**{_.scientific(found.arrives)}**" for scheme, found in stacks.items()},
    )
    passed = np.arange(spec.depth + 1)
    lines = [
        Series(choice_label(scheme, _), passed, found.gradients[::-1], number)
        for number, (scheme, found) in enumerate(stacks.items())
    ]
    if spec.activation == "sigmoid":
        lines.append(Series(_("slopes alone: 4^−n"), passed, insight.SIGMOID_BOUND**passed, None))
    _draw(sentence, lines, _("Layers that the gradient has passed"), _("What is left of the gradient"), _)
    few, many = (stack("sigmoid", depth, "xavier", spec.seed).arrives for depth in ASKED)
    return {"few": _.scientific(few), "many": _.scientific(many)}


def render_signal(spec: ActivationsSpec, _: Language) -> dict[str, Any]:
    """The deviation of each layer's outputs, for three initialisations; returns the numbers."""
    stacks = {scheme: stack(spec.activation, spec.depth, scheme, spec.seed) for scheme in insight.SCHEMES}
    single = spec.over == "unit"
    deviations = {scheme: found.spreads if single else found.deviations for scheme, found in stacks.items()}
    known = {
        "depth": spec.depth,
        "name": choice_label(spec.activation, _),
        **{scheme: f"**{_.scientific(float(values[-1]))}**" for scheme, values in deviations.items()},
    }
    sentence = (
        _(
            "Over the inputs, a unit deviates by 1 at first. Behind {depth} layers of {name} it does so by {default} "
            "with PyTorch's own weights, {xavier} with Xavier's and {he} with He's.",
            **known,
        )
        if single
        else _(
            "Inputs have deviation 1. After {depth} layers of {name} it is {default} with PyTorch's own weights, "
            "{xavier} with Xavier's and {he} with He's.",
            **known,
        )
    )
    lines = [
        Series(choice_label(scheme, _), np.arange(spec.depth + 1), values, number)
        for number, (scheme, values) in enumerate(deviations.items())
    ]
    title = _("Standard deviation of a unit") if single else _("Standard deviation of the outputs")
    _draw(sentence, lines, _("Layers from the input"), title, _)
    return {
        scheme: _.scientific(float(stack("relu", ASKED_DEEP, scheme, spec.seed).deviations[-1]))
        for scheme in insight.SCHEMES
    }


def _draw(sentence: str, lines: list[Series], below: str, left: str, _: Language) -> None:
    """A sentence and a logarithmic chart over the layers."""
    st.markdown(sentence)
    figure_chart(
        drawn(line_chart, lines, Axis(below), Axis(left, log=True), _, dark=dark()),
        _,
        alt=sentence,
        key="depth",
    )


RENDER: Final = {"curves": render_curves, "gradient": render_gradient, "signal": render_signal}
