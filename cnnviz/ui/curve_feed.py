"""What the live curves fetch by themselves while a run trains: its new points and words, some hundred bytes at a time.

A rerun of a fragment names every page of the app in its first message, which is more than all points in between. So the
page's script says only rarely how things stand, and the browser asks here for what came since a step. Whoever was shown
a run by a page holds the run's ticket and may ask for its points; the ticket is bound to the browser's cookie and to
this server's life, so that nothing here repeats the rules of who sees what.
"""

import hmac
import math
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cnnviz.errors import CnnvizError
from cnnviz.events import Evaluated
from cnnviz.language import LANGUAGES, Language
from cnnviz.ui.components.assets import asset_path
from cnnviz.ui.components.curve_wire import HISTORY, TAIL, encode, part
from cnnviz.ui.engine import COOKIE, engine
from cnnviz.ui.measures import Measure, measure_named, values_of
from cnnviz.ui.run_words import moving_words
from cnnviz.ui.watching import feed_pause

_SECRET: Final = secrets.token_bytes(32)
_ASKED: Final = re.compile(r"([a-z2-9]{10})\.(\d{1,9})\.(\d{1,9})\.([0-9a-f]{16})")
_PACE: Final = 0.5  # seconds that one update's points stand for
_HEADERS: Final = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'"}
MOST: Final = 24
"""Runs of one question."""


def ticket(run_id: str) -> str:
    """What lets the browser that looks at this page ask for a run's points: 16 hexadecimal digits."""
    return _ticket(run_id, str(st.context.cookies.get(COOKIE) or ""))


def _ticket(run_id: str, cookie: str) -> str:
    return hmac.digest(_SECRET, f"{run_id} {cookie}".encode(), "sha256").hex()[:16]


def points_since(
    questions: Mapping[str, tuple[int, int]], waited: float, measure: Measure = "accuracy",
    reader: Language | None = None,
) -> bytes:  # fmt: skip
    """The points of some runs since a training step and a measurement of each, as `curve_wire.encode` writes them.

    The browser is told how long to wait before it asks again.
    A run that has gone is left out. Each one's entry says its state; "train" and "test" are there if something is new.

    Args:
        questions: by run: the last training step and the last measured step that the browser has.
        waited: seconds since it last asked; the longer, the more points it gets.
        measure: what comes with the losses of the training steps.
        reader: in whose language the first run's words come along; None leaves them out.
    """
    store = engine().store
    header: dict[str, Any] = {"runs": [], "pause": feed_pause()}
    blocks: list[NDArray[Any]] = []
    limit = min(HISTORY, max(16, int(TAIL / max(1, len(questions)) * max(1.0, waited / _PACE))))
    for run_id, known in questions.items():
        try:
            record = store.record(run_id)
        except CnnvizError:
            continue
        if reader is not None and not header["runs"]:
            header["words"] = moving_words(record, reader)
        # A run that was continued from an earlier checkpoint takes some of its steps again.
        trained, tested = (min(step, record.step) for step in known)
        steps = store.steps(run_id, trained)
        tests = [event for _number, event in store.events(run_id) if isinstance(event, Evaluated)]
        tests = [event for event in tests if event.step > tested]
        entry: dict[str, Any] = {"id": run_id, "state": record.state}
        measured = measure != "accuracy"
        if record.ended:
            entry["ended"] = True
        if measured:
            entry["measured"] = True
        if len(steps) or tests:
            whole = HISTORY if not trained else limit
            train = steps.step, steps.loss, values_of(steps, measure)
            entry["train"] = part(train, whole, trained, blocks, measured=measured)
            entry["test"] = part(
                ([event.step for event in tests], [event.test_loss for event in tests],
                 [event.test_accuracy for event in tests]), whole, tested, blocks,
            )  # fmt: skip
        header["runs"].append(entry)
    return encode(header, blocks)


def _serve(request: Request) -> Response:
    """Not a coroutine: the store may keep it waiting, and nobody else shall wait with it."""
    cookie = request.cookies.get(COOKIE) or ""
    questions: dict[str, tuple[int, int]] = {}
    for asked in request.query_params.get("runs", "").split(",")[:MOST]:
        found = _ASKED.fullmatch(asked)
        if found is None or not hmac.compare_digest(found[4], _ticket(found[1], cookie)):
            return PlainTextResponse("", status_code=403, headers=_HEADERS)
        questions[found[1]] = int(found[2]), int(found[3])
    try:
        waited = float(request.query_params.get("waited", "0"))
        measure = measure_named(request.query_params.get("measure", ""))
        language = request.query_params.get("words", "")
        reader = Language(language) if language in LANGUAGES else None
        data = points_since(questions, waited if math.isfinite(waited) else 0.0, measure, reader)
    except (CnnvizError, ValueError):
        return PlainTextResponse("", status_code=503, headers=_HEADERS)
    return Response(data, media_type="application/octet-stream", headers=_HEADERS)


def feed_route() -> Route:
    """Answers at `/app/points?runs=<id>.<step>.<measured step>.<ticket>,…&waited=<seconds>`.

    With `&measure=<name>` another line than the accuracy, with `&words=<language>` the words of the first run.
    """
    return Route(asset_path("points"), _serve, methods=["GET"], name="points")
