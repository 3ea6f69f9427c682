"""Predictions as people type them, in both languages' ways of writing numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.inspection.predict import check
from cnnviz.rows import LayerRow

ROW = LayerRow("conv", "Conv2d", 1, True, (128, 6, 14, 14), (128, 16, 10, 10), 2_416, 240_000, 0, 0)


@pytest.mark.parametrize("shape", ["16×10×10", "16x10x10", "16 10 10", "(16, 10, 10)", "16*10*10"])
def test_a_shape_is_read_in_every_spelling(shape):
    assert check(ROW, shape, "").shape is True


@pytest.mark.parametrize("shape", ["16×9×9", "10×10×16", "1600", "128×16×10×10"])
def test_another_shape_is_wrong(shape):
    assert check(ROW, shape, "").shape is False


@pytest.mark.parametrize("text", ["2416", "2,416", "2.416", "2 416", "2'416", "2.4 k", "2,4k", "2.42K", "2.416k"])
def test_a_number_is_read_in_both_languages(text):
    assert check(ROW, "", text).parameters is True


@pytest.mark.parametrize("text", ["2400", "2.5 k", "2.4 M", "0", "150"])
def test_another_number_is_wrong(text):
    assert check(ROW, "", text).parameters is False


@pytest.mark.parametrize(
    ("shape", "text"), [("sixteen", ""), ("", "many"), ("16×-10", ""), ("", "2.4.1 k"), ("", "-5")]
)
def test_what_cannot_be_read_is_no_wrong_answer(shape, text):
    verdict = check(ROW, shape, text)
    assert verdict.unread and not verdict.right
    assert verdict.shape is None and verdict.parameters is None


def test_nothing_typed_is_nothing_said():
    assert check(ROW, " ", "").right is False
    assert check(ROW, "16×10×10", "2416").right is True


@given(st.integers(0, 10**11))
def test_every_number_is_right_for_itself_however_it_is_grouped(count):
    row = LayerRow("a", "Linear", 1, True, (1, 1), (1, 1), count, 0, 0, 0)
    for text in (str(count), f"{count:,}", f"{count:,}".replace(",", ".")):
        assert check(row, "", text).parameters is True


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_it(shape, parameters):
    check(ROW, shape, parameters)
