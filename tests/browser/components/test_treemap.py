"""The charts of one network in a real browser: one selection with the table, the keyboard, a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnnviz.architectures import architecture
from cnnviz.figures.depth import depth_chart
from cnnviz.figures.treemap import HEIGHT, WIDTH, treemaps
from cnnviz.inspection import report_of
from cnnviz.language import Language

pytestmark = pytest.mark.browser

HARNESS = Path(__file__).parent / "harness"


@pytest.fixture(scope="module")
def url(start_server):
    return start_server(HARNESS / "explorer_app.py").url


def tile(page: Page, path: str, panel: int = 0):
    return page.locator(".treemaps section").nth(panel).locator(f'[data-path="{path}"]')


def test_a_click_selects_everywhere_and_the_drawn_areas_are_the_shares(url, open_page, settle):
    page = open_page(f"{url}/?nets=alexnet&maps=1")
    tile(page, "dense1").click()
    for panel in (0, 1):
        expect(tile(page, "dense1", panel)).to_have_attribute("aria-selected", "true")
        expect(page.locator(".treemaps section").nth(panel).locator("[aria-selected=true]")).to_have_count(1)
    expect(page.locator('tbody tr[data-row="dense1"]')).to_have_attribute("aria-selected", "true")
    page.get_by_text("alexnet: 'dense1'").wait_for()
    settle(page)
    for panel, drawn in enumerate(treemaps(report_of(architecture("alexnet").spec()), Language("en"))):
        width = page.locator(".map").nth(panel).bounding_box()["width"]
        for one in drawn.tiles:
            box = tile(page, one.path, panel).bounding_box()
            assert box["width"] == pytest.approx(one.box[2] / WIDTH * width, abs=1)
            assert box["height"] == pytest.approx(one.box[3], abs=1) and box["height"] <= HEIGHT
    page.locator('tbody tr[data-row="conv2"]').click()  # and back
    expect(tile(page, "conv2")).to_have_attribute("aria-selected", "true")
    page.locator('tbody tr[data-row="flatten"]').click()
    expect(page.locator('.depth-lines [data-path="flatten"]')).to_have_attribute("aria-selected", "true")
    expect(page.locator(".readout")).to_have_text("flatten: Channels or units 6,400")
    chart = depth_chart(report_of(architecture("alexnet").spec()), Language("en"))
    drawn = page.locator(".depth-lines svg path").first.evaluate(
        "path => (({ width, height }) => [width, height])(path.getBBox())"
    )
    whole = pytest.approx(1000, abs=1)
    assert drawn[1] == whole, "from the input's one channel to the widest layer"
    assert drawn[0] / (1 - 1 / len(chart.points)) == whole, "from the middle of the first column to that of the last"


def test_by_keyboard_and_read_aloud(url, open_page, settle):
    page = open_page(f"{url}/?nets=alexnet&maps=1")
    first = page.locator(".map").first
    assert first.get_by_role("option").first.get_attribute("tabindex") == "0"
    assert first.locator('[tabindex="0"]').count() == 1, "one stop for Tab in each map"
    first.get_by_role("option").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(tile(page, "dense2")).to_have_attribute("aria-selected", "true")
    page.get_by_text("alexnet: 'dense2'").wait_for()
    assert "16,781,312" in tile(page, "dense2").get_attribute("aria-label").replace("\u202f", ",")
    assert "The dense layers hold" in page.locator(".treemaps .spoken").inner_text()
    columns = page.locator(".depth-lines").get_by_role("option")
    assert page.locator('.depth-lines [tabindex="0"]').count() == 1
    columns.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    path = columns.nth(1).get_attribute("data-path")
    expect(page.locator(f'tbody tr[data-row="{path}"]')).to_have_attribute("aria-selected", "true")


def test_on_a_phone_one_stands_below_the_other(url, open_page):
    page = open_page(f"{url}/?nets=resnet18&maps=1", viewport=(390, 844))
    page.locator(".map").nth(1).scroll_into_view_if_needed()
    above, below = (page.locator(".map").nth(index).bounding_box() for index in (0, 1))
    assert below["y"] > above["y"] + above["height"] and below["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
