"""The treemaps' areas are the report's figures, and the sentence states what the chapter says about them."""

import pytest

from cnnviz.architectures import catalog
from cnnviz.figures.treemap import describe_treemaps, stage_colours, treemaps
from cnnviz.language import Language

ENGLISH = Language("en")
KEYS = [entry.key for entry in catalog()]


def plain(text):
    return text.replace("\u202f", " ")


@pytest.mark.parametrize("key", KEYS)
def test_areas_are_the_reports_figures_and_parents_hold_their_children(report_by_key, key):
    report = report_by_key(key)
    figure = treemaps(report, ENGLISH)
    for trace, total in zip(figure.data, (report.parameters, report.macs), strict=True):
        values = dict(zip(trace.ids, trace.values, strict=True))
        assert values["/"] == total
        for path, parent in zip(trace.ids, trace.parents, strict=True):
            if path == "/":
                continue
            row = report.row(path)
            assert values[path] in (row.parameters, row.macs)
            assert parent in values
        for parent in set(trace.parents) - {""}:
            inside = sum(values[path] for path, above in zip(trace.ids, trace.parents, strict=True) if above == parent)
            assert inside <= values[parent], "plotly draws nothing where children exceed their parent"


@pytest.mark.parametrize("key", ["alexnet", "googlenet", "densenet201"])
@pytest.mark.parametrize("dark", [False, True])
def test_a_stage_has_one_colour_in_both(report_by_key, key, dark):
    report = report_by_key(key)
    figure = treemaps(report, ENGLISH, dark)
    colours = stage_colours(report)
    seen = {}
    for trace in figure.data:
        for path, colour in zip(trace.ids, trace.marker.colors, strict=True):
            if path != "/":
                seen.setdefault(path.partition(".")[0], set()).add(colour)
    assert seen == {stage: {colours[stage]} for stage in seen}
    assert len(seen) > 2


def test_the_lesson_of_alexnet(report_by_key):
    """Zhang et al., Dive into Deep Learning: 42,991,616 weights of AlexNet are in its dense layers, 164 MiB."""
    text = plain(describe_treemaps(report_by_key("alexnet"), ENGLISH))
    assert text.startswith("The dense layers hold 92 % of the weights and do 5 % of the work.")
    assert "conv1: < 1 % of the parameters" in text, "a small share is not nothing"


def test_networks_of_convolutions_name_their_stages(report_by_key):
    text = plain(describe_treemaps(report_by_key("resnet18"), ENGLISH))
    assert text.startswith("stage4 holds the most weights") and "does the most work" in text


def test_the_selection_is_marked_in_both_even_where_only_its_surroundings_are_drawn(report_by_key):
    figure = treemaps(report_by_key("alexnet"), ENGLISH, selected="dense1.dense")
    for trace in figure.data:
        widths = dict(zip(trace.ids, trace.marker.line.width, strict=True))
        assert [path for path, width in widths.items() if width > 1] == ["dense1"]


def test_exact_figures_stand_in_the_hover_and_the_path_comes_back(report_by_key):
    report = report_by_key("alexnet")
    trace = treemaps(report, ENGLISH).data[0]
    index = trace.ids.index("dense1")
    assert "26,218,496" in trace.hovertext[index]  # (6400 + 1)·4096
    assert trace.customdata[index] == "dense1"
