"""The frame that every page runs in; `app.py` starts it."""

from cnnviz.ui.frame import open_frame
from cnnviz.ui.warming import painted

open_frame().run()
painted()
