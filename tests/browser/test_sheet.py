"""A page on paper, and on a projector: what has no place on paper is gone, and nothing is wider than its page."""

import re

import pytest

from tests.browser.conftest import wait_for

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", ["batch-norm?view=noise&", "activations?"])
def test_a_page_on_paper_and_on_a_projector(app, open_page, path):
    page = open_page(f"{app.url}/{path}lang=en&projector=1", errors=True, theme="dark")
    wait_for(page, "document.documentElement.matches('.projector')")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    drawn = page.locator(".stMain .chart-of-figure svg").filter(visible=True).first
    drawn.wait_for()
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 less two margins of 12 mm
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for gone in (".stButton", ".stPopover", ".stAppHeader", ".sheet"):
        assert page.locator(gone).filter(visible=True).count() == 0, gone
    assert page.locator("h1").first.is_visible()
    assert drawn.is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") == "rgb(255, 255, 255)"
    ink = """[...document.querySelectorAll(".stMain :is(h1, p, label, input)")].filter(one => one.checkVisibility())
        .map(one => getComputedStyle(one).color).filter(color => color !== "rgb(11, 15, 20)")"""
    assert page.evaluate(ink) == [], "dark on white, whatever the theme"
    disc = """getComputedStyle(document.querySelector('[data-testid="stRadioOption"] > div > div')).backgroundColor"""
    wait_for(page, f"{disc} === 'rgb(255, 255, 255)'")  # it fades
    question, figure = page.locator(".st-key-question").bounding_box(), drawn.bounding_box()
    assert question["y"] > figure["y"] + figure["height"] - 1, "the figure comes first, over the whole width"
    wide = """[...document.querySelectorAll("h1, p, .stMetric, .chart-of-figure, img")]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 90))"""
    assert page.evaluate(wide) == []
    assert "projector=1" in page.locator(".stMain").get_attribute("data-address")


def test_a_handout_ends_with_its_question_and_figures_that_belong_together_stay_so(app, open_page, settle):
    page = open_page(f"{app.url}/residual?lang=en", errors=True)
    page.locator(".chart-of-figure svg").nth(1).wait_for()
    settle(page)
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(width="210mm", height="297mm"))) == 1, "no empty leaf behind"
    page.emulate_media(media="print")
    first, second = (chart.bounding_box() for chart in page.locator(".chart-of-figure svg").all()[:2])
    assert first["x"] + first["width"] <= second["x"] + 1 and first["y"] < second["y"] + second["height"]
