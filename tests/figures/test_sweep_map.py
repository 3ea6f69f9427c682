"""The map of a sweep: every cell says what it is in words, the best one is framed, names lead to runs."""

import pytest

from cnnviz.figures.blocks import readable_on
from cnnviz.figures.drawing import drawing
from cnnviz.figures.sweep_map import MapCell, sweep_map
from cnnviz.language import Language

EN, ES = Language("en"), Language("es")
CELLS = (
    MapCell(0.1, 32, 0.5, "50 %", "2 s", "0.1, 32: 50 %", "first"),
    MapCell(0.1, 128, None, "diverged", "", "0.1, 128: diverged", "second"),
    MapCell(1.0, 32, 0.9, "90 %", "3 s", "1, 32: 90 %", "third", best=True),
    MapCell(1.0, 128, None, "–", "", "1, 128: –"),
)


def boxes(figure, language=EN):
    return [mark for mark in drawing(figure, language)["marks"] if mark["kind"] == "boxes"]


def test_every_cell_has_its_words_in_its_place_and_the_largest_rate_is_above():
    plan = drawing(sweep_map(CELLS, EN), EN)
    texts = {tuple(text["at"]): text["lines"] for text in plan["texts"]}
    assert texts[0.25, 0.25] == [["50 %", False], ["2 s", False]] and texts[0.75, 0.25] == [["diverged", False]]
    assert texts[0.25, 0.75] == [["90 %", True], ["3 s", False]] and texts[0.75, 0.75] == [["–", False]]
    ticks = {name: [text for _share, text in axis["ticks"]] for name, axis in plan["axes"].items()}
    assert ticks == {"x": ["32", "128"], "y": ["0.1", "1"]}
    spanish = drawing(sweep_map(CELLS, ES), ES)["axes"]
    assert [text for _share, text in spanish["y"]["ticks"]] == ["0,1", "1"]
    assert (spanish["x"]["title"], spanish["y"]["title"]) == (ES("Batch size"), ES("Learning rate"))


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_more_stands_out_from_what_is_less_and_is_readable(dark):
    values, others, frame = boxes(sweep_map(CELLS, EN, dark))
    least, most = values["colour"]
    assert least != most and len(others["colour"]) == 2 and others["colour"][0] == others["colour"][1]
    inks = [text["colour"] for text in drawing(sweep_map(CELLS, EN, dark), EN)["texts"]]
    assert inks[0] == readable_on(least) and inks[2] == readable_on(most)
    assert frame["at"][0] == pytest.approx([0.005, 0.495, 0.505, 0.995], abs=0.001), "a frame, not a colour alone"
    assert frame["edge"][1] >= 2


def test_a_cell_is_chosen_by_its_name_and_one_without_a_run_by_none():
    values, others, _frame = boxes(sweep_map(CELLS, EN))
    assert (values["names"], others["names"]) == (["first", "third"], ["second", ""])
    assert (values["hover"], others["hover"]) == (
        ["0.1, 32: 50 %", "1, 32: 90 %"], ["0.1, 128: diverged", "1, 128: –"]
    )  # fmt: skip


def test_what_differs_little_looks_alike_where_the_scale_is_given():
    cells = [MapCell(rate, 32, value, "", "", "") for rate, value in ((0.1, 0.100), (0.3, 0.103))]
    for scale, least, most in ((None, 150, 255), ((0.1, 0.2), 1, 15)):
        first, second = boxes(sweep_map(cells, EN, scale=scale))[0]["colour"]
        assert least <= int(first[1:3], 16) - int(second[1:3], 16) <= most


def test_a_single_value_and_many_rows_are_drawn_too():
    alone = sweep_map([MapCell(0.1, 32, 0.5, "50 %", "2 s", "said")], EN)
    assert len(boxes(alone)[0]["at"]) == 1
    few = sweep_map(CELLS, EN)
    assert few.layout.height > 2 * 80 and few.layout.annotations[0].font.size == 17, "for the last row of a room"
    many = sweep_map([MapCell(0.01 * (n + 1), 32, 0.5, "50 %", "2 s", "said") for n in range(25)], EN)
    assert many.layout.height < 900 and all(len(text["lines"]) == 1 for text in drawing(many, EN)["texts"])
