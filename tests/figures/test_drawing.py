"""The drawing plan of a figure holds its figures: places, pictures, ticks and what stands under the pointer."""

import base64
import io
import json

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from cnnviz.figures.drawing import drawing
from cnnviz.figures.texts import Writer, lines_of
from cnnviz.figures.theme import layout
from cnnviz.language import Language
from tests.figures.chart_figures import figures

EN, ES = Language("en"), Language("es")
FIGURES = figures()


def plan(*traces, language=EN, **more):
    figure = go.Figure(list(traces))
    figure.update_layout(layout(language, dark=False, height=300, **more))
    return drawing(figure, language)


def marks(found, kind):
    return [mark for mark in found["marks"] if mark["kind"] == kind]


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("language", [EN, ES], ids=["en", "es"])
def test_every_figure_has_a_plan_of_finite_places_in_plain_json(name, language):
    found = drawing(figures(language)[name], language)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["marks"] and found["axes"]
    assert all(-2 < share < 3 for text in found["texts"] for share in text["at"])
    for axis in found["axes"].values():
        places = [share for share, _text in axis["ticks"]]
        assert len(set(places)) == len(places) and len({text for _share, text in axis["ticks"]}) == len(places)


def test_a_line_lies_where_its_numbers_are_and_breaks_where_there_is_none():
    x, y = [0, 1, 2, 3], [1.0, 10.0, np.nan, 100.0]
    found = plan(
        go.Scatter(x=x, y=y, mode="lines", line={"color": "red"}, hovertemplate="%{x}: %{y:.1f}<extra></extra>"),
        yaxis={"type": "log", "range": [0, 4]}, xaxis={"range": [0, 4]},
    )  # fmt: skip
    assert marks(found, "line")[0]["at"] == [[0.0, 0.0, 0.25, 0.25], [0.75, 0.5]]
    points = marks(found, "points")[0]
    assert points["at"] == [0.0, 0.0, 0.25, 0.25, 0.5, None, 0.75, 0.5] and points["size"] == 0
    assert points["hover"] == ["0: 1.0", "1: 10.0", "", "3: 100.0"]


def test_steps_turn_at_their_corners():
    found = plan(
        go.Scatter(x=[0, 1, 2], y=[0, 1, 1], mode="lines", line={"shape": "hv"}), xaxis={"range": [0, 2]},
        yaxis={"range": [0, 1]},
    )  # fmt: skip
    assert marks(found, "line")[0]["at"] == [[0, 0, 0.5, 0, 0.5, 1, 0.5, 1, 1, 1, 1, 1, 1, 1]]


def test_bars_stand_on_one_another():
    found = plan(
        go.Bar(x=["a", "b"], y=[1, 2], hovertext=["<b>one</b>", "two"], hoverinfo="text"),
        go.Bar(x=["a", "b"], y=[3, 6]),
        barmode="stack", bargap=0.5, yaxis={"range": [0, 8]},
    )  # fmt: skip
    first, second = marks(found, "boxes")
    assert first["at"] == [[0.125, 0.375, 0, 0.125], [0.625, 0.875, 0, 0.25]]
    assert second["at"] == [[0.125, 0.375, 0.125, 0.5], [0.625, 0.875, 0.25, 1.0]]
    assert first["hover"] == ["one", "two"] and second["hover"] is None
    assert found["axes"]["x"]["ticks"] == [[0.25, "a"], [0.75, "b"]] and found["axes"]["x"]["grid"] is None


def test_many_cells_are_one_picture_and_few_are_boxes():
    z = np.arange(48.0).reshape(6, 8)
    z[0, 0] = np.nan
    scale = [(0, "#000000"), (1, "rgb(255,255,255)")]
    found = plan(
        go.Heatmap(z=z, colorscale=scale, showscale=False, zmin=0, zmax=47, hovertemplate="%{x},%{y}: %{z:.0f}")
    )
    picture = marks(found, "picture")[0]
    read = Image.open(io.BytesIO(base64.b64decode(picture["source"].split(",")[1])))
    pixels = np.asarray(read.convert("RGBA")).astype(int)
    assert picture["at"] == [0, 1, 0, 1]
    assert (pixels[5, 0, 3], pixels[0, 7, 3]) == (0, 255), "the first row lies below, as plotly has it"
    np.testing.assert_allclose(pixels[:5, :, 0], z[:0:-1] / 47 * 255, atol=1)
    assert picture["hover"][4 * 8 + 1] == "1,1: 9" and picture["hover"][5 * 8] == ""
    boxes = marks(plan(go.Heatmap(z=z, colorscale=scale, showscale=False, zmin=0, zmax=47, xgap=1)), "boxes")[0]
    assert len(boxes["at"]) == 47 and boxes["colour"][-1] == "#ffffff" and boxes["gap"] == 1
    assert boxes["at"][0] == pytest.approx([0.125, 0.25, 1 / 6, 0], abs=1e-5)


def test_a_picture_keeps_its_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    found = marks(plan(go.Image(z=pixels)), "picture")[0]
    read = Image.open(io.BytesIO(base64.b64decode(found["source"].split(",")[1]))).convert("RGB")
    np.testing.assert_array_equal(np.asarray(read), pixels)


def test_figures_are_written_in_the_readers_language():
    trace = go.Scatter(x=[1.5, 1e6], y=[0.25, 0.5], mode="markers", hovertemplate="%{x:.3~g} → %{y:.1%}<extra></extra>")
    assert marks(plan(trace, language=EN), "points")[0]["hover"] == [
        f"1.5 → {EN.percent(0.25, 1)}",
        f"1e6 → {EN.percent(0.5, 1)}",
    ]
    found = plan(trace, language=ES, yaxis={"tickformat": ".0%"}, xaxis={"tickformat": "~s", "range": [0, 1e6]})
    assert marks(found, "points")[0]["hover"][0] == f"1,5 → {ES.percent(0.25, 1)}"
    assert [text for _share, text in found["axes"]["x"]["ticks"]][1] == ES.compact(200_000)
    assert all(text.endswith("%") for _share, text in found["axes"]["y"]["ticks"])


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [(".3f", 1 / 3, "0.333"), (".2g", 1e-5, "1e-5"), (".4~g", 2.5, "2.5"), (",", 12_345, "12,345"), ("", 0.5, "0.5"),
     (".0f", 2.0, "2"), (".1%", 0.123, EN.percent(0.123, 1)), (".1x", 12345, None)],
)  # fmt: skip
def test_a_number_format_is_known_or_refused(form, value, text):
    if text is None:
        with pytest.raises(ValueError, match="cannot write"):
            Writer("en").say(value, form)
    else:
        assert Writer("en").say(value, form) == text


def test_texts_lose_their_marks_and_keep_their_signs():
    assert lines_of("<b>A &lt;b&gt;</b><br>B") == [["A <b>", True], ["B", False]]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 7), (0.001, 0.0042), (0, 25), (1e3, 9e4)])
def test_ticks_are_round_few_and_say_what_they_are(low, high):
    found = plan(go.Scatter(x=[0, 1], y=[low, high]), yaxis={"range": [low, high]})
    ticks = found["axes"]["y"]["ticks"]
    assert 3 <= len(ticks) <= 8
    for share, text in ticks:
        assert float(text.replace(",", "")) == pytest.approx(low + share * (high - low), abs=1e-4 * (high - low))


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="cannot draw pie"):
        plan(go.Pie(values=[1, 2]))
