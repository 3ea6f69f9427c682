"""Made-up runs that grow twice a second, for the tests of the live curves.

Link parameters: runs (how many), rate (steps per second), start (steps already done), total, charts (1 or 2),
x (steps or epochs), lose (how many messages never arrive, every sixth tick), empty.
"""

import math
import time

import numpy as np
import streamlit as st

from cnnviz.figures.curves import Mark, Reference, RunCurves
from cnnviz.language import Language, match_language
from cnnviz.ui.components.curve_wire import message
from cnnviz.ui.components.live_curves import curve_labels, live_curves

_ = Language(match_language(st.context.locale))
st.set_page_config(layout="wide")
asked = st.query_params
COLORS = [
    ("#1e65ab", "#66cef6"),
    ("#de7c00", "#cba913"),
    ("#00955b", "#0b985c"),
    ("#ab4d88", "#c65e97"),
    ("#3399ea", "#fbfd43"),
]
DASHES = ["solid", "dash", "dot", "dashdot", "longdash"]
NAMES = ["LeNet", "LeNet with batch norm", "AlexNet", "NiN", "<b>GoogLeNet</b>"]
PER_EPOCH = 118
began = st.session_state.setdefault("began", time.monotonic())
revision = st.session_state.setdefault("revision", 0)


def loss_of(steps: np.ndarray, run: int) -> np.ndarray:
    """A loss that falls, with noise that depends on the step alone."""
    noise = np.sin(steps * 12.9898 + run) * 43758.5453
    noise = noise - np.floor(noise) - 0.5
    return (0.25 + 0.1 * run + 2.05 * np.exp(-steps / (90 + 40 * run)) + 0.25 * noise * np.exp(-steps / 800)).astype(
        np.float32
    )


def run_at(run: int, done: int) -> RunCurves:
    steps = np.arange(1, done + 1)
    loss = loss_of(steps, run)
    if done > 150:
        loss[149] = 4.0  # one bad step, which must stay visible
    tests = np.arange(PER_EPOCH // 2, done + 1, PER_EPOCH // 2)
    test_loss = 0.03 + 0.25 + 0.1 * run + 2.05 * np.exp(-tests / (90 + 40 * run))
    marks = (Mark(100, _("Learning rate {value}", value=_.number(0.05))),) if done >= 100 and run == 0 else ()
    return RunCurves(
        id=f"run{run}",
        name=NAMES[run],
        color=COLORS[run],
        dash=DASHES[run],  # type: ignore[arg-type]
        train_steps=steps,
        train_loss=loss,
        train_accuracy=np.clip(1 - loss / 2.6, 0, 1),
        test_steps=tests,
        test_loss=test_loss,
        test_accuracy=np.clip(1 - test_loss / 2.5, 0, 1),
        steps_per_epoch=PER_EPOCH,
        total_steps=int(asked.get("total", 0)),
        revision=revision,
        marks=marks,
    )


def lose(count: int, key: str, done: int) -> None:
    """Messages that never arrive, as when a faster one overtakes them: the server believes that they were sent."""
    memory = st.session_state[f"{key}:sent"]
    frame = memory.get("")
    for earlier in range(count, 0, -1):
        message({}, "", [run_at(run, done - 3 * earlier) for run in range(int(asked.get("runs", 1)))], memory)
    memory[""] = frame


@st.fragment(run_every=0.4)
def chart(key: str) -> None:
    ticks = st.session_state[f"{key}_ticks"] = st.session_state.get(f"{key}_ticks", 0) + 1
    done = int(asked.get("start", 0)) + int((time.monotonic() - began) * float(asked.get("rate", 60)))
    done = min(done, int(asked.get("total", 0)) or done)
    runs = [run_at(run, done) for run in range(int(asked.get("runs", 1)))] if "empty" not in asked else []
    if ticks % 6 == 5:
        lose(int(asked.get("lose", 0)), key, done)
    live_curves(
        runs,
        key=key,
        height=int(asked.get("height", 460)),
        x=asked.get("x", "steps"),  # type: ignore[arg-type]
        x_title=_("Epochs") if asked.get("x") == "epochs" else _("Steps"),
        y_titles=(_("Accuracy"), _("Loss (nats)")),
        labels=curve_labels(_),
        alt=f"{len(runs)} runs, step {done}",
        references=[
            Reference("loss", math.log(10), _("ln 10: knows nothing yet")),
            Reference("accuracy", 0.853, _("Published: {value}", value=_.percent(0.853, 1))),
        ],
    )
    st.text(f"Tick {ticks}, step {done}")


with st.container(horizontal=True):
    if st.button("Start over"):
        st.session_state.revision += 1
        st.session_state.began = time.monotonic()
        st.rerun()
    show = st.toggle("Show", value=True)
    if st.button("Rerun the page"):
        pass
if show:
    for number in range(int(asked.get("charts", 1))):
        chart(f"curves{number}")
