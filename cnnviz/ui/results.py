"""What a trained network does with the test set, and how it came to it: the parts of the results page."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st
from PIL import Image

from cnnviz.architectures import architecture
from cnnviz.data import CLASS_NAMES, encode_png, fashion_mnist
from cnnviz.errors import CnnvizError
from cnnviz.events import Evaluated
from cnnviz.figures.confusion import class_bars, confusion_matrix, describe_confusion, norms_map
from cnnviz.insight.predictions import (
    Predictions,
    class_scores,
    confused_pairs,
    confusion,
    examples,
    predict,
    worst,
)
from cnnviz.language import Language
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import RunRecord
from cnnviz.training.records import RECORDED
from cnnviz.ui.choosing_runs import recorded_runs, trained_runs
from cnnviz.ui.components.figure_chart import figure_chart
from cnnviz.ui.drawn import drawn
from cnnviz.ui.engine import engine, owner
from cnnviz.ui.links import PageLink
from cnnviz.ui.overlay import option_text
from cnnviz.ui.reader import dark
from cnnviz.ui.sight import seen_run
from cnnviz.ui.theme import colour_of

if TYPE_CHECKING:
    from cnnviz.insight.replay import LayerNorms

FIRST: Final = ("lenet_bn",)  # its recording has checkpoints along the whole curve
_LISTED: Final = 100
_SCALE: Final = 3  # screen px of a garment's px
_PAIRS: Final = 4
_EXAMPLES: Final = 4
_WORST: Final = 12
_MOST_NORMS: Final = 10  # checkpoints whose gradients are taken


def choose_run(link: PageLink, _: Language) -> RunRecord | None:
    """A run with checkpoints, led by the link; the newest of one's own unless something else is asked for."""
    store, key = engine().store, link.key("run")
    if "run" in link.asked:
        try:
            st.session_state[key] = seen_run(link.asked["run"]).id
        except CnnvizError as error:
            link.refused.append(error)
    listed = trained_runs()
    asked = st.session_state.get(key)
    if asked is not None and asked not in listed:
        with suppress(CnnvizError):  # deleted meanwhile, or hidden
            listed[asked] = seen_run(asked)
    if not listed:
        return None
    if asked not in listed:
        mine = (run_id for run_id, record in listed.items() if record.owner == owner())
        first = [*mine, *recorded_runs(store, FIRST)]
        st.session_state[key] = next((run_id for run_id in first if run_id in listed), next(iter(listed)))
    texts = {run_id: option_text(run, _) for run_id, run in listed.items()}
    chosen = st.selectbox(_("Run"), list(texts), format_func=texts.__getitem__, key=key,
                          persist_state="session")  # fmt: skip
    return listed[chosen]


def choose_checkpoint(link: PageLink, record: RunRecord, _: Language) -> tuple[int, Path] | None:
    """A moment of the training, on a slider; the latest unless another one is asked for."""
    kept = dict(engine().store.checkpoints_of(record.id))
    if not kept:
        return None
    steps, key = sorted(kept), f"{link.key('step')} {record.id}"
    asked = link.asked.get("step", "")
    if asked.isdigit():
        st.session_state[key] = min(steps, key=lambda step: abs(step - int(asked)))
    if st.session_state.get(key) not in steps:
        st.session_state[key] = steps[-1]
    if len(steps) == 1:
        return steps[-1], kept[steps[-1]]
    step = st.select_slider(
        _("Step of the training"), steps, format_func=_.number, key=key, persist_state="session",
        help=_("Each notch is a checkpoint: everything below is what the network was at that moment."),
    )  # fmt: skip
    return int(step), kept[int(step)]


@st.cache_resource(max_entries=128, show_spinner=False)
def predictions_of(config: TrainingConfig, path: str, changed: float) -> Predictions:
    """A checkpoint's predictions, computed once for everybody."""
    del changed  # only says when the file is another one
    return predict(config, Path(path))


def predictions_at(record: RunRecord, path: Path) -> Predictions:
    """The predictions of a run at a checkpoint.

    Raises:
        CnnvizError: if the checkpoint has gone or is damaged.
    """
    try:
        changed = path.stat().st_mtime
    except OSError as error:
        raise CnnvizError("checkpoint_damaged") from error
    return predictions_of(record.config, str(path), changed)


