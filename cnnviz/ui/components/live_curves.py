"""Live training curves: a few points a tick over the wire, zoom and hidden curves kept in the browser.

`st.plotly_chart` sends the whole figure at every change and forgets the view. Here the browser keeps the points, merged
by their step numbers, and the server sends what is new since the last two ticks, so a missed message leaves no gap. If
one does appear (a reload, a page left and entered again, a message dropped by a faster one) the browser says so and the
next message brings the whole run, reduced so that no spike disappears. A run with a ticket is sent once; the browser
fetches what follows from a route of its own (`ui.curve_feed`), which weighs less than any rerun of a page's fragment.

The JavaScript is imported from a route of its own, since an inline component sends it again with every message.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import streamlit as st
from starlette.routing import Route

from cnnviz.figures.curves import Reference, RunCurves
from cnnviz.language import Language
from cnnviz.ui.components.assets import ServedScripts
from cnnviz.ui.components.curve_wire import message
from cnnviz.ui.components.plotly_js import plotly_name

Axis = Literal["steps", "epochs", "seconds", "images", "macs"]
_SENT: Final = ":sent"  # how the keys of these memories end
_SCRIPTS: Final = ServedScripts(Path(__file__).parent / "curves", ("figure.js", "points.js", "words.js"))


def curve_routes() -> list[Route]:
    """The routes that serve this component's JavaScript and style sheet."""
    return _SCRIPTS.routes()


# Not isolated: plotly.js puts its own style sheet into the document, which does not reach into a shadow root.
_MOUNT: Final = st.components.v2.component(
    "cnnviz_live_curves",
    html='<div class="live-curves" style="min-height:20rem"></div>',
    js=_SCRIPTS.loader(PLOTLY=plotly_name()),
    isolate_styles=False,
)


def curve_labels(_: Language) -> dict[str, str]:
    """The words of the component itself, in the reader's language."""
    return {
        "train": _("Training"),
        "test": _("Test"),
        "run": _("Run"),
        "step": _("Step"),
        "epoch": _("Epoch"),
        "train_loss": _("Training loss (smoothed)"),
        "train_accuracy": _("Training accuracy (smoothed)"),
        "test_loss": _("Test loss"),
        "test_accuracy": _("Test accuracy"),
        "best": _("Best test accuracy"),
        "table": _("Values as a table"),
        "loading": _("Loading the chart…"),
        "waiting": _("The first points appear here as soon as the training begins."),
        "failed": _("The chart could not be loaded: this server does not answer. The values are in the table below."),
        "retry": _("Try again"),
        "reset": _("Show everything"),
        "status": _("{run}: step {step}, training loss {train_loss}, test accuracy {test_accuracy}"),
        "seconds": _("Seconds"),
        "images": _("Images"),
        "macs": _("MACs"),
        "key": _("Thin: training. With dots: test."),
        "locale": _.code,
    }


def needs_history(key: str, run: str, revision: int | str = 0) -> bool:
    """Whether the browser needs a run from its first step on; otherwise its last few hundred points are enough.

    Ask before reading the store, then pass either everything (`previous_step=0`) or the end of the run with
    `previous_step` set to the step before it.
    """
    sent = st.session_state.get(_memory(key), {}).get(run)
    return sent is None or sent["revision"] != revision


def live_curves(
    series: Sequence[RunCurves],
    *,
    key: str,
    height: int = 480,
    x: Axis = "steps",
    x_title: str,
    y_titles: tuple[str, str],
    labels: Mapping[str, str],
    alt: str,
    references: Sequence[Reference] = (),
    smoothing: float = 0.9,
    log_loss: bool = False,
    legend: bool = False,
    measure: str = "accuracy",
    words: Mapping[str, Any] | None = None,
) -> None:
    """Draw the curves of some runs over one another: accuracy above, loss below, one shared axis.

    Call it in a fragment with `run_every`, under the same key each time. `app.py` must serve `component_routes()`.

    Args:
        series: the runs, in the order of the legend.
        key: the component's key; zoom and hidden curves are kept under it.
        height: of both charts together, in px.
        x: what the shared axis counts; epochs need a run's `steps_per_epoch`, the others its `positions`.
        x_title: its title with the unit.
        y_titles: the titles of the accuracy's and of the loss's axis.
        labels: the component's own words, from `curve_labels`.
        alt: one sentence for a screen reader: what is seen here.
        references: horizontal lines to compare with.
        smoothing: 0 to below 1, the weight of the past in the moving average over steps.
        log_loss: whether the loss has a logarithmic axis.
        legend: whether there is a legend, in which runs can be hidden, also where the lines carry their names.
        measure: what `train_accuracy` holds; see `ui.measures`.
        words: what stands above the charts of the first run, from `run_words.moving_words` with labels; they move on
            with the points that the browser fetches.

    Raises:
        ValueError: if a run's arrays differ in length, two runs share an id, or `smoothing` is outside [0, 1).

    Example:
        >>> live_curves(
        ...     [RunCurves("r1", "LeNet", "#1e65ab", test_steps=[9], test_loss=[2.3], test_accuracy=[0.1])],
        ...     key="curves",
        ...     x_title=_("Steps"),
        ...     y_titles=(_("Accuracy"), _("Loss (nats)")),
        ...     labels=curve_labels(_),
        ...     alt=_("LeNet: the loss stays at 2.3."),
        ...     references=[Reference("loss", 2.303, _("knows nothing yet"))],
        ... )
    """
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing: {smoothing} is outside [0, 1)")
    if len({run.id for run in series}) != len(series):
        raise ValueError("two runs share an id")
    memory = st.session_state.setdefault(_memory(key), {})
    frame = {
        "height": height,
        "x": x,
        "xTitle": x_title,
        "yTitles": list(y_titles),
        "labels": dict(labels),
        "references": [
            {
                "panel": line.panel,
                "value": float(line.value),
                "label": line.label,
                "color": line.color,
                "spread": line.spread,
            }
            for line in references
        ],
        "smoothing": smoothing,
        "log": log_loss,
        "legend": legend,
        "measure": measure,
    }
    _MOUNT(
        key=key,
        data=message(frame, alt.replace("**", ""), series, memory, words),  # often the sentence above, which stresses
        on_need_change=lambda: _forget(key),
        on_moved_change=_look_again,
    )


def _memory(key: str) -> str:
    """Where the session remembers what a component's browser has been sent."""
    return f"{key}{_SENT}"


def forget_sent() -> None:
    """On another page the charts begin anew in the browser: they need everything at once, not only when they ask."""
    for key in [key for key in st.session_state if isinstance(key, str) and key.endswith(_SENT)]:
        del st.session_state[key]


def _look_again() -> None:
    """The browser was the first to hear that a run is in another state, or that something else is to be said of it."""


def _forget(key: str) -> None:
    """The browser has a gap: send everything again. Runs as a callback, before the rerun that the browser asked for."""
    st.session_state[_memory(key)] = {}
