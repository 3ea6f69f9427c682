"""What `streamlit run app.py` starts: the pages behind one server, with routes of its own.

`st.App` brings routes (the plotly.js that the curves use, health), headers and the owner's cookie; the page frame is
`pages/main.py`. Measured: deep links work on a fresh server, and AppTest starts at the inner script.
"""

import streamlit as st

app = st.App("pages/main.py")
