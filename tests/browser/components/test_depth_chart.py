"""The depth chart in a real browser: where its lines run, one selection with the table, the keyboard, a phone."""

import math
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnnviz.architectures import architecture
from cnnviz.figures.depth import depth_points
from cnnviz.inspection import report_of

pytestmark = pytest.mark.browser

HARNESS = Path(__file__).parent / "harness"


@pytest.fixture(scope="module")
def url(start_server):
    return start_server(HARNESS / "explorer_app.py").url


def place(page: Page, path: str):
    return page.locator(f'.depth [data-path="{path}"]')


def heights(page: Page, number: int) -> list[float]:
    """Where a line stands at each point, in px from the top."""
    drawn = page.locator(f".depth .line{number}").get_attribute("d")
    return [float(value) for value in re.findall(r"(?:V|M\S+ )([\d.]+)", drawn)]


def test_the_lines_are_the_shapes_and_a_click_selects_everywhere(url, open_page):
    page = open_page(f"{url}/?nets=resnet18&depth=1")
    points = depth_points(report_of(architecture("resnet18").spec()))
    axis = {
        int(text.text_content()): float(text.get_attribute("y")) - 5
        for text in page.locator(".depth text").all()
        if text.text_content().isdigit()
    }
    decade = (axis[1] - axis[1000]) / 3
    for number, values in enumerate(
        ([point.channels for point in points], [point.size for point in points if point.size is not None])
    ):
        expected = [axis[1] - decade * math.log10(value) for value in values]
        assert heights(page, number) == pytest.approx(expected, abs=0.5)
    place(page, "stage2.block1").click()
    expect(page.locator('tbody tr[data-row="stage2.block1"]')).to_have_attribute("aria-selected", "true")
    page.get_by_text("resnet18: 'stage2.block1'").wait_for()
    page.locator('tbody tr[data-row="stage2.block2"]').click()  # and back
    expect(place(page, "stage2.block2")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".depth [aria-selected=true]")).to_have_count(1)


def test_by_keyboard_and_read_aloud(url, open_page):
    page = open_page(f"{url}/?nets=lenet&depth=1")
    chart = page.locator(".depth svg")
    assert chart.locator('[tabindex="0"]').count() == 1, "one stop for Tab"
    assert "Height falls from 28 to 5 px" in chart.get_attribute("aria-label")
    chart.get_by_role("option").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.get_by_text("lenet: 'output'").wait_for()
    assert page.locator(".depth .said").inner_text() == "output: 10 units"


def test_on_a_phone_it_takes_the_width_there_is(url, open_page):
    page = open_page(f"{url}/?nets=densenet121&depth=1", viewport=(390, 844))
    box = page.locator(".depth svg").bounding_box()
    assert 250 < box["width"] <= 390
    assert page.locator(".depth text").first.evaluate("node => node.getBoundingClientRect().height") > 12
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
