"""The labs of blocks and the one that looks inside, on a phone and under the hand."""

import pytest

from tests.browser.server import ROOT

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("lab", ["dense?convolutions=8", "inside?view=cam"])
def test_a_lab_fits_a_phone(app, open_page, lab):
    page = open_page(f"{app.url}/{lab}&lang=es", errors=True, viewport=(390, 844), theme="dark", touch=True)
    page.locator(".chart-of-figure svg, [data-testid='stImage'] img").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.locator("img:not([alt])").count()


def test_the_matrix_follows_the_keyboard(app, open_page):
    page = open_page(f"{app.url}/resnext?lang=en", errors=True)
    page.get_by_text("2 groups of 16 channels").wait_for()
    page.get_by_role("slider", name="Groups").press("ArrowRight")
    page.get_by_text("4 groups of 8 channels").wait_for()
    assert "groups=4" in page.url


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "finger"])
def test_a_cell_under_the_hand_shows_its_window_at_once_and_its_glow_at_rest(app, open_page, touch):
    """LeNet's second pooling: 5×5 cells, 4 px apart, each sees 16 px, the first from 2 px outside on."""
    page = open_page(
        f"{app.url}/inside?lang=en&view=field&network=untrained:lenet&stage=pool2", errors=True, touch=touch
    )
    cells, picture, glow = (page.locator(f".sight .{name}") for name in ("map", "picture", "glow"))
    glow.wait_for()
    before = glow.get_attribute("src")
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()

    def window(row, column):
        return ",".join(str(-2 + 4 * place + more) for more in (0, 16) for place in (row, column))

    point = (box["x"] + 0.9 * box["width"], box["y"] + 0.3 * box["height"])
    if touch:
        page.touchscreen.tap(*point)
    else:
        page.mouse.move(*point)
    assert (cells.get_attribute("data-cell"), picture.get_attribute("data-window")) == ("1,4", window(1, 4))
    page.wait_for_url("**down=25&across=100**")
    glow.wait_for()
    assert glow.get_attribute("src") != before, "another cell looks at other pixels"
    cells.press("ArrowDown")
    assert picture.get_attribute("data-window") == window(2, 4)
    cells.press("Home")
    assert page.locator(".sight .line").inner_text() == (
        "Row 1, column 1 sees the rows 1 to 14 and the columns 1 to 14 of the picture. "
        "The rest of its window is padding."
    )
    page.wait_for_url("**down=0&across=0**")
    glow.wait_for()


def test_a_picture_of_ones_own_is_looked_at(app, open_page):
    page = open_page(f"{app.url}/inside?lang=en&picture=upload&network=untrained:lenet", errors=True)
    page.locator("input[type=file]").set_input_files(ROOT / "assets" / "cat.png")
    page.get_by_alt_text("The input: your picture.").wait_for()
    page.locator("input[type=file]").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    page.get_by_text("is not a picture that can be read").wait_for()
