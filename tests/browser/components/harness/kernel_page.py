"""Two convolutions on one page, each under a hand of its own."""

import numpy as np
import streamlit as st

from cnnviz.language import Language, match_language
from cnnviz.ui.components.convolution import convolution

_ = Language(match_language(st.context.locale))
picture = np.linspace(0, 1, 64).reshape(8, 8)
for key, stride in (("first", 1), ("second", 2)):
    kernel = np.arange(9.0).reshape(3, 3)
    size = (8 - 3) // stride + 1
    output = np.array(
        [
            [(picture[r * stride : r * stride + 3, c * stride : c * stride + 3] * kernel).sum() for c in range(size)]
            for r in range(size)
        ]
    )
    with st.container(key=f"{key} one"):
        convolution(picture, kernel, output, "ramp", _, key=key, stride=stride)
