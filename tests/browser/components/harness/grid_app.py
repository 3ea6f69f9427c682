"""Serves `grid_page.py` as `app.py` serves its pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st

from cnnviz.ui.components.routes import component_routes
from cnnviz.ui.latency import keep_memory, send_at_once


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Answers leave at once and memory is kept, as in the app."""
    send_at_once()
    keep_memory()
    yield


app = st.App("grid_page.py", routes=component_routes(), lifespan=lifespan)
