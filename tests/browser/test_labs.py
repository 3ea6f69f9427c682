"""The labs under the hand: a convolution added up in the browser, a slider that answers, and no sideways scrolling."""

import time

import pytest

from cnnviz.ui.steps import LAB_STEPS, STEPS
from tests.browser.conftest import wait_for

pytestmark = pytest.mark.browser


def test_the_hand_on_a_convolution(app, open_page, settle):
    page = open_page(f"{app.url}/kernel?lang=en&stride=2&padding=1&dilation=2", errors=True)
    output = page.locator("canvas.output")
    output.wait_for()
    box = output.bounding_box()
    seen = set()
    for across, down in ((0.1, 0.2), (0.5, 0.5), (0.93, 0.4)):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        page.wait_for_timeout(50)
        seen.add(page.locator(".convolution .line").inner_text())
        added, computed = (float(output.get_attribute(f"data-{name}")) for name in ("sum", "value"))
        assert added == pytest.approx(computed, abs=2e-3), "the browser's sum is the server's output"
    assert len(seen) == 3
    assert page.locator(".product").count() == 9
    output.focus()
    before = page.locator(".convolution .line").inner_text()
    output.press("ArrowLeft")
    output.press("ArrowUp")
    assert page.locator(".convolution .line").inner_text() != before
    assert page.locator(".convolution .line").get_attribute("role") == "status"


FACTS = """() => {
  const inside = (root, found = []) => {
    for (const one of root.querySelectorAll("*")) { found.push(one); if (one.shadowRoot) inside(one.shadowRoot, found) }
    return found
  }
  const seen = one => one.getBoundingClientRect().width > 0
  const named = one => one.closest("[role=img], [aria-hidden=true], [role=application]") ?? one.getRootNode().host
  return {
    wide: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    unnamed: inside(document).filter(one => one.tagName === "IMG" && seen(one) && !one.alt && !named(one)).length,
  }
}"""


@pytest.mark.parametrize(
    ("language", "theme", "viewport"),
    [
        pytest.param("es", "dark", (390, 844), id="phone"),
        pytest.param("en", "light", (1280, 800), id="wide", marks=pytest.mark.soak),
    ],
)
def test_every_view_fits_and_is_named_and_the_steps_lead_through_all(app, open_page, settle, language, theme, viewport):
    """From the first view of the first lab by "Next" to the last of the last one."""
    first = STEPS[LAB_STEPS[0]].place.url_path
    page = open_page(f"{app.url}/{first}?lang={language}", viewport=viewport, theme=theme, touch=viewport[0] < 500)
    of = {"es": "{} de {}", "en": "{} of {}"}[language]
    for number, name in enumerate(LAB_STEPS, start=1):
        page.locator(".st-key-steps").get_by_text(of.format(number, len(LAB_STEPS)), exact=True).wait_for()
        page.locator(".st-key-question").wait_for()
        settle(page)
        facts = page.evaluate(FACTS)
        assert facts["wide"] == 0 and facts["unnamed"] == 0, (name, facts)
        assert f"/{STEPS[name].place.url_path}" in page.url, "each step is a link"
        if number < len(LAB_STEPS):
            page.locator(".st-key-steps button").nth(1).click()


def test_a_knob_answers_at_once(app, open_page, settle):
    page = open_page(f"{app.url}/activations?lang=en&view=gradient", errors=True)
    slider = page.get_by_role("slider", name="Layers")
    page.get_by_text("Through 10 layers").first.wait_for()
    seconds = []
    for depth in range(11, 16):
        slider.focus()
        begin = time.monotonic()
        slider.press("ArrowRight")
        page.get_by_text(f"Through {depth} layers").first.wait_for()
        seconds.append(time.monotonic() - begin)
    assert sorted(seconds)[len(seconds) // 2] < 0.8, "the goal is 0.2 s; the machine of the tests may be busy"


def test_a_lesson_by_the_keys_through_a_lab_and_a_network_survives_a_reload_and_the_browsers_back(
    app, open_page, settle
):
    lesson = "kernel.hand,architecture.lenet,architecture.resnet18"
    page = open_page(f"{app.url}/kernel?lang=en&lesson={lesson}", errors=True)
    steps, network = page.locator(".st-key-steps"), page.get_by_role("combobox", name="Network").first

    def at(number: int) -> None:
        wait_for(
            page, "text => document.querySelector('.st-key-steps')?.innerText.includes(text)", arg=f"{number} of 3"
        )

    at(1)
    page.keyboard.press("PageDown")
    at(2)
    page.locator(".network-diagram").first.wait_for()
    assert network.input_value() == "LeNet-5"
    page.keyboard.press("PageDown")
    at(3)
    assert steps.get_by_role("button", name="End the lesson").count() == 1
    page.reload()
    at(3)
    settle(page)
    page.go_back()  # to the same step: what is usual left the address after the page was there
    settle(page)
    page.go_back()
    at(2)
    settle(page)
    page.keyboard.press("PageUp")
    at(1)
    page.locator(".st-key-question").wait_for()