def render_difference(record: RunRecord, step: int, found: Predictions, _: Language) -> None:
    """Why the accuracy here is not to the last picture the one that the run measured at the same step, if it is not."""
    events = [event for _number, event in engine().store.events(record.id)]
    measured = [one.test_accuracy for one in events if isinstance(one, Evaluated) and one.step == step]
    if not measured or round(measured[-1] * len(found.labels)) == round(found.accuracy * len(found.labels)):
        return
    words = [_("While it trained, the run measured {accuracy}.", accuracy=_.percent(measured[-1], 2))]
    if record.choices.get("precision") == "bfloat16":
        words.append(_("There it computed in bfloat16, here in float32."))
    if record.owner == RECORDED:
        words.append(_("The weights that ship with the app are rounded to 16 bits."))
    words.append(_("A few pictures on the edge between two classes fall to the other side then."))
    st.caption(" ".join(words))


def class_names(_: Language) -> list[str]:
    """The ten classes in the reader's language."""
    return [_(name) for name in CLASS_NAMES]


def render_confusion(record: RunRecord, found: Predictions, _: Language) -> None:
    """The matrix and the share of each class that was recognised."""
    matrix, names = confusion(found.labels, found.predicted), class_names(_)
    st.markdown(f"**{describe_confusion(matrix, names, _)}**")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        figure_chart(
            drawn(confusion_matrix, matrix, names, _, dark()),
            _, alt=describe_confusion(matrix, names, _), key="confusion",
        )  # fmt: skip
    scores = [score.recall for score in class_scores(matrix)]
    colour = colour_of(architecture(record.config.architecture.key))
    said = "; ".join(f"{name} {_.percent(score or 0, 1)}" for name, score in zip(names, scores, strict=True))
    with right:
        figure_chart(
            drawn(class_bars, scores, names, _, colour=colour, dark=dark()),
            _, alt=_("Share of each class that was recognised: {shares}", shares=said), key="classes",
        )  # fmt: skip


def render_pairs(found: Predictions, _: Language) -> None:
    """The pairs of classes that are taken for each other most often, with pictures of the surest mistakes."""
    names = class_names(_)
    pairs = confused_pairs(confusion(found.labels, found.predicted), _PAIRS)
    for column, pair in zip(st.columns(max(1, len(pairs))), pairs, strict=False):
        with column:
            first, second = names[pair.first], names[pair.second]
            st.markdown(f"**{first} – {second}: {_.number(pair.count)}**")
            shown = examples(found, pair.first, pair.second, _EXAMPLES)
            st.image(_sheet(shown), alt=_("{own} taken for {other}", own=first, other=second))
            st.caption(
                _("{own} taken for {other}: {forth}; the other way round: {back}", own=first, other=second,
                  forth=_.number(pair.forth), back=_.number(pair.back))
            )  # fmt: skip


def render_worst(found: Predictions, _: Language) -> None:
    """The mistakes that cost most: pictures whose own class got the least probability."""
    names, images = class_names(_), fashion_mnist("test").images
    numbers = worst(found, _WORST)
    if not numbers:
        st.success(_("There is no mistake."), icon=":material/check:")
        return
    with st.grid(6, min_column_width=130):
        for number in numbers:
            own, said = int(found.labels[number]), int(found.predicted[number])
            with st.container(gap=None):
                st.image(encode_png(Image.fromarray(images[number]), _SCALE), alt=names[own])
                st.caption(
                    _("{own}, taken for {other} with {share}", own=names[own], other=names[said],
                      share=_.percent(float(found.probabilities[number, said]), 1))
                )  # fmt: skip


def _sheet(numbers: Sequence[int]) -> bytes:
    images = fashion_mnist("test").images
    gap = np.full((images.shape[1], 2), 255, np.uint8)
    parts = [part for number in numbers for part in (gap, images[number])][1:]
    return encode_png(Image.fromarray(np.concatenate(parts, axis=1)), _SCALE)


