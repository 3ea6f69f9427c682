"""The colours of a sweep's map: little differences look alike, and what only guesses is pale."""

import pytest

from cnnviz.figures.sweep_map import MapCell
from cnnviz.ui.sweep_words import colour_scale


@pytest.mark.parametrize(
    ("values", "scale"),
    [((0.094, 0.742), (0.094, 0.742)), ((0.098, 0.103), (0.098, 0.2)), ((0.88, 0.90), (0.8, 0.9)), ((0.5,), (0.4, 0.5)),
     ((None,), None)],
)  # fmt: skip
def test_colours_span_ten_points_at_least_and_guessing_is_pale(values, scale):
    cells = [MapCell(0.1, number, value, "", "", "") for number, value in enumerate(values)]
    assert colour_scale(cells, "accuracy") == (scale and pytest.approx(scale))
    assert colour_scale(cells, "speed") is None
