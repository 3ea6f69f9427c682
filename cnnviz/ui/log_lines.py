"""The lines of a server that are not the journal's: no addresses in them, and as JSON if the journal is JSON.

With `CNNVIZ_LOG=json` everything that Python writes to the standard error is one JSON object a line.

Streamlit gives each of its loggers a handler of its own when the module is imported, many of them late, and uvicorn
does the same at its start; tracebacks of pages go through them. So the one function that makes Streamlit's handlers is
replaced, and the tracebacks are asked for without colours and frames. Where the function is not found nothing is
replaced; a test reads the lines of a server.

The banner that Streamlit prints at its start goes to the standard output and stays what it is.
"""

import logging
import sys
import threading
from types import TracebackType
from typing import Any, Final

from streamlit import config
from streamlit import logger as streamlit_loggers

from cnnviz.training.journal import json_handler, open_journal, wish

_LOG: Final = logging.getLogger("python")
_REQUESTS: Final = "uvicorn.access"  # a line for each request, with what was asked for: Streamlit switches them off
_CONNECTIONS: Final = "uvicorn.error"  # a line for each browser, with its address


def open_log() -> None:
    """Open the journal, and bring everybody else's lines into its form if that is JSON. Call it once a server runs.

    Raises:
        CnnvizError: if the environment wishes for a log that there is not.
    """
    open_journal()
    logging.getLogger(_CONNECTIONS).setLevel(logging.WARNING)
    if wish() != "json":
        return
    ours = json_handler()

    def take_over(logger: logging.Logger) -> None:
        logger.handlers[:] = [] if logger.name == _REQUESTS else [ours]

    config.set_option("logger.enableRich", False)
    if hasattr(streamlit_loggers, "setup_formatter"):
        streamlit_loggers.setup_formatter = take_over
        streamlit_loggers.update_formatter()
    take_over(logging.getLogger())
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda error: _uncaught(error.exc_type, error.exc_value, error.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> Any:
    if error is not None:
        _LOG.error("uncaught", exc_info=(kind, error, trace))
