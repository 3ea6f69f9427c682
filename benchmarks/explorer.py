"""How soon a changed knob is answered in the browser: from the key that commits it to repainted totals and stages.

    python benchmarks/explorer.py [--rounds 12]

Each network stands on the architecture page; its input size is stepped up and down with the arrow keys and the time is
taken in the page itself, from the key to the frame that shows the new totals and the new table. The goals, on two quiet
cores: a median of 150 ms up to ResNet-50 and of 350 ms for the largest; a chart within 600 ms of the click that opens
its drawer, as the first of its page and in a browser that has kept nothing. A server that answers and nothing else
(`st.number_input` and `st.metric`) takes its turn in the same run: what is left above it is ours. It needs a Chromium
(`CNNVIZ_CHROMIUM` names one).
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.conftest import settle
from tests.browser.server import ROOT, Server

NETWORKS = ("lenet", "alexnet", "vgg19", "googlenet", "resnet18", "resnet50", "resnet152", "densenet201")
ARCHITECTURE = "architecture?lang=en&net=densenet201"
COMPARE = "compare?lang=en&networks=resnet18,densenet201"
CHARTS = (  # page, drawer or None for a chart that comes with the page, what is there once it is drawn
    (ARCHITECTURE, "Where the weights and the work are", ".treemaps .map .tile"),
    (ARCHITECTURE, "Channels and resolution through the depth", ".depth-lines svg path"),
    (COMPARE, "Accuracy against cost", ".st-key-scatter .chart-of-figure svg"),
    (COMPARE, None, ".st-key-costs .chart-of-figure svg"),
    (COMPARE, None, ".st-key-layers .chart-of-figure svg"),
    ("blocks?lang=en", None, ".st-key-costs .chart-of-figure svg"),
    ("blocks?lang=en", None, ".st-key-sweep .chart-of-figure svg"),
)
PLAIN = """
import streamlit as st
size = st.number_input("Input size", 1, 999, 96)
st.metric("MACs per picture", size * size)
"""
TIME = """
([figure, step]) => new Promise(resolve => {
  const read = () => [...document.querySelectorAll("[data-testid=stMetricValue]")].map(one => one.innerText).join()
    + (document.querySelector("[role=treegrid]")?.innerText ?? "")
  const metrics = () => [...document.querySelectorAll("[data-testid=stMetricValue]")].map(one => one.innerText).join()
  const before = metrics(), table = read()
  const began = performance.now()
  document.querySelector(`[data-testid=stNumberInputStep${step}]`).click()
  const look = () => {
    const changed = metrics() !== before && (!figure || read() !== table)
    if (changed) requestAnimationFrame(() => resolve(performance.now() - began))
    else if (performance.now() - began > 5000) resolve(null)
    else setTimeout(look, 2)
  }
  look()
})
"""


def steps(page: Page, rounds: int, *, figure: bool) -> list[float]:
    """Milliseconds of each answer; the first two are not counted."""
    found = []
    for number in range(rounds + 2):
        milliseconds = page.evaluate(TIME, [figure, "Up" if number % 2 == 0 else "Down"])
        if milliseconds is None:
            raise SystemExit("no answer within 5 s")
        found.append(float(milliseconds))
        page.wait_for_timeout(350)
    return found[2:]


def drawn(browser: Browser, url: str, drawer: str | None, chart: str) -> float:
    """Milliseconds to a chart in a browser that has kept nothing: from the click on its drawer, or from its page.

    The page of a drawer rests before the click, so that nothing else of it is still being drawn.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    began = time.perf_counter()
    page.goto(url)
    if drawer:
        summary = page.locator("summary").filter(has_text=drawer)
        summary.scroll_into_view_if_needed()
        settle(page)
        page.wait_for_timeout(1500)
        began = time.perf_counter()
        summary.click()
    page.locator(chart).first.wait_for(state="attached")
    milliseconds = 1000 * (time.perf_counter() - began)
    page.close()
    return milliseconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        script = Path(folder) / "plain.py"
        script.write_text(PLAIN, encoding="utf-8")
        homes = [Path(folder) / name for name in ("app", "plain")]
        for home in homes:
            home.mkdir()
        servers = [Server(ROOT / "app.py", homes[0]).start(), Server(script, homes[1]).start()]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(servers[1].url)
            page.get_by_text("9216").wait_for()
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
            show("a server that only answers", steps(page, rounds, figure=False))
            for key in NETWORKS:
                page.goto(f"{servers[0].url}/architecture?lang=en&net={key}")
                page.locator("[role=treegrid] [role=row]").nth(3).wait_for(timeout=60_000)
                page.wait_for_timeout(1500)
                show(key, steps(page, rounds, figure=True))
            for address, drawer, chart in CHARTS:
                found = [drawn(browser, f"{servers[0].url}/{address}", drawer, chart) for _round in range(5)]
                name = f"{address.partition('?')[0]}: {drawer or chart.split()[0]}"
                after = "the click" if drawer else "opening the page"
                print(f"  {name:56}{median(found):8.0f} ms from {after}", flush=True)
        finally:
            browser.close()
            for server in servers:
                server.stop()


def show(name: str, found: list[float]) -> None:
    """A line of the table."""
    print(f"  {name:28} median {median(found):6.0f} ms   95 % within {quantiles(found, n=20)[-1]:6.0f} ms", flush=True)


if __name__ == "__main__":
    main()
