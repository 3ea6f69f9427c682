"""The frame that every page runs in; `app.py` starts it."""

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.ui.frame import open_frame
from cnnviz.ui.reader import reader
from cnnviz.ui.shown import render_shown
from cnnviz.ui.warming import painted

page = open_frame()
try:
    render_shown()
    page.run()
except CnnvizError as error:  # what no field of the page has caused, such as a missing file of the assets
    st.error(reader().error(error), icon=":material/error:")
painted()
