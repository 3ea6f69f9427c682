"""One convolution by hand: picture and output side by side, and under the hand the products that make one output.

The output is the server's; the browser adds one output's products again as the hand moves, without asking anybody.
"""

from pathlib import Path
from typing import Any, Final

import streamlit as st
from numpy.typing import NDArray

from cnnviz.language import Language
from cnnviz.ui.components.selection import CELLS

_HERE: Final = Path(__file__).parent
_MOUNT: Final = st.components.v2.component(
    "cnnviz_convolution",
    html=(_HERE / "convolution.html").read_text(encoding="utf-8"),
    css=(_HERE / "convolution.css").read_text(encoding="utf-8"),
    js=CELLS + (_HERE / "convolution.js").read_text(encoding="utf-8"),
)


def convolution(
    image: NDArray[Any],
    kernel: NDArray[Any],
    output: NDArray[Any],
    name: str,
    _: Language,
    *,
    key: str,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> None:
    """Draw a picture and what a kernel makes of it.

    Args:
        image: (H, W), drawn from 0 (black) to 1 (white).
        kernel: (k, k) weights.
        output: (H', W'), drawn from its smallest value (black) to its largest (white); not empty.
        name: what the picture shows, in the reader's language.
        _: the reader's language.
        key: the component's key.
        stride: px between two positions.
        padding: zeros on each side, px.
        dilation: px between two weights.
    """
    rows, columns = output.shape
    _MOUNT(
        key=key,
        data={
            "input": _board(image, 0.0, 1.0),
            "output": _board(output, float(output.min()), float(output.max())),
            "kernel": [round(float(weight), 5) for weight in kernel.ravel()],
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "labels": {
                "input": _("Picture, {height}×{width} px", height=image.shape[0], width=image.shape[1]),
                "picture": _(
                    "The picture: {name}, {height}×{width} px; framed are the pixels under the kernel.",
                    name=name,
                    height=image.shape[0],
                    width=image.shape[1],
                ),
                "output": _("Output, {height}×{width}", height=rows, width=columns),
                "help": _(
                    "The output, {height}×{width} px from {low} (black) to {high} (white), of a {side}×{side} kernel "
                    "with stride {stride}, padding {padding} and dilation {dilation}. Move with the arrow keys: what "
                    "each of its pixels is made of is read aloud.",
                    height=rows,
                    width=columns,
                    low=_.number(float(output.min()), 2),
                    high=_.number(float(output.max()), 2),
                    side=kernel.shape[0],
                    stride=stride,
                    padding=padding,
                    dilation=dilation,
                ),
                "line": _("Row {row}, column {column}: {count} products add up to {sum}."),
                "locale": _.code,
            },
        },
    )


def _board(values: NDArray[Any], low: float, high: float) -> dict[str, Any]:
    rows, columns = values.shape
    return {
        "rows": rows,
        "columns": columns,
        "values": [round(float(value), 4) for value in values.ravel()],
        "low": round(low, 4),
        "high": round(high, 4),
    }
