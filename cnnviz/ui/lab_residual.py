"""The residual lab on the page: what each view shows, computed once for everybody where it takes a while."""

from typing import Any, Final

import numpy as np
import streamlit as st

from cnnviz.figures.lab_residual import class_drawing, distance_bars, pictures_in_a_row
from cnnviz.figures.lines import Axis, Series, line_chart
from cnnviz.insight import residual as insight
from cnnviz.language import Language
from cnnviz.specs.labs.residual import ResidualLabSpec, network, racers
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.lab_race import render_race
from cnnviz.ui.reader import dark


@st.cache_resource(max_entries=256, show_spinner=False)
def gradient_norms(depth: int, residual: bool, norm: bool, seed: int) -> insight.Matrix:
    """See `cnnviz.insight.residual.gradient_norms`."""
    return insight.gradient_norms(network(depth, residual, norm), seed)


@st.cache_resource(max_entries=128, show_spinner=False)
def curves(blocks: int, seed: int) -> tuple[insight.Matrix, insight.Matrix, insight.Matrix]:
    """Scales of g's weights, what plain blocks let through, and what residual ones change, as shares of the input."""
    scales = np.linspace(0, 1, 21)
    passed = [insight.through_blocks(float(scale), blocks, seed) for scale in scales]
    return scales, np.array([one.left for one in passed]), np.array([one.difference for one in passed])


def render_classes(spec: ResidualLabSpec, _: Language) -> dict[str, Any]:
    """Discs for classes, and how near each comes to f⋆; returns the numbers of the question."""
    discs = insight.classes(spec.nested)[: spec.number]
    distances = [disc.distance(spec.x, spec.y) for disc in discs]
    nearest = min(range(len(discs)), key=lambda index: distances[index])
    sentence = _(
        "F{number}, the largest class, comes within **{distance}** of f⋆; the nearest is F{nearest} with {least}.",
        number=spec.number,
        distance=_.number(distances[-1], 2),
        nearest=nearest + 1,
        least=_.number(distances[nearest], 2),
    )
    st.markdown(sentence)
    drawing, bars = st.columns([3, 2], gap="small")
    figure = drawn(class_drawing, discs, (spec.x, spec.y), discs[-1].nearest(spec.x, spec.y), _, dark=dark())
    words = _("Classes of functions as discs, f⋆ as a star.")
    with drawing:
        figure_chart(figure, _, alt=f"{words} {sentence}", key="classes")
    words = "; ".join(f"F{number}: {_.number(distance, 2)}" for number, distance in enumerate(distances, start=1))
    with bars:
        figure_chart(drawn(distance_bars, distances, _, dark=dark()), _, alt=words, key="distances")
    start = ResidualLabSpec()
    apart = insight.classes(nested=False)
    x, y = (spec.x, spec.y) if insight.loses(apart, spec.x, spec.y) else (start.x, start.y)
    before, after = insight.loses(apart, x, y) or (1, 2)
    near, far = (_.number(apart[number - 1].distance(x, y), 2) for number in (before, after))
    return {"before": before, "after": after, "near": near, "far": far}


def render_identity(spec: ResidualLabSpec, _: Language) -> dict[str, Any]:
    """A garment through plain and residual blocks; returns the numbers."""
    found = insight.through_blocks(spec.scale, spec.blocks, spec.seed)
    sentence = _(
        "After {blocks} blocks, **{left}** of the picture's size is left by the plain ones; the residual ones have "
        "changed it by **{difference}** of its size.",
        blocks=spec.blocks,
        left=_.percent(found.left, 1),
        difference=_.percent(found.difference, 1),
    )
    st.markdown(sentence)
    pictures = (
        (_("Input x"), found.picture),
        (_("Plain: g(x)"), found.plain),
        (_("Residual: x + g(x)"), found.residual),
    )
    figure_chart(drawn(pictures_in_a_row, pictures, _, dark=dark()), _, alt=sentence, key="pictures")
    scales, left, changed = curves(spec.blocks, spec.seed)
    lines = [
        Series(_("left by plain blocks"), scales, left, 1),
        Series(_("changed by residual ones"), scales, changed, 0),
    ]
    below, left_axis = Axis(_("Size of g's weights"), range=(0, 1)), Axis(_("Share of x"), range=(-0.05, 1.55))
    chart = drawn(line_chart, lines, below, left_axis, _, dark=dark(), height=240, at=spec.scale)
    figure_chart(chart, _, alt=sentence, key="scales")
    nothing = insight.through_blocks(0.0, spec.blocks, spec.seed)
    return {"difference": _.percent(nothing.difference), "left": _.percent(nothing.left)}


def render_gradients(spec: ResidualLabSpec, _: Language) -> dict[str, Any]:
    """The gradient of each convolution, plain and residual; returns the numbers of the question."""
    norms = {residual: gradient_norms(spec.depth, residual, spec.norm, spec.seed) for residual in (False, True)}
    ratios = {residual: float(found[0] / found[-1]) for residual, found in norms.items()}
    sentence = _(
        "From the last convolution down to the first, the gradient becomes **{plain}** times as large without "
        "shortcuts and **{residual}** times with them.",
        plain=_.scientific(ratios[False]),
        residual=_.scientific(ratios[True]),
    )
    st.markdown(sentence)
    chart = drawn(
        line_chart,
        [
            Series(_("plain"), np.arange(1, len(norms[False]) + 1), norms[False], 1),
            Series(_("residual"), np.arange(1, len(norms[True]) + 1), norms[True], 0),
        ],
        Axis(_("Convolution, from the input")),
        Axis(_("Gradient of its weights"), log=True),
        _,
        dark=dark(),
    )
    figure_chart(chart, _, alt=sentence, key="gradients")
    asked = [gradient_norms(56, residual, True, spec.seed) for residual in (False, True)]
    plain, residual = (_.scientific(float(found[0] / found[-1])) for found in asked)
    return {"plain": plain, "residual": residual}


def render_the_race(_spec: ResidualLabSpec, _: Language) -> dict[str, Any]:
    """20 and 56 layers, plain and residual."""
    render_race(racers(), _)
    return {}


RENDER: Final = {
    "classes": render_classes,
    "identity": render_identity,
    "gradients": render_gradients,
    "race": render_the_race,
}
