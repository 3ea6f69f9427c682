"""How soon a lab is painted, and how soon each of its knobs is answered in the browser.

    python benchmarks/labs.py [--rounds 6] [--lab kernel]

Every view of every lab is opened on a warm server, by its link and from another page of the app. Within the app the
time runs from the click to the last change of what is drawn. By a link it is three times: the first contentful paint,
which names the page; its own heading; and the last change. A link first starts Streamlit itself in the browser: an app
of one line, opened in the same way, tells what that takes. Then each slider, number, choice and switch of the view is
moved by its keys; the time is taken in the page, from the key that commits to the last change of the figure beside it.
A knob that changes nothing there (the same rounded figures) gives no time. What excites a filter is searched for as
long as one looks: there the goal is held against the first change, which says that the search begins, and the time of
the first pictures stands beside it. The goals on two quiet cores: a median of 200 ms for each knob, and 1 s for the
first paint, by a link up to the lab's heading, within the app up to the last change. It needs a Chromium
(`CNNVIZ_CHROMIUM` names one).
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import BrowserContext, Locator, Page, sync_playwright

from cnnviz.ui.steps import LAB_STEPS, STEPS
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.conftest import settle
from tests.browser.server import ROOT, Server

SEARCHES = ("inside.filters",)  # views whose figure goes on changing by itself
REST = 11_000  # ms after which a search that nobody looks at rests, so that the browser has the cores to itself
QUIET = 700  # ms without a change after which a figure is finished
# Changes of the figure's column, those inside components included: attributes, texts and elements.
WATCH = """
() => {
  window.began = 0; window.first = 0; window.last = 0
  const seen = new WeakSet()
  const watch = root => {
    if (seen.has(root)) return
    seen.add(root)
    new MutationObserver(() => {
      const now = performance.now()
      window.first ||= now
      window.last = now
      root.querySelectorAll?.("*").forEach(one => one.shadowRoot && watch(one.shadowRoot))
    }).observe(root, { subtree: true, childList: true, characterData: true, attributes: true,
                       attributeFilter: ["src", "d", "height", "points", "transform", "data-sum", "data-window"] })
    root.querySelectorAll("*").forEach(one => one.shadowRoot && watch(one.shadowRoot))
  }
  const columns = [...document.querySelectorAll("[data-testid=stMain] [data-testid=stHorizontalBlock]")]
    .filter(row => row.children.length === 2 && row.querySelector(".st-key-question"))
  watch((columns.at(-1) ?? document.querySelector("[data-testid=stMain]")).firstElementChild)
  for (const kind of ["keydown", "keyup"])
    document.addEventListener(kind, () => { window.began = performance.now(); window.first = window.last = 0 }, true)
}
"""
BARE = "import streamlit as st\nst.title('One line')\n"
PAINTED = """
() => {
  window.last = window.headed = 0
  new MutationObserver(() => {
    window.last = performance.now()
    if (!window.headed && document.querySelector("[data-testid=stMain] h1"))
      requestAnimationFrame(() => requestAnimationFrame(() => { window.headed ||= performance.now() }))
  }).observe(document, { subtree: true, childList: true, characterData: true })
}
"""
FIRST = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def settled(page: Page) -> float | None:
    """Milliseconds from the last key, or from the navigation, to the last change; None if nothing changed."""
    page.wait_for_timeout(QUIET)
    while True:
        settle(page)
        last, now, began = page.evaluate("[window.last, performance.now(), window.began ?? 0]")
        if now - max(last, began) >= QUIET:
            return last - began if last else None
        page.wait_for_timeout(50)


def knobs(page: Page) -> list[tuple[str, Locator, tuple[str, ...]]]:
    """The name of each knob, what takes the keys, and the keys that move it to and fro."""
    found: list[tuple[str, Locator, tuple[str, ...]]] = []
    for kind, selector, keys in (
        ("stSlider", "[role=slider], input[type=range]", ("ArrowRight", "ArrowLeft")),
        ("stNumberInput", "input", ("ArrowUp Enter", "ArrowDown Enter")),
        ("stSelectbox", "input", ("ArrowDown ArrowDown Enter", "ArrowDown ArrowUp Enter")),
        ("stCheckbox", "input", ("Space", "Space")),
    ):
        for widget in page.locator(f"[data-testid=stMain] [data-testid={kind}]").all():
            name = widget.locator("[data-testid=stWidgetLabel]").inner_text().strip().splitlines()[0]
            found.append((name, widget.locator(selector).first, keys))
    return found


def by_link(context: BrowserContext, address: str, pause: float = 0.0) -> tuple[float, float, float]:
    """Milliseconds until a page is named, has its heading, and is drawn, in a browser that has been here before.

    Args:
        context: the browser.
        address: the link.
        pause: milliseconds before each time.
    """
    times = []
    for _number in range(3):
        page = context.new_page()
        page.wait_for_timeout(pause)
        page.add_init_script(f"({PAINTED})()")
        page.goto(address)
        drawn = settled(page) or 0.0
        first, headed = page.evaluate(f"[{FIRST}, window.headed]")
        times.append((first, headed, drawn))
        page.close()
    first, headed, drawn = (median(kind) for kind in zip(*times, strict=True))
    return first, headed, drawn


def of_one_line(context: BrowserContext, folder: Path) -> tuple[float, float]:
    """Milliseconds until an app of one line has its heading and is drawn."""
    (folder / "bare.py").write_text(BARE)
    (folder / "bare").mkdir()
    control = Server(folder / "bare.py", folder / "bare").start()
    try:
        return by_link(context, control.url)[1:]
    finally:
        control.stop()


def within(page: Page, address: str) -> float:
    """Milliseconds until it is drawn when one comes back to it from another page of the app."""
    page.goto(address)
    page.locator(".st-key-question").wait_for(timeout=60_000)
    settle(page)
    times = []
    for _number in range(3):
        page.get_by_role("link", name="Home").first.click()
        page.locator(".st-key-question").wait_for(state="detached")
        settle(page)
        page.wait_for_timeout(QUIET)
        page.evaluate(f"({PAINTED})(); window.began = performance.now(); history.back()")
        page.locator(".st-key-question").wait_for()
        times.append(settled(page) or 0.0)
    return median(times)


def moved(page: Page, place: Locator, keys: tuple[str, ...], rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds until the first and until the last change, of each time a knob is moved that changes anything."""
    first, last = [], []
    for number in range(rounds):
        place.focus()
        for key in keys[number % 2].split():
            page.keyboard.press(key)
        found = settled(page)
        if found is not None:
            last.append(found)
            first.append(page.evaluate("window.first - window.began"))
    return first, last


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--lab", default="", help="only this one, by its address")
    options = parser.parse_args()
    steps = [step for step in (STEPS[name] for name in LAB_STEPS) if options.lab in ("", step.place.url_path)]
    slow: list[str] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(ROOT / "app.py", Path(folder)).start()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        try:
            page = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
            page.goto(f"{server.url}/home?lang=en")
            page.wait_for_timeout(6000)  # until torch is there
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
            headed, drawn = of_one_line(page.context, Path(folder))
            print(f"an app of one line         by a link: heading {headed:5.0f}, drawn {drawn:5.0f} ms")
            for step in steps:
                view = step.parameters["view"]
                address = f"{server.url}/{step.place.url_path}?lang=en&view={view}"
                searches = f"{step.place.url_path}.{view}" in SEARCHES
                named, headed, drawn = by_link(page.context, address, REST if searches else 0)
                entered = within(page, address)
                name = f"{step.place.url_path} · {view}"
                linked = f"by a link: named {named:5.0f}, heading {headed:5.0f}, drawn {drawn:5.0f} ms"
                print(f"{name:26} {linked}   within the app: drawn {entered:5.0f} ms", flush=True)
                if entered > 1000 or headed > 1000:
                    slow.append(f"{name}: within the app {entered:.0f} ms, heading by a link {headed:.0f} ms")
                page.goto(address)
                page.locator(".st-key-question").wait_for(timeout=60_000)
                settle(page)
                page.wait_for_timeout(1500)
                page.evaluate(WATCH)
                for name, place, keys in knobs(page):
                    answers, times = moved(page, place, keys, options.rounds)
                    if not times:
                        print(f"    {name:28} no change")
                        continue
                    counted = answers if searches else times
                    also = f"   last change {median(times):5.0f}, {max(times):5.0f} ms" if searches else ""
                    said = f"median {median(counted):5.0f} ms   worst {max(counted):5.0f} ms"
                    print(f"    {name:28} {said}{also}", flush=True)
                    if median(counted) > 200:
                        slow.append(f"{step.place.url_path} · {view} · {name}: {median(counted):.0f} ms")
        finally:
            browser.close()
            server.stop()
    print("\nAbove the goals:" if slow else "\nEverything is within its goal.")
    print("\n".join(slow))


if __name__ == "__main__":
    main()
