"""What `streamlit run app.py` starts: the pages behind one server, with routes, headers and the owner's cookie.

The pages' frame is `pages/main.py`: deep links work on a fresh server, and AppTest starts at
that inner script.
"""

import os

# Before anything imports torch: a waiting thread must sleep, not spin, beside the training process.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import streamlit as st

from cnnviz.ui.forged import script_error
from cnnviz.ui.server import middleware, routes
from cnnviz.ui.warming import lifespan

app = st.App("pages/main.py", routes=routes(), middleware=middleware(), lifespan=lifespan, on_script_error=script_error)
