"""The labs' figures show the numbers that they were given, and their words say the same."""

import numpy as np

from cnnviz.figures.branches import branch_bars, describe_branches
from cnnviz.figures.grouping import block_diagonal, budget_bars, describe_block_diagonal, describe_budget
from cnnviz.figures.kept import describe_kept, kept_bars
from cnnviz.figures.lab_batch_norm import framed_tensor
from cnnviz.figures.pixelwise import describe_pixels, pixel_pictures
from cnnviz.figures.staircase import describe_join_weights, describe_staircase, join_weights, staircase_bars
from cnnviz.figures.terms import describe_terms, terms_lines
from cnnviz.insight.dense import Kept, Step
from cnnviz.insight.inception import Branch, Pixelwise
from cnnviz.insight.resnext import Grouping, Split
from cnnviz.insight.terms import terms
from cnnviz.language import Language
from cnnviz.specs.labs.dense import DenseLabSpec

_ = Language("en")
RED = "#cc0000"


def test_the_matrix_shows_weights_and_leaves_the_rest_empty():
    matrix = np.array([[1, 2, 0, 0], [3, 4, 0, 0], [0, 0, 5, 6], [0, 0, 7, 8]], np.float32)
    found = Grouping(matrix, 0.0, (1, 2), (1, 2, 3, 4), 8, 16, 8, 16)
    heat, near, behind = block_diagonal(found, 2, 1, _, colour=RED).data
    cells = np.array(heat.z)
    assert np.array_equal(np.isnan(cells), matrix == 0)
    assert np.array_equal(np.nan_to_num(cells), matrix)
    filled = [symbol == "square" for symbol in near.marker.symbol]
    assert filled == [True, True, False, False] and set(behind.marker.symbol) == {"square"}
    words = describe_block_diagonal(found, 2, 1, _)
    assert "2 squares" in words and "2 outputs change" in words and "4." in words


def test_bars_of_one_budget_are_as_high_as_the_middle_is_wide():
    splits = (Split(1, 64, 69_632), Split(32, 4, 70_144))
    (bars,) = budget_bars(splits, _, colour=RED).data
    assert list(bars.x) == ["1 × 64", "32 × 4"] and list(bars.y) == [64, 128]
    assert "32 groups of 4: 128 channels, 70,144 weights" in describe_budget(splits, _)


STEPS = (
    Step("stem", 1, 0, 1, (64,), 24, 10),
    Step("layer", 1, 1, 64, (64, 32), 24, 18_464, 36_928),
    Step("layer", 1, 2, 96, (64, 32, 32), 24, 27_680, 83_040),
    Step("transition", 2, 0, 128, (64,), 12, 99),
    Step("layer", 2, 1, 64, (64, 32), 12, 18_464, 36_928),
)


def test_the_staircase_is_piled_up_from_what_each_layer_gave():
    figure = staircase_bars(STEPS, _, colour=RED)
    heights = [0] * len(STEPS)
    for trace in figure.data:
        for place, height in zip(trace.x, trace.y, strict=True):
            heights[place] += height
    assert heights == [64, 96, 128, 64, 96]
    assert "1.2: 128; T1: 64" in describe_staircase(STEPS, _)


def test_both_ways_to_join_are_drawn_layer_by_layer():
    added, behind = join_weights(STEPS, _, colour=RED).data
    assert list(added.y) == [36_928, 83_040, 36_928] and list(behind.y) == [18_464, 27_680, 18_464]
    assert added.line.dash != behind.line.dash
    assert "from 18.5" in describe_join_weights(STEPS, _)


def test_what_is_kept_is_copied_and_the_rest():
    rows = (Kept("a", "A", 96, 1000 * 2**20, 400 * 2**20, 1, 5), Kept("b", "B", 224, 2**20, 0, 0, 5))
    copied, rest = kept_bars(rows, _, colours={"a": RED, "b": RED}).data
    assert [one + other for one, other in zip(copied.x, rest.x, strict=True)] == [row.saved_bytes for row in rows]
    assert copied.marker.pattern.shape, "told apart by more than colour"
    assert "A at 96 px" in describe_kept(rows, _)


def test_the_function_and_both_sums_are_told_apart_by_their_dashes():
    found = terms(DenseLabSpec(function="sin", terms=4))
    figure = terms_lines(found, "sin x", _, colour=RED, other="#0000cc")
    assert len(figure.data) == 4 + 3
    assert len({line.line.dash for line in figure.data[-3:]}) == 3
    assert np.array_equal(figure.data[-2].y, found.added) and np.array_equal(figure.data[-1].y, found.weighed)
    assert "4 terms" in describe_terms(found, "sin x", _)


def test_branches_add_up_to_their_work_and_their_channels():
    lanes = (Branch("1×1", (8, 4), 0, 100, 36), Branch("3×3", (8, 2, 6), 50, 300, 130))
    front, rest, *stack = branch_bars(lanes, _, colour=RED).data
    assert [a + b for a, b in zip(front.x, rest.x, strict=True)] == [100, 300]
    assert sum(bar.y[0] for bar in stack) == 10
    assert "3×3: channels 8 → 2 → 6, 75" in describe_branches(lanes, _)


def test_every_output_that_changes_is_framed():
    changed = np.zeros((3, 4), bool)
    changed[1, 2] = changed[1, 3] = True
    found = Pixelwise(np.zeros((3, 4), np.float32), 0.0, changed, (0, 0, 0), 0.0, 3, 432)
    figure = pixel_pictures(np.zeros((3, 4, 3), np.uint8), found, 2, 3, _)
    frames = {(shape.xref, (shape.x0 + shape.x1) / 2, (shape.y0 + shape.y1) / 2) for shape in figure.layout.shapes}
    assert frames == {("x", 2, 1), ("x2", 2, 1), ("x2", 3, 1)}
    assert "2 outputs change" in describe_pixels(found, 2, 3, _)


def test_the_frame_of_a_batch_is_open_where_the_batch_goes_on_and_the_axes_say_how_far():
    values = np.random.default_rng(0).normal(size=(8, 20, 1, 1))
    whole = framed_tensor(values[:6, :12], 1, _, dark=False)
    part = framed_tensor(values, 1, _, dark=False)
    assert (len(whole.layout.shapes), len(part.layout.shapes)) == (4, 3)
    assert whole.layout.yaxis.title.text == "Pictures of the batch"
    assert part.layout.yaxis.title.text == "Pictures of the batch: 6 of 8"
    assert part.layout.xaxis.title.text == "Units: 12 of 20"
