"""The kernel lab on the page: a convolution under the hand, and the filters of a run."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import streamlit as st

from cnnviz.figures.lab_kernel import filter_sheet
from cnnviz.insight import kernel as insight
from cnnviz.language import Language
from cnnviz.specs.labs.kernel import KernelSpec
from cnnviz.ui.choosing_runs import trained_runs
from cnnviz.ui.components.convolution import convolution
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.engine import engine
from cnnviz.ui.fields import choice_label
from cnnviz.ui.overlay import option_text
from cnnviz.ui.places import TRAINING, page_link
from cnnviz.ui.reader import dark

RUNS: Final = 20  # of the newest that are offered
LARGEST: Final = 112  # px of a picture; more would be tiny cells and a large message
EVEN: Final = 0.5  # brightness of the area in the question


@st.cache_resource(max_entries=64, show_spinner=False)
def picture(name: str, size: int = 0) -> insight.Matrix:
    """See `cnnviz.insight.kernel.picture`."""
    return insight.picture(name, size)


@st.cache_resource(max_entries=32, show_spinner=False)
def filters(run_id: str, step: int) -> insight.Filters:
    """The first filters of a run's latest checkpoint; `step` tells one checkpoint from another."""
    store = engine().store
    return insight.first_filters(store.record(run_id).config.architecture, store.checkpoints_of(run_id)[-1][1])


def options(_: Language) -> dict[str, Callable[[Mapping[str, Any]], dict[str, str]]]:
    """The runs that left weights behind, for the lab's frame; a link's own run is among them."""

    def runs(_values: Mapping[str, Any]) -> dict[str, str]:
        found = trained_runs(RUNS, also=st.query_params.get("run", ""))
        return {run_id: f"{option_text(run, _)} · {run_id[:4]}" for run_id, run in found.items()} or {"": _("none yet")}

    return {"run": runs}


def render_hand(spec: KernelSpec, _: Language) -> dict[str, Any]:
    """A kernel with its stride, padding and dilation; returns the numbers."""
    weights = spec.weights if spec.kernel == "own_weights" else insight.KERNELS[spec.kernel]
    kernel = np.array(weights, dtype=float).reshape(3, 3)
    image = picture(spec.picture)
    output = insight.convolve(image, kernel, spec.stride, spec.padding, spec.dilation)
    convolution(
        image, kernel, output, choice_label(spec.picture, _), _, key="convolution", stride=spec.stride,
        padding=spec.padding, dilation=spec.dilation,
    )  # fmt: skip
    return {"size": _.shape(output.shape), "macs": _.number(output.size * kernel.size)}


def render_trained(spec: KernelSpec, _: Language) -> dict[str, Any]:
    """The filters of a run, and the chosen one over the picture as the network gets it; returns the numbers."""
    if not spec.run:
        st.info(_("No network has been trained on this server yet: half a minute with LeNet is enough."))
        page_link(TRAINING, _("Train"), net="lenet_bn")
        return {"sum": "0", "even": "0"}
    record = engine().store.record(spec.run)
    found = filters(record.id, record.step)
    number = min(spec.filter, len(found.weights))
    weights = found.weights[number - 1]
    words = _(
        "{count} filters of {side}×{side} weights; number {number} is framed.",
        count=len(found.weights),
        side=weights.shape[0],
        number=number,
    )
    figure_chart(drawn(filter_sheet, found.weights, number - 1, _, dark=dark()), _, alt=words, key="filters")
    st.caption(words)
    image = picture(spec.picture, min(record.config.architecture.image_size, LARGEST))
    output = insight.convolve(image, weights, found.stride, found.padding)
    convolution(
        image, weights, output, choice_label(spec.picture, _), _, key="filter", stride=found.stride,
        padding=found.padding,
    )  # fmt: skip
    total = float(weights.sum())
    return {"sum": _.number(total, 2), "even": _.number(EVEN * total, 2)}


RENDER: Final = {"hand": render_hand, "trained": render_trained}
