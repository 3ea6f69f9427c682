"""The depth chart's points are the shapes that the chapter and the papers print."""

import pytest

from cnnviz.architectures import catalog
from cnnviz.figures.depth import depth_chart, depth_points, describe_depth
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
    chart = depth_chart(report, ENGLISH)
    channels, heights = chart.lines
    assert [value for _place, value in heights.values] == sizes
    assert [value for _place, value in channels.values] == [point.channels for point in points]
    assert channels.dashed != heights.dashed and channels.colour != heights.colour, "never colour alone"
    assert 1 <= len(chart.stages) <= 12
    assert [first for first, _end in chart.stages[1:]] == [end for _first, end in chart.stages[:-1]]


def test_the_axis_is_logarithmic_from_one_to_the_largest(report_by_key):
    chart = depth_chart(report_by_key("alexnet"), ENGLISH)
    assert (chart.top, chart.levels) == (6400, (1, 10, 100, 1000)), "the flattened pictures are the widest"
    assert (chart.share(1), chart.share(6400)) == (0, 1)
    assert chart.share(80) == pytest.approx(0.5), "80 is the root of 6,400"


def test_the_sentence(report_by_key):
    text = describe_depth(report_by_key("resnet18"), ENGLISH)
    assert text == "Height falls from 96 to 1 px while channels grow from 1 to 512."
