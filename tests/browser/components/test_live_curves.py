"""The live curves in a real browser: what arrives, what survives an update, its cost, what a failure looks like."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_for

pytestmark = pytest.mark.browser

HARNESS = Path(__file__).parent / "harness"
UPDATES = 10


@pytest.fixture(scope="module")
def url(start_server):
    return start_server(HARNESS / "curves_app.py").url


@pytest.fixture
def open_chart(url, open_page):
    """`open_chart("runs=2", …)` → a page whose chart has been drawn."""

    def open_chart(query: str, **keywords) -> Page:
        page = open_page(f"{url}/?{query}", **keywords)
        page.wait_for_selector(".live-curves[data-draws]")
        return page

    return open_chart


def drawn(page: Page, more: int = 1, chart: int = 0) -> int:
    """Wait until the chart has been drawn `more` times again; returns how often it has been drawn."""
    before = draws(page, chart)
    wait_for(
        page,
        "([chart, count]) => Number(document.querySelectorAll('.live-curves')[chart]?.dataset.draws || 0) >= count",
        arg=[chart, before + more],
    )
    return draws(page, chart)


def draws(page: Page, chart: int = 0) -> int:
    return page.evaluate("chart => Number(document.querySelectorAll('.live-curves')[chart]?.dataset.draws || 0)", chart)


def trace(page: Page, uid: str) -> dict:
    """What the chart draws for `uid`, waited for: the first drawing may come before a run's first point."""
    found = wait_for(
        page,
        """uid => {
          const found = document.querySelector(".chart")?.data?.find(trace => trace.uid === uid)
          return found && { x: found.x, y: found.y, line: found.line }
        }""",
        arg=uid,
    )
    return found


def layout(page: Page, path: str):
    return page.evaluate(
        "path => path.split('.').reduce((value, name) => value[name], document.querySelector('.chart')._fullLayout)",
        path,
    )


def zoom(page: Page) -> list[float]:
    """Zoom into the middle of the chart with the mouse; returns the range of the x axis afterwards."""
    box = page.locator(".chart .nsewdrag").first.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=4)
    page.mouse.up()
    page.wait_for_selector(".reset:visible")
    return layout(page, "xaxis.range")


def test_points_arrive_little_by_little_and_none_is_missing(open_chart):
    page = open_chart("start=5&rate=20")
    first = trace(page, "run0-raw-loss")
    drawn(page, 4)
    later = trace(page, "run0-raw-loss")
    assert len(later["x"]) > len(first["x"])
    assert later["x"] == list(range(1, len(later["x"]) + 1)), "every step once and in order"
    assert later["y"][: len(first["y"])] == first["y"]
    assert len(trace(page, "run0-test-accuracy")["x"]) >= 1


@pytest.mark.parametrize("lose", [1, 4], ids=["one message", "several messages"])
def test_no_point_is_lost_with_lost_messages(open_chart, lose):
    """One lost message joins on by itself; after several the browser asks, and the server sends everything."""
    page = open_chart(f"start=20&rate=20&lose={lose}")
    page.get_by_text(re.compile(r"Tick (8|9|1\d),")).wait_for()
    wait_for(
        page,
        """() => {
          const found = document.querySelector(".chart")?.data?.find(trace => trace.uid === "run0-raw-loss")
          return found && found.x[found.x.length - 1] === found.x.length
        }""",
        timeout=5000,
    )


@pytest.mark.parametrize("again", ["reload", "leave and come back"])
def test_the_whole_run_is_there_again(open_chart, again, settle):
    page = open_chart("start=900&rate=20")
    if again == "reload":
        page.reload()
        settle(page)
    else:
        page.get_by_text("Show", exact=True).click()
        expect(page.locator(".live-curves")).to_have_count(0)
        page.get_by_text("Show", exact=True).click()
    drawn(page)
    wait_for(
        page,
        """() => {
          const trace = document.querySelector(".chart")?.data?.find(trace => trace.uid === "run0-raw-loss")
          return trace && trace.x[0] === 1 && trace.x.length > 850
        }""",
    )
    assert max(trace(page, "run0-raw-loss")["y"]) == 4, "the one bad step is still there"


def test_starting_over_forgets_the_old_points(open_chart):
    page = open_chart("start=0&rate=200")
    wait_for(page, "document.querySelector('.chart').data[0].x.length > 200")
    page.get_by_role("button", name="Start over").click()
    wait_for(page, "document.querySelector('.chart').data[0].x.length < 150")
    steps = trace(page, "run0-raw-loss")["x"]
    assert steps == list(range(1, len(steps) + 1))


