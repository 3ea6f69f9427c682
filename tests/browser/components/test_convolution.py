"""A convolution under a finger, under the keys, and two of them on one page."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(start_server):
    return start_server(Path(__file__).parent / "harness" / "kernel_page.py")


def line(page, key):
    return page.locator(f".st-key-{key}-one .line").filter(has_text="Row").inner_text()  # once it is drawn


def spot(output, row, column, size):
    box = output.bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / size, box["y"] + (row + 0.5) * box["height"] / size


def test_a_finger_taps_and_draws_over_one_of_two(app, open_page):
    page = open_page(app.url, viewport=(390, 844), touch=True)
    first, second = (page.locator(f".st-key-{key}-one canvas.output") for key in ("first", "second"))
    second.scroll_into_view_if_needed()
    before = line(page, "first")
    page.touchscreen.tap(*spot(second, 2, 0, 3))
    assert line(page, "second").startswith("Row 3, column 1: 9 products")
    assert line(page, "first") == before, "the other one has a hand of its own"
    first.scroll_into_view_if_needed()
    (x, y), (to, _y) = spot(first, 1, 0, 6), spot(first, 1, 5, 6)
    session = page.context.new_cdp_session(page)
    touch = lambda kind, *points: session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})  # noqa: E731
    touch("touchStart", {"x": x, "y": y})
    seen = []
    for part in range(1, 11):
        touch("touchMove", {"x": x + part * (to - x) / 10, "y": y})
        page.wait_for_timeout(30)
        seen.append(line(page, "first"))
    touch("touchEnd")
    assert seen[-1].startswith("Row 2, column 6:") and len(set(seen)) >= 4, "what is under the finger, all the way"
    added, computed = (float(first.get_attribute(f"data-{name}")) for name in ("sum", "value"))
    assert added == pytest.approx(computed, abs=2e-3)


def test_the_keys_move_the_one_that_has_the_focus(app, open_page):
    page = open_page(app.url)
    output = page.locator(".st-key-second-one canvas.output")
    before = line(page, "first")
    output.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp", "ArrowUp"):
        output.press(key)
    assert line(page, "second").startswith("Row 1, column 1:")
    output.press("End")
    assert line(page, "second").startswith("Row 3, column 3:")
    output.press("Home")
    assert line(page, "second").startswith("Row 1, column 1:")
    assert line(page, "first") == before
    words = output.get_attribute("aria-label")
    assert words.startswith("The output, 3×3 px from ") and "stride 2" in words
