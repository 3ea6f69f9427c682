"""The figure that the address names, drawn by plotly and by ourselves, one above the other."""

import streamlit as st

from cnnviz.language import Language
from cnnviz.ui.components.figure_chart import figure_chart
from tests.figures.chart_figures import figures

st.set_page_config(layout="wide")
_ = Language("en")
name = st.query_params.get("figure", "lines")
figure = figures()[name]
if "alone" not in st.query_params:
    st.plotly_chart(figure, key="plotly", config={"displayModeBar": False})
figure_chart(figure, _, alt=f"The figure {name}", key="own")
