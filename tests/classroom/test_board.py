"""The board, against a slow and obvious reading of its rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.classroom import Entry, standings
from cnnviz.classroom.board import yield_of
from cnnviz.figures.board import BoardPoint, board_chart, describe_board
from cnnviz.language import Language

KINDS = ("seconds", "macs", "parameters")


def entry(number, owner, accuracy, seconds=10.0, macs=1000, parameters=100):
    return Entry(f"run{number}", owner, owner.title(), "lenet", accuracy, seconds, macs, parameters)


ENTRIES = st.lists(
    st.builds(
        entry,
        st.integers(0, 10**6),
        st.sampled_from("abcde"),
        st.sampled_from([0.1, 0.5, 0.79, 0.8, 0.85, 0.9]),
        st.sampled_from([1.0, 5.0, 30.0]),
        st.sampled_from([100, 10**6]),
        st.sampled_from([10, 10**5]),
    ),
    max_size=12,
)


def test_ninety_percent_in_ten_seconds_are_eight_points_a_second():
    assert yield_of(entry(1, "a", 0.9, seconds=10), "seconds") == pytest.approx(8)
    assert yield_of(entry(1, "a", 0.1), "macs") == 0, "chance is worth nothing"


@given(ENTRIES, st.sampled_from(KINDS))
def test_everybody_stands_once_with_their_best_and_in_order(entries, kind):
    lines = standings(entries, kind, 0.8)
    counting = [each for each in entries if each.accuracy >= 0.8]
    assert {line.entry.owner for line in lines} == {each.owner for each in counting}
    assert len(lines) == len({line.entry.owner for line in lines})
    for line in lines:
        own = [yield_of(each, kind) for each in counting if each.owner == line.entry.owner]
        assert line.yield_ == max(own) == yield_of(line.entry, kind)
        assert line.place == 1 + sum(other.yield_ > line.yield_ for other in lines)
        beaten = any(
            other.accuracy >= line.entry.accuracy
            and other.cost(kind) <= line.entry.cost(kind)
            and (other.accuracy > line.entry.accuracy or other.cost(kind) < line.entry.cost(kind))
            for other in counting
        )
        assert line.unbeaten is not beaten
    assert [line.yield_ for line in lines] == sorted((line.yield_ for line in lines), reverse=True)


def test_what_a_person_typed_is_text_in_the_picture():
    point = BoardPoint("<a href='x'>Ana</a> <b>", "LeNet", 0.9, 10.0, "#000000", True)
    figure = board_chart([point], "Seconds", Language("en"))
    assert figure.data[1].text[0] == "&lt;a href=&#x27;x&#x27;&gt;Ana&lt;/a&gt; &lt;b&gt;"
    assert "<a" not in figure.data[1].hovertext[0]
    assert point.name in describe_board([point], "Seconds", Language("en"))


def test_the_line_joins_those_whom_nobody_beats_in_the_order_of_their_cost():
    points = [
        BoardPoint(name, "LeNet", accuracy, cost, "#000000", unbeaten)
        for name, accuracy, cost, unbeaten in (("a", 0.9, 20.0, True), ("b", 0.8, 5.0, True), ("c", 0.7, 9.0, False))
    ]
    line, dots = board_chart(points, "Seconds", Language("es"), dark=True).data
    assert list(line.x) == [5.0, 20.0] and list(line.y) == [0.8, 0.9]
    assert list(dots.marker.symbol) == ["diamond", "diamond", "circle"], "not by colour alone"
