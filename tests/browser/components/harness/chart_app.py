"""Serves `chart_page.py` as `app.py` serves its pages."""

import streamlit as st

from cnnviz.ui.components.routes import component_routes

app = st.App("chart_page.py", routes=component_routes())
