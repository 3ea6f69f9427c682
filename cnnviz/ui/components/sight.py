"""A feature map under the hand: each of its cells shows its window on the picture, and where the hand rests, its glow.

The browser draws the window, which start, jump and size decide; the server computes what the cell really looks at.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import streamlit as st
from PIL import Image

from cnnviz.data import png_uri
from cnnviz.insight.inside import Sight
from cnnviz.language import Language
from cnnviz.rows import LayerRow
from cnnviz.ui.components.selection import CELLS

_HERE: Final = Path(__file__).parent
_MOUNT: Final = st.components.v2.component(
    "cnnviz_sight",
    html=(_HERE / "sight.html").read_text(encoding="utf-8"),
    css=(_HERE / "sight.css").read_text(encoding="utf-8"),
    js=CELLS + (_HERE / "sight.js").read_text(encoding="utf-8"),
)


def cell_sight(
    stage: LayerRow,
    found: Sight,
    overview: Image.Image,
    picture: Image.Image,
    glow: Image.Image,
    name: str,
    _: Language,
    *,
    key: str,
    view: str,
    on_cell: Callable[[int, int], None],
) -> None:
    """Draw a stage's map and the picture; a cell is chosen by pointing at it, touching it, or with the arrow keys.

    Args:
        stage: a row of `cnnviz.insight.inside.map_stages`.
        found: what the chosen cell sees.
        overview: the map, a pixel a cell.
        picture: the network's input in its own pixels.
        glow: the same with the chosen cell's influence over it.
        name: what the picture shows, in the reader's language.
        _: the reader's language.
        key: the component's key.
        view: tells one network, stage and picture from another; a cell chosen in the one is none of the other.
        on_cell: called with the row and the column, from 0, on which the hand came to rest.
    """
    assert stage.jump is not None and stage.field_start is not None
    rows, columns = stage.output_shape[2:]
    size = _.shape((rows, columns))
    top, left, bottom, right = found.window

    def take() -> None:
        cell = _cell((st.session_state.get(key) or {}).get("cell"), rows, columns)
        if cell is not None:
            on_cell(*cell)

    _MOUNT(
        key=key,
        data={
            "view": view,
            "map": png_uri(overview),
            "picture": png_uri(picture),
            "glow": png_uri(glow),
            "rows": rows,
            "columns": columns,
            "side": picture.height,
            "cell": [found.row, found.column],
            "start": list(stage.field_start),
            "jump": list(stage.jump),
            "size": [bottom - top, right - left],
            "labels": {
                "map": _("Behind {stage}, {size} cells", stage=stage.name, size=size),
                "picture": _("The input: {name}", name=name),
                "help": _(
                    "The feature map, all channels averaged. Point at a cell, or move with the arrow keys: what it "
                    "sees is framed on the picture."
                ),
                "line": _(
                    "Row {row}, column {column} sees the rows {top} to {bottom} and the columns {left} to {right} of "
                    "the picture."
                ),
                "outside": _("The rest of its window is padding."),
                "framed": _("The input, {name}: framed the window of the cell in row {row}, column {column}.").replace(
                    "{name}", name
                ),
                "seen": _(
                    "The input, {name}: framed the window of the cell in row {row}, column {column} of {size}; bright "
                    "the pixels that would change it most."
                )
                .replace("{name}", name)
                .replace("{size}", size),
            },
        },
        on_cell_change=take,
    )


def _cell(sent: Any, rows: int, columns: int) -> tuple[int, int] | None:
    """The cell that the browser has named, if there is such a one: anyone can send anything."""
    if not isinstance(sent, list | tuple) or [type(place) for place in sent] != [int, int]:
        return None
    return (sent[0], sent[1]) if 0 <= sent[0] < rows and 0 <= sent[1] < columns else None
