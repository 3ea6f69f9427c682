"""The bars say what the reports say, and their descriptions say it in words."""

import subprocess
import sys

import pytest

from cnnviz.architectures import catalog
from cnnviz.figures.cost import CostEntry, cost_bars, describe_cost_bars
from cnnviz.figures.theme import palette
from cnnviz.language import Language

ENTRIES = [CostEntry(e.title, e.parameters, e.macs, e.colour, e.key) for e in catalog()]


def plain(text):
    return text.replace("\u202f", " ")


def luminance(colour):
    """Of "#rrggbb", WCAG 2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """WCAG 2."""
    shade, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (shade + 0.05)


def test_one_row_a_network_on_two_common_axes():
    figure = cost_bars(ENTRIES, Language("en"))
    parameters, macs = figure.data
    assert list(parameters.x) == [entry.parameters for entry in ENTRIES]
    assert list(macs.x) == [entry.macs for entry in ENTRIES]
    assert (parameters.xaxis, macs.xaxis) == ("x", "x2")
    assert list(parameters.marker.color) == list(macs.marker.color) == [entry.colour for entry in ENTRIES]
    assert [note.text for note in figure.layout.annotations] == [entry.title for entry in ENTRIES]
    assert list(parameters.customdata) == [entry.key for entry in ENTRIES]
    for axis, values in ((figure.layout.xaxis, parameters.x), (figure.layout.xaxis2, macs.x)):
        assert axis.range[0] == 0 and axis.range[1] > max(values)
        assert axis.title.text
        assert axis.type in (None, "linear")
    bottom, top = figure.layout.yaxis.range
    assert bottom > len(ENTRIES) - 1 > 0 > top  # the first network stands on top, and all are inside


def test_bars_are_labelled_where_they_end():
    figure = cost_bars(ENTRIES[:3], Language("en"))
    assert plain(figure.data[0].text[0]) == "61.7 k"
    assert "61,706" in figure.data[0].hovertext[0]
    assert not figure.layout.showlegend
    assert "61,7" in cost_bars(ENTRIES[:1], Language("es")).data[0].text[0]
    assert cost_bars(ENTRIES[:1], Language("es")).layout.separators == ",."


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_shows_through_and_the_text_can_be_read(dark):
    paper = "#0e1117" if dark else "#ffffff"
    figure = cost_bars(ENTRIES, Language("en"), dark)
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.family == "inherit"
    assert contrast(figure.layout.font.color, paper) >= 4.5
    assert contrast(palette(dark).neutral, paper) >= 3


def test_descriptions_say_every_bar():
    _ = Language("en")
    text = plain(describe_cost_bars(ENTRIES, _))
    assert all(entry.title in text and plain(_.compact(entry.parameters)) in text for entry in ENTRIES)
    assert "LeNet-5: 61.7 k parameters, 417 k MACs" in text


def test_nothing_costs_nothing():
    free = [CostEntry("Nothing", 0, 0, "#000000")]
    assert list(cost_bars(free, Language("en")).data[0].x) == [0]
    assert list(cost_bars([], Language("en")).data[0].x) == []


def test_drawing_needs_no_torch():
    code = "import sys, cnnviz.figures.cost; print({'torch', 'streamlit'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
