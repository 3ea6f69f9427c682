"""A server's own thread: it warms up what a click must not wait for, behind the first paint, and then tidies up.

Importing torch takes seconds of one core. It begins a moment after the first page has been sent, or, on a server that
nobody visits at once, a few seconds after the start; so neither the first paint nor a later click waits for it. Every
hour from then on what a class need not keep is forgotten, and what is too much makes room.
"""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from cnnviz.classroom.forgetting import tidy
from cnnviz.errors import CnnvizError
from cnnviz.ui.first_message import keep_theme
from cnnviz.ui.latency import keep_memory, send_at_once
from cnnviz.ui.log_lines import open_log
from cnnviz.ui.metrics import meter

_FIRST_PAINT: Final = threading.Event()  # set once, never cleared: the same for everybody
_NOBODY_CAME: Final = 5.0  # seconds after which the start alone is reason enough
_HOUR: Final = 3600.0  # seconds
_LET_IT_ARRIVE: Final = 0.5  # seconds for the first page to reach the browser


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Warm up and tidy up while the server runs; the executor's workers end with the server."""
    with suppress(CnnvizError):  # a kind of log that there is not is said where runs are
        open_log()
    over = threading.Event()
    send_at_once()
    keep_memory()
    keep_theme()
    threading.Thread(target=_look_after, args=(over,), name="caretaker", daemon=True).start()
    yield
    over.set()


def painted() -> None:
    """A page has been sent."""
    meter().rerun()
    _FIRST_PAINT.set()


def _look_after(over: threading.Event) -> None:
    """Everything that the server does by itself, until it is over."""
    _warm_up()
    from cnnviz.ui.engine import engine

    while not over.wait(_HOUR):
        with suppress(CnnvizError):  # a store that cannot be used now is asked again in an hour
            tidy(engine().store)


def _warm_up() -> None:
    _FIRST_PAINT.wait(_NOBODY_CAME)
    threading.Event().wait(_LET_IT_ARRIVE)
    from cnnviz.ui.engine import engine

    with suppress(CnnvizError):  # a folder that cannot be used is said where runs are: on the training page
        engine().warm(timeout=0)
    import torch
    import torchvision.transforms.v2  # noqa: F401

    import cnnviz.architectures.building
    import cnnviz.inspection.report  # noqa: F401
    from cnnviz.data import fashion_mnist

    with suppress(CnnvizError):  # what is missing is said by the page that needs it
        fashion_mnist("test")  # what the labs draw
    torch.set_num_threads(1)  # pages compute on the meta device and on small pictures; the cores belong to the runs