def render_replay(record: RunRecord, path: Path, number: int, _: Language) -> None:
    """First-layer filters and the feature maps of a garment at a moment of the training."""
    from cnnviz.insight.replay import look

    found = look(record.config, path, fashion_mnist("test").images[number])
    names = class_names(_)
    label = int(fashion_mnist("test").labels[number])
    best = int(found.probabilities.argmax())
    st.markdown(
        _("This is: {own}. The network says: {other}, with {share}.", own=names[label], other=names[best],
          share=_.percent(float(found.probabilities[best]), 1))
    )  # fmt: skip
    left, right = st.columns([1, 3], gap="medium")
    with left:
        st.image(encode_png(Image.fromarray(fashion_mnist("test").images[number]), 5), alt=names[label])
        title = _("Filters of the first layer")
        st.markdown(f"**{title}**")
        st.image(tiles(found.filters, signed=True, scale=12), alt=_("The first convolution's kernels, dark to light"))
    with right:
        for stage in found.stages[:_STAGES]:
            st.markdown(
                f"**{stage.name}** · "
                + _("{shown} of {channels} channels, {size} px", shown=len(stage.maps), channels=stage.channels,
                    size=stage.maps.shape[-1])
            )  # fmt: skip
            scale = max(1, round(56 / stage.maps.shape[-1]))
            st.image(tiles(stage.maps, signed=False, scale=scale), alt=_("Feature maps of {name}", name=stage.name))


_STAGES: Final = 4


def tiles(maps: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", *, signed: bool, scale: int) -> bytes:
    """Maps (N, H, W) side by side as a PNG, eight in a row, each from its own smallest (black) to its largest value.

    Args:
        maps: the maps.
        signed: whether grey is zero, with the same scale for all, as for filters.
        scale: px of a value's side.
    """
    if signed:
        largest = max(float(np.abs(maps).max()), 1e-9)
        levels = 127.5 + 127.5 * maps / largest
    else:
        low, high = maps.min((1, 2), keepdims=True), maps.max((1, 2), keepdims=True)
        levels = 255 * (maps - low) / np.maximum(high - low, 1e-9)
    cells = [np.kron(cell, np.ones((scale, scale))) for cell in levels]
    cells = [np.pad(cell, ((0, 6), (0, 6)), constant_values=255) for cell in cells]
    blank = np.full_like(cells[0], 255)
    rows = [cells[first : first + 8] for first in range(0, len(cells), 8)]
    width = min(8, len(cells))
    sheet = np.concatenate([np.concatenate((row + [blank] * (width - len(row)))[:width], axis=1) for row in rows])
    return encode_png(Image.fromarray(np.clip(sheet, 0, 255).astype(np.uint8)))


def render_norms(record: RunRecord, what: str, _: Language) -> None:
    """Sizes of weights or gradients of every layer along the training."""
    kept = engine().store.checkpoints_of(record.id)
    chosen = [kept[round(i * (len(kept) - 1) / max(1, min(_MOST_NORMS, len(kept)) - 1))]
              for i in range(min(_MOST_NORMS, len(kept)))]  # fmt: skip
    with st.spinner(_("Taking the gradients at {count} moments…", count=len(chosen))):
        rows = [_norms(record.config, str(path), path.stat().st_mtime) for _step, path in chosen]
    layers = [row.layer for row in rows[0]]
    values = np.array([[getattr(row, what) for row in moment] for moment in rows]).T
    first, last = float(values[0, -1]), float(values[-1, -1])
    st.markdown(
        _("At the last checkpoint the value of the first layer is {ratio} times that of the last layer.",
          ratio=_.significant(first / last if last else 0, 2))
    )  # fmt: skip
    figure_chart(
        drawn(norms_map, values, layers, [step for step, _path in chosen], _, dark()),
            _, alt=_("Root mean square of each layer over the steps, from {low} to {high}", low=f"{values.min():.1e}",
              high=f"{values.max():.1e}"), key=f"norms {what}",
    )  # fmt: skip


@st.cache_resource(max_entries=512, show_spinner=False)
def _norms(config: TrainingConfig, path: str, changed: float) -> "tuple[LayerNorms, ...]":
    from cnnviz.insight.replay import norms

    del changed
    return norms(config, Path(path))
