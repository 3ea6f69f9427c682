"""How well the pictures follow a dragged slider: frames per second beside a bare canvas, and what a release costs.

Contestants take turns in one run, so the ratios hold on a busy machine too: `python benchmarks/dragging.py`. It needs a
Chromium (`CNNVIZ_CHROMIUM` names one), which draws in software here. The goals, on two quiet cores: at least 0.9 of the
bare canvas's frames, at most 6 ms of script in a frame, and from a release to torchvision's pictures 80 ms in the
median and 150 ms in 95 of 100 cases. The last is also measured by the page's own way, in turns: what every picture of
one's own takes, and what a release took before the grid had a route for its questions.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.components.test_live_grid import BARE, ask, drag, slider
from tests.browser.server import Server

HARNESS = Path(__file__).resolve().parents[1] / "tests" / "browser" / "components" / "harness" / "grid_app.py"
ROUNDS = 4
SECONDS = 2.0
RELEASES = 40  # each way
WAYS = {
    "asked directly": "Object.getPrototypeOf(grid).askDirectly",
    "by the page": "() => grid.send(false)",
}
AS_APP = {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"}  # one thread that does not spin, as app.py has it


def frames_of_bare(page: Page) -> float:
    return float(page.evaluate("frames_"))


def frames_of_grid(page: Page) -> float:
    return float(ask(page, "return grid.engine.frames"))


def dragged(page: Page, box: dict, frames: Callable[[Page], float]) -> float:
    """Frames per second while the mouse moves the thumb."""
    page.bring_to_front()
    before, began = frames(page), time.perf_counter()
    drag(page, box, SECONDS)
    rate = (frames(page) - before) / (time.perf_counter() - began)
    page.mouse.up()
    return rate


def released(page: Page, way: str) -> list[float]:
    """Milliseconds from each release to torchvision's pictures on the screen."""
    page.bring_to_front()
    ask(page, "grid.measured.waits.length = 0")
    ask(page, f"grid.askDirectly = {WAYS[way]}")
    box = slider(page, "saturation").bounding_box()
    assert box
    for number in range(RELEASES // ROUNDS):
        drag(page, box, 0.15, start=0.05 + 0.9 * number * ROUNDS / RELEASES)
        page.wait_for_timeout(50)  # a hand rests before it lets go
        page.mouse.up()
        page.wait_for_selector(".live-grid[data-exact=true]")
        page.wait_for_timeout(150)  # the page, which is told afterwards, is done
    return list(ask(page, "return grid.measured.waits"))


def box_of(page: Page, name: str) -> dict:
    box = slider(page, name).bounding_box()
    assert box
    return dict(box)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(HARNESS, Path(folder), AS_APP).start()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        try:
            contest(browser.new_page, server)
        finally:
            browser.close()
            server.stop()


def contest(new_page: Callable[..., Page], server: Server) -> None:
    view = {"width": 1280, "height": 800}
    bare, own, asking = (new_page(viewport=view) for _ in range(3))
    bare.set_content(BARE)
    own.goto(server.url)
    asking.goto(f"{server.url}/?chain=horizontal_flip,color_jitter,random_resized_crop,gaussian_noise")
    for page in (own, asking):
        page.wait_for_selector(".live-grid[data-exact=true]")
    own.wait_for_timeout(1000)
    bare_box = bare.locator("#slider").bounding_box()
    assert bare_box
    rates: dict[str, list[float]] = {}
    for _round in range(ROUNDS):
        for name, rate in (
            ("a bare canvas", lambda: dragged(bare, dict(bare_box), frames_of_bare)),
            ("live grid: the strength of a colour", lambda: dragged(own, box_of(own, "brightness"), frames_of_grid)),
            ("live grid: the hue", lambda: dragged(own, box_of(own, "hue"), frames_of_grid)),
            ("live grid: a probability", lambda: dragged(own, box_of(own, "p"), frames_of_grid)),
            ("asking the server", lambda: dragged(asking, box_of(asking, "brightness"), frames_of_grid)),
        ):
            rates.setdefault(name, []).append(rate())
    first = median(rates["a bare canvas"])
    print(f"\n8 pictures of 200 px, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: frames per second")
    for name, found in rates.items():
        print(f"  {name:40} {median(found):6.1f} (best {max(found):.1f}) {median(found) / first:6.2f} ×")
    scripts = ask(own, "return grid.measured.scripts")
    print(f"  script in a frame: median {median(scripts):.1f} ms, 95 % within {quantiles(scripts, n=20)[-1]:.1f} ms")
    waits: dict[str, list[float]] = {way: [] for way in WAYS}
    for _round in range(ROUNDS):
        for way in WAYS:
            waits[way] += released(own, way)
    for way, found in waits.items():
        middle, most = median(found), quantiles(found, n=20)[-1]
        print(f"  release to torchvision's, {way}: median {middle:.0f} ms, 95 % within {most:.0f} ms")


if __name__ == "__main__":
    main()
