"""The labs of blocks and the one that looks inside, on a phone and under the hand."""

import pytest

from tests.browser.server import ROOT

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(start_server):
    return start_server(ROOT / "app.py")


@pytest.mark.parametrize("lab", ["dense?convolutions=8", "inside?view=cam"])
def test_a_lab_fits_a_phone(app, open_page, lab):
    page = open_page(f"{app.url}/{lab}&lang=es", errors=True, viewport=(390, 844), theme="dark", touch=True)
    page.locator(".js-plotly-plot, [data-testid='stImage'] img").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.locator("img:not([alt])").count()


def test_the_matrix_follows_the_keyboard(app, open_page):
    page = open_page(f"{app.url}/resnext?lang=en", errors=True)
    page.get_by_text("8 groups of 4 channels").wait_for()
    page.get_by_role("slider", name="Groups").press("ArrowRight")
    page.get_by_text("16 groups of 2 channels").wait_for()
    assert "groups=16" in page.url


def test_a_picture_of_ones_own_is_looked_at(app, open_page):
    page = open_page(f"{app.url}/inside?lang=en&picture=upload&network=untrained:lenet", errors=True)
    page.locator("input[type=file]").set_input_files(ROOT / "assets" / "cat.png")
    page.get_by_alt_text("The input: your picture.").wait_for()
    page.locator("input[type=file]").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    page.get_by_text("is not a picture that can be read").wait_for()
