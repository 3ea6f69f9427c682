"""The depth chart's points are the shapes that the chapter and the papers print."""

import pytest

from cnnviz.architectures import catalog
from cnnviz.figures.depth import depth_points, depth_ticks, describe_depth, describe_point
from cnnviz.language import Language

ENGLISH = Language("en")


def stages(report):
    """(channels, height) of each stage's last point."""
    last = {}
    for point in depth_points(report):
        last[point.stage] = (point.channels, point.size)
    return last


def test_the_chapters_shapes(report_by_key):
    densenet = stages(report_by_key("densenet"))
    names = ("stem", "block1", "transition1", "block2", "transition2", "block3", "transition3", "block4")
    assert [densenet[name] for name in names] == [
        (64, 24), (192, 24), (96, 12), (224, 12), (112, 6), (240, 6), (120, 3), (248, 3),
    ]  # fmt: skip
    lenet = [(point.channels, point.size) for point in depth_points(report_by_key("lenet"))]
    assert lenet[0] == (1, 28)
    for expected in [(6, 28), (6, 14), (16, 10), (16, 5), (400, None), (120, None), (84, None), (10, None)]:
        assert expected in lenet


@pytest.mark.parametrize("key", [entry.key for entry in catalog()])
def test_resolution_never_grows_and_ends_where_the_picture_does(report_by_key, key):
    report = report_by_key(key)
    points = depth_points(report)
    sizes = [point.size for point in points if point.size is not None]
    assert sizes == sorted(sizes, reverse=True), "no zigzag from the lanes of a block"
    assert (points[-1].channels, points[-1].size) == (10 if report.output_shape[1] == 10 else 1000, None)
    ticks = depth_ticks(points)
    assert 1 <= len(ticks) <= 12
    assert all(points[index].stage != points[index - 1].stage for index in ticks)


def test_the_sentence(report_by_key):
    text = describe_depth(report_by_key("resnet18"), ENGLISH)
    assert text == "Height falls from 96 to 1 px while channels grow from 1 to 512."


def test_a_point_in_words(report_by_key):
    points = depth_points(report_by_key("lenet"))
    assert describe_point(points[0], ENGLISH) == "Input: 1 channels, 28 px high"
    assert describe_point(points[-1], ENGLISH) == "output: 10 units"
