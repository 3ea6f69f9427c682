"""Lines with names at their ends: nothing covers anything, and logarithms are drawn where they are asked for."""

import numpy as np
import pytest

from cnnviz.figures.lab_batch_norm import mosaic
from cnnviz.figures.lab_kernel import filter_sheet
from cnnviz.figures.lines import Axis, Series, line_chart
from cnnviz.language import Language

EN = Language("en")


@pytest.mark.parametrize("dark", [False, True])
def test_names_stand_apart_and_have_their_lines_colours(dark):
    x = np.arange(5)
    series = [Series(name, x, x * (1 + number / 1000), number) for number, name in enumerate("abc")]
    figure = line_chart(series, Axis("x"), Axis("y"), EN, dark=dark)
    names = {note.text.removeprefix("<b>").removesuffix("</b>"): note for note in figure.layout.annotations}
    assert set(names) == set("abc")
    heights = sorted(note.y for note in names.values())
    assert np.diff(heights).min() >= 0.07
    colours = {trace.name: trace.line.color for trace in figure.data}
    assert all(note.font.color == colours[name] for name, note in names.items())
    assert len({trace.line.dash for trace in figure.data}) == 3, "never colour alone"


@pytest.mark.parametrize(("low", "high"), [(1e-12, 1.0), (0.02, 0.9), (3.0, 4e5)])
def test_a_logarithmic_axis_has_few_ticks_that_are_there(low, high):
    figure = line_chart([Series("a", [0, 1], [low, high])], Axis("x"), Axis("y", log=True), EN, dark=False)
    bottom, top = (10.0**end for end in figure.layout.yaxis.range)
    seen = [tick for tick in figure.layout.yaxis.tickvals if bottom <= tick <= top]
    assert 2 <= len(seen) <= 8
    np.testing.assert_allclose(figure.data[0].y, [low, high])


def test_what_has_no_logarithm_is_a_gap():
    figure = line_chart([Series("a", [0, 1, 2], [0.0, 1.0, np.inf])], Axis("x"), Axis("y", log=True), EN, dark=False)
    assert np.isnan(figure.data[0].y[[0, 2]]).all() and figure.data[0].y[1] == 1


def test_a_mosaic_keeps_every_value():
    values = np.random.default_rng(1).normal(size=(2, 3, 4, 5))
    drawn = mosaic(values)
    assert np.isnan(drawn).sum() + values.size == drawn.size
    np.testing.assert_array_equal(np.sort(drawn[~np.isnan(drawn)]), np.sort(values.ravel()))


def test_every_filter_is_on_the_sheet_and_zero_is_its_middle():
    weights = np.random.default_rng(2).normal(size=(20, 3, 3))
    (sheet,) = filter_sheet(weights, 3, EN, dark=False).data
    shown = np.array(sheet.z, dtype=float)
    np.testing.assert_array_equal(np.sort(shown[~np.isnan(shown)]), np.sort(weights.ravel()))
    assert sheet.zmin == -sheet.zmax
