"""The treemaps' areas are the report's figures, and the sentence states what the chapter says about them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.architectures import catalog
from cnnviz.figures.treemap import HEIGHT, WIDTH, describe_treemaps, squarified, stage_colours, treemaps
from cnnviz.language import Language
from tests.heavy import heavy_in_soak

ENGLISH = Language("en")
KEYS = heavy_in_soak(entry.key for entry in catalog())


def plain(text):
    return text.replace("\u202f", " ")


@pytest.mark.parametrize("key", KEYS)
def test_values_are_the_reports_figures_and_parents_hold_their_children(report_by_key, key):
    report = report_by_key(key)
    for treemap, total in zip(treemaps(report, ENGLISH), (report.parameters, report.macs), strict=True):
        assert treemap.total == total
        boxes = {tile.path: tile.box for tile in treemap.tiles}
        assert len(boxes) == len(treemap.tiles) > 1
        for tile in treemap.tiles:
            row = report.row(tile.path)
            assert tile.value in (row.parameters, row.macs) and tile.share == tile.value / total
            around = boxes.get(row.parent, (0, 0, WIDTH, HEIGHT))
            assert within(tile.box, around), f"{tile.path} leaves {row.parent}"
        for one, other in itertools.combinations(treemap.tiles, 2):
            if not other.path.startswith(f"{one.path}.") and not one.path.startswith(f"{other.path}."):
                assert apart(one.box, other.box), f"{one.path} lies on {other.path}"


def within(inner, outer, slack=0.01):
    (left, top, width, height), (x, y, w, h) = inner, outer
    return x - slack <= left and y - slack <= top and left + width <= x + w + slack and top + height <= y + h + slack


def apart(one, other, slack=0.01):
    (left, top, width, height), (x, y, w, h) = one, other
    return left + width <= x + slack or x + w <= left + slack or top + height <= y + slack or y + h <= top + slack


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=30), st.floats(10, 800), st.floats(10, 800))
def test_rectangles_have_their_areas_and_fill_the_box(areas, width, height):
    found = squarified(areas, (5.0, 7.0, width, height))
    assert len(found) == len(areas)
    for area, (_left, _top, w, h) in zip(areas, found, strict=True):
        assert w * h == pytest.approx(area / sum(areas) * width * height, rel=1e-6)
        assert within((_left, _top, w, h), (5.0, 7.0, width, height), 1e-6 * (width + height))
    for one, other in itertools.combinations(found, 2):
        assert apart(one, other, 1e-6 * (width + height))


def test_the_papers_example():
    """Bruls, Huizing and van Wijk (2000), figure 6: areas 6, 6, 4, 3, 2, 2, 1 in a rectangle of 6 × 4."""
    found = squarified([6, 6, 4, 3, 2, 2, 1], (0.0, 0.0, 6.0, 4.0))
    expected = [(0, 0, 3, 2), (0, 2, 3, 2), (3, 0, 12 / 7, 7 / 3), (33 / 7, 0, 9 / 7, 7 / 3)]
    for box, wanted in zip(found, expected, strict=False):
        assert box == pytest.approx(wanted)


@pytest.mark.parametrize("key", ["alexnet", "googlenet", "densenet201"])
def test_a_stage_has_one_colour_in_both(report_by_key, key):
    report = report_by_key(key)
    colours = stage_colours(report)
    seen = {}
    for tile in (tile for treemap in treemaps(report, ENGLISH) for tile in treemap.tiles):
        seen.setdefault(tile.path.partition(".")[0], set()).add(tile.colour)
    assert seen == {stage: {colours[stage]} for stage in seen}
    assert len(seen) > 2


def test_the_area_of_alexnets_dense_layers(report_by_key):
    """Six sevenths of the weights and hardly any of the work: what is seen at once."""
    report = report_by_key("alexnet")
    shares = [
        sum(tile.share for tile in treemap.tiles if tile.path in ("dense1", "dense2", "output"))
        for treemap in treemaps(report, ENGLISH)
    ]
    assert shares[0] > 0.85 and shares[1] < 0.06
    dense = next(tile for tile in treemaps(report, ENGLISH)[0].tiles if tile.path == "dense1")
    assert dense.value == 26_218_496  # (6400 + 1)·4096
    assert dense.box[2] * dense.box[3] == pytest.approx(dense.share * WIDTH * HEIGHT)


def test_the_lesson_of_alexnet(report_by_key):
    """Zhang et al., Dive into Deep Learning: 42,991,616 weights of AlexNet are in its dense layers, 164 MiB."""
    text = plain(describe_treemaps(report_by_key("alexnet"), ENGLISH))
    assert text.startswith("The dense layers hold 92 % of the weights and do 5 % of the work.")
    assert "conv1: < 1 % of the parameters" in text, "a small share is not nothing"


def test_networks_of_convolutions_name_their_stages(report_by_key):
    text = plain(describe_treemaps(report_by_key("resnet18"), ENGLISH))
    assert text.startswith("stage4 holds the most weights") and "does the most work" in text