def test_zoom_and_hidden_curves_survive_updates(open_chart):
    page = open_chart("start=400&rate=60&runs=5")
    expect(page.get_by_role("button", name="<b>GoogLeNet</b>")).to_be_visible()
    assert page.locator(".live-curves b").count() == 0, "a name is text, not markup"
    page.get_by_role("button", name="AlexNet").click()
    expect(page.get_by_role("button", name="AlexNet")).to_have_attribute("aria-pressed", "false")
    before = zoom(page)
    assert before[0] > 0
    drawn(page, UPDATES)
    assert layout(page, "xaxis.range") == before
    shown = page.evaluate("document.querySelector('.chart').data.map(trace => trace.uid.split('-')[0])")
    assert "run2" not in shown
    assert {"run0", "run1", "run3", "run4"} <= set(shown)
    page.get_by_role("button", name="Rerun the page").click()
    drawn(page, 3)
    assert layout(page, "xaxis.range") == before
    listeners = "name => document.querySelector('.chart')._ev.listeners(name).length"
    assert page.evaluate(listeners, "plotly_relayout") == 1, "updates do not stack listeners"
    page.get_by_role("button", name="Show everything").click()
    drawn(page)
    assert layout(page, "xaxis.range")[0] == 0
    page.get_by_role("button", name="AlexNet").click()
    wait_for(page, "document.querySelector('.chart').data.some(trace => trace.uid.startsWith('run2'))")


def test_a_zoom_under_way_is_not_taken_away(open_chart):
    page = open_chart("start=400&rate=60")
    box = page.locator(".chart .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 40, steps=3)
    page.wait_for_timeout(1200)
    expect(page.locator(".chart .zoombox")).to_have_count(1)
    page.mouse.up()
    page.wait_for_selector(".reset:visible")


def test_a_line_is_really_drawn_in_the_runs_colour(open_chart):
    page = open_chart("start=600&rate=20")
    found = page.evaluate(
        """async image => {
          const picture = new Image()
          picture.src = "data:image/png;base64," + image
          await picture.decode()
          const canvas = new OffscreenCanvas(picture.width, picture.height)
          const context = canvas.getContext("2d")
          context.drawImage(picture, 0, 0)
          const { data } = context.getImageData(0, 0, picture.width, picture.height)
          const columns = new Set()
          for (let at = 0; at < data.length; at += 4) {
            const near = [0x1e, 0x65, 0xab].every((value, part) => Math.abs(value - data[at + part]) < 8)
            if (near) columns.add((at / 4) % picture.width)
          }
          return columns.size / picture.width
        }""",
        base64.b64encode(page.locator(".chart").screenshot()).decode(),
    )
    assert found > 0.5, "the line goes over more than half of the chart's width"


def test_the_chart_fills_its_place_and_follows_it(open_chart):
    page = open_chart("start=200&rate=20")
    wide = layout(page, "width")
    page.set_viewport_size({"width": 700, "height": 800})
    wait_for(page, "width => document.querySelector('.chart')._fullLayout.width < width - 300", arg=wide)
    assert abs(layout(page, "width") - page.locator(".chart").bounding_box()["width"]) < 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


def test_a_change_of_theme_recolours_at_once(open_chart):
    page = open_chart("start=200&rate=0")
    light = layout(page, "font.color")
    assert trace(page, "run0-raw-loss")["line"]["color"] == "#1e65ab"
    page.emulate_media(color_scheme="dark")
    wait_for(
        page,
        "document.querySelector('.chart').data[0].line.color === '#66cef6'",
        timeout=8000,
    )
    assert layout(page, "font.color") != light


def test_two_charts_share_one_plotly_and_leave_nothing_behind(open_chart):
    page = open_chart("start=100&rate=60&charts=2")
    drawn(page, 2, chart=1)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    assert page.evaluate("document.querySelectorAll('script[src*=\"/plotly-\"]').length") == 1
    zoom(page)
    ranges = "[...document.querySelectorAll('.chart')].map(chart => chart._fullLayout.xaxis.range[0] > 0)"
    assert page.evaluate(ranges) == [True, False], "each chart has its own view"
    page.evaluate("window.first = document.querySelector('.chart')")
    page.get_by_text("Show", exact=True).click()
    expect(page.locator(".live-curves")).to_have_count(0)
    wait_for(page, "window.first._fullLayout === undefined", timeout=3000)
    page.get_by_text("Show", exact=True).click()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)


@pytest.mark.parametrize("query", [pytest.param("rate=1000", marks=pytest.mark.soak), "rate=60&runs=4"])
def test_an_update_stays_below_three_kilobytes(url, open_page, query):
    page = open_page(None)
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))))
    page.goto(f"{url}/?start=300&{query}")
    page.wait_for_selector(".js-plotly-plot")
    drawn(page, 3)
    sizes.clear()
    ticks = drawn(page, UPDATES)
    assert ticks >= UPDATES
    # Everything that Streamlit sends with a tick counts, not only the component's own message.
    assert sum(sizes) / UPDATES < 3 * 1024, f"{sum(sizes) / UPDATES:.0f} bytes a tick"
    assert max(sizes) < 2 * 1024, "no message carries the whole run again"


