"""Every view of every lab by keyboard alone: each control is reached, one sees where one is, and keys turn it."""

import pytest

from cnnviz.ui.steps import LAB_STEPS, STEPS

pytestmark = pytest.mark.browser
# Also in shadow roots. A group of radio buttons is one stop, and so are the steppers of a number and its field.
CONTROLS = """() => {
  window.looks = one => {
    const around = one.closest("label, [role=group]")
    const parts = [one, one.parentElement, one.parentElement?.parentElement, around, ...one.querySelectorAll("*")]
    return [...parts, ...(around?.querySelectorAll("*") ?? [])].filter(Boolean).map(part => {
      const { outline, outlineStyle, boxShadow, borderColor, backgroundColor } = getComputedStyle(part)
      return [outlineStyle === "none" ? "" : outline, boxShadow, borderColor, backgroundColor].join()
    }).join()
  }
  window.atRest = new Map()
  const found = new Set()
  const walk = root => root.querySelectorAll("*").forEach(one => {
    if (one.shadowRoot) walk(one.shadowRoot)
    if (!one.matches("input, select, textarea, button, summary, [tabindex]") || one.tabIndex < 0 || one.disabled) return
    if (!one.checkVisibility({ visibilityProperty: true }) || one.getAttribute("aria-disabled") === "true") return
    window.atRest.set(one, window.looks(one))
    found.add(one.closest('[role="radiogroup"]') || one)
  })
  walk(document.querySelector(".stMain"))
  window.controls = [...found]
  window.reached = new Set()
  return window.controls.length
}"""
# Where the focus is, and whether that can be seen: a ring, a shadow or a colour that was not there at rest.
FOCUSED = """() => {
  let one = document.activeElement
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
  const stop = window.controls.find(control => control === one || control.contains(one))
  if (!stop) return null
  window.reached.add(stop)
  return window.atRest.get(one) === window.looks(one) ? one.outerHTML.slice(0, 160) : "seen"
}"""
MISSED = "() => window.controls.filter(one => !window.reached.has(one)).map(one => one.outerHTML.slice(0, 160))"
FEW = ("kernel.hand",)


@pytest.mark.parametrize(
    "name", [name if name in FEW else pytest.param(name, marks=pytest.mark.soak) for name in LAB_STEPS]
)
def test_every_control_is_reached_and_the_question_is_answered(app, open_page, settle, name):
    step = STEPS[name]
    view = step.parameters["view"]
    network = "&network=untrained:lenet" if step.place.url_path == "inside" else ""
    page = open_page(f"{app.url}/{step.place.url_path}?lang=en&view={view}{network}", errors=True)
    page.locator(".st-key-question input[type=radio]").first.wait_for(state="attached")
    page.add_style_tag(content="* { transition: none !important }")
    count = page.evaluate(CONTROLS)
    assert count >= 5
    unseen = []
    for _stop in range(3 * count + 30):
        page.keyboard.press("Tab")
        page.wait_for_timeout(50)
        seen = page.evaluate(FOCUSED)
        if seen not in (None, "seen"):
            unseen.append(seen)
        if not page.evaluate(MISSED):
            break
    assert page.evaluate(MISSED) == []
    assert not unseen, unseen
    page.locator(".st-key-question input[type=radio]").first.focus()
    page.keyboard.press("Space")
    settled = page.locator(".st-key-question").get_by_role("button", name="This is my answer")
    settled.and_(page.locator(":enabled")).wait_for()
    settle(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".st-key-question .stAlert").wait_for()
