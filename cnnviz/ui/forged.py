"""A value that no widget of a page would send: said in a sentence to whoever sent it.

Streamlit reads widgets' values where the page asks for them, and one that it cannot read ends the page's script. Our
own browsers never send such a value; a curious person's program does.
"""

import traceback
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.errors import StreamlitSelectionCountExceedsMaxError

from cnnviz.errors import CnnvizError
from cnnviz.ui.reader import reader

_PROJECT: Final = Path(__file__).parents[2]
_OWN: Final = (str(_PROJECT / "cnnviz"), str(_PROJECT / "pages"))
_STATE: Final = str(Path(st.__file__).parent / "runtime" / "state")
_DRAWERS: Final = str(Path(st.__file__).parent / "elements" / "layouts.py")  # hands on what it was sent, unread


def script_error(error: Exception) -> bool:
    """What `st.App` calls when a page's script breaks; whether the sentence stands in for the error's own display."""
    if not is_forged(error):
        return False
    st.error(reader().error(CnnvizError("value_unreadable")), icon=":material/error:")
    return True


def is_forged(error: BaseException) -> bool:
    """Whether an error arose while Streamlit read the value of a widget, and so from what the browser sent."""
    if isinstance(error, StreamlitSelectionCountExceedsMaxError):  # its own browsers choose no more than they may
        return True
    reading = False
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(_OWN):  # the page's own code, or what it calls with the value
            reading = False
        elif (
            frame.name == "deserialize"
            or frame.filename.startswith(_STATE)
            or (frame.filename == _DRAWERS and type(error) is TypeError)
        ):
            reading = True
    return reading