def test_values_under_the_pointer_stay_through_an_update(open_chart):
    page = open_chart("start=400&rate=20&total=800")
    box = page.locator(".chart .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 60)
    expect(page.locator(".hoverlayer")).to_contain_text("Training")
    drawn(page, 2)
    expect(page.locator(".hoverlayer")).to_contain_text("Training")


def test_without_plotly_it_says_so_and_can_be_tried_again(url, open_page):
    page = open_page(None, errors=True)
    page.route("**/plotly-*.js", lambda route: route.abort())
    page.goto(f"{url}/?start=200&rate=20")
    expect(page.get_by_role("alert").filter(has_text="could not be loaded")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("row", name="LeNet")).to_contain_text("%")
    page.unroute("**/plotly-*.js")
    page.get_by_role("button", name="Try again").click()
    drawn(page)
    expect(page.get_by_role("alert").filter(has_text="could not be loaded")).to_be_hidden()


def test_a_skeleton_shows_while_plotly_loads(url, open_page):
    page = open_page(None)
    held = []

    def hold(route):
        held.append(route)

    page.route("**/plotly-*.js", hold)
    page.goto(f"{url}/?start=200&rate=20")
    skeleton = page.get_by_text("Loading the chart…")
    expect(skeleton).to_be_visible()
    assert page.locator(".area").bounding_box()["height"] == 460, "the page does not jump when the chart comes"
    held[0].continue_()
    drawn(page)
    expect(skeleton).to_be_hidden()


def test_an_empty_chart_says_what_will_come(open_chart):
    page = open_chart("empty=1")
    expect(page.get_by_text("The first points appear here")).to_be_visible()


def test_words_for_a_screen_reader(open_chart):
    page = open_chart("start=300&rate=60")
    figure = page.get_by_role("figure", name=re.compile(r"1 runs, step \d+"))
    expect(figure).to_be_visible()
    spoken = page.locator(".live").inner_text()
    assert re.fullmatch(r"LeNet: step \d+, training loss \d\.\d{3}, test accuracy \d\d\.\d.%", spoken), spoken
    drawn(page, 4)
    assert page.locator(".live").inner_text() == spoken, "at most every ten seconds"
    page.get_by_text("Values as a table").click()
    row = page.get_by_role("row", name="LeNet")
    expect(row.get_by_role("cell")).to_have_count(7)
    before = row.inner_text()
    drawn(page, 2)
    assert row.inner_text() != before, "the table goes on"


def test_an_axis_in_epochs_and_spanish_numbers(open_chart):
    page = open_chart("start=236&rate=0&x=epochs", locale="es-AR")
    assert trace(page, "run0-raw-loss")["x"][-1] == 2, "118 steps make an epoch"
    assert trace(page, "run0-test-accuracy")["x"] == [0.5, 1, 1.5, 2]
    assert layout(page, "separators").startswith(",")
    page.locator("summary").click()
    assert re.search(r"\d,\d{3}", page.locator(".table tbody").inner_text())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone(open_chart, theme):
    page = open_chart("start=300&rate=20&runs=2", viewport=(390, 844), touch=True, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_role("button", name="LeNet with batch norm")).to_be_visible()
    assert layout(page, "dragmode") is False, "a finger scrolls the page"


def test_the_mean_and_the_spread_of_seeds_and_places_on_an_axis(open_chart):
    """The browser's own arithmetic against numpy's."""
    page = open_chart("start=20&rate=0")
    random = np.random.default_rng(2)
    x = [np.sort(random.choice(np.arange(1, 200), 60, replace=False)) for _ in range(3)]
    y = [random.normal(size=60) for _ in range(3)]
    series = [{"x": a.tolist(), "y": b.tolist()} for a, b in zip(x, y, strict=True)]
    found = page.evaluate(
        """async ({ series, steps, known }) => {
          const loaded = performance.getEntriesByType("resource").map(one => one.name)
          const url = loaded.find(name => name.includes("points.js"))
          const { band, placeSteps } = await import(url)
          return { band: band(series, 1000), few: band(series, 20), places: placeSteps(steps, known) }
        }""",
        {"series": series, "steps": [0, 5, 10, 15, 30], "known": [[0, 0], [10, 2.0], [20, 6.0]]},
    )
    first, last = max(a[0] for a in x), min(a[-1] for a in x)
    places = [place for place in x[0] if first <= place <= last]
    values = np.array([np.interp(places, a, b) for a, b in zip(x, y, strict=True)])
    assert found["band"]["x"] == places
    assert found["band"]["mean"] == pytest.approx(values.mean(0))
    assert found["band"]["low"] == pytest.approx(values.min(0)) and found["band"]["high"] == pytest.approx(
        values.max(0)
    )
    assert len(found["few"]["x"]) == 20 and found["few"]["x"][0] == first and found["few"]["x"][-1] == last
    assert found["places"] == pytest.approx([0, 1, 2, 4, 10]), "straight between, and on beyond the last"
