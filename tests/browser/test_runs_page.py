"""Two recorded runs and one that is training, over one another: the view stays, and little travels."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import wait_for
from tests.browser.server import ROOT
from tests.browser.wire import Wire, race, train

pytestmark = pytest.mark.browser
RECORDED = "ygwk2ijufr,j5yjgmume8"  # LeNet and LeNet with batch norm: their ids are the same on every server


@pytest.fixture(scope="module")
def app(start_server):
    return start_server(ROOT / "app.py")


@pytest.fixture
def live(app, open_page):
    """The id of a run that trains for as long as the test takes."""
    page = open_page(None, errors=True)
    yield train(page, app.url)
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped").first.wait_for()


def range_of(page):
    return page.evaluate("document.querySelector('.chart')._fullLayout.xaxis.range")


def drawn_runs(page):
    return page.evaluate("[...new Set(document.querySelector('.chart').data.map(trace => trace.uid.split('-')[0]))]")


def test_zoom_and_hidden_curves_survive_ten_updates_of_a_live_run_and_little_travels(app, live, open_page, settle):
    page = open_page(None, errors=True)
    wire = Wire(page)
    page.goto(f"{app.url}/runs?lang=en&runs={RECORDED},{live}")
    settle(page)
    wait_for(page, "document.querySelector('.chart')?.data?.length > 8")
    legend = page.locator(".legend")
    names = legend.get_by_role("button")
    expect(names).to_have_count(3)
    page.get_by_test_id("stRadio").locator("label").filter(has_text="batch norm").click()
    page.get_by_role("button", name="Note the prediction").click()
    page.wait_for_url(re.compile(r"guess=j5yjgmume8\.80"))
    page.get_by_text("Predicted: LeNet with batch norm").first.wait_for()
    names.nth(1).click()
    expect(names.nth(1)).to_have_attribute("aria-pressed", "false")
    wait_for(page, "![...document.querySelector('.chart').data].some(trace => trace.uid.startsWith('j5yj'))")
    box = page.locator(".chart .nsewdrag").first.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.02, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    page.mouse.up()
    page.wait_for_selector(".reset:visible")
    before, hidden_from = range_of(page), drawn_runs(page)
    page.evaluate("""() => {
      window.gone = 0
      new MutationObserver(records => {
        for (const record of records) for (const node of record.removedNodes) {
          if (node.classList?.contains("live-curves") || node.querySelector?.(".live-curves")) window.gone++
        }
      }).observe(document.body, { childList: true, subtree: true })
    }""")
    length = "id => document.querySelector('.chart').data.find(one => one.uid === `${id}-raw-loss`).x.at(-1)"
    point = page.evaluate(length, live)
    wire.holds_its_limit()
    assert range_of(page) == before and drawn_runs(page) == hidden_from
    expect(names.nth(1)).to_have_attribute("aria-pressed", "false")
    assert page.evaluate(length, live) > point or page.evaluate(length, live) >= before[1], "points have arrived"
    assert page.evaluate("window.gone") == 0, "nothing is taken away and drawn anew"


def test_a_run_on_its_page_says_its_words_with_its_points_and_little_travels(app, open_page):
    page = open_page(None, errors=True)
    wire = Wire(page)
    train(page, app.url)
    page.evaluate("""() => {
      window.said = []
      const write = () => window.said.push(document.querySelector(".live-curves .said").textContent)
      new MutationObserver(write).observe(document.querySelector(".live-curves .said"), { childList: true })
    }""")
    wire.holds_its_limit()
    steps = [int(re.search(r"step ([\d,]+) of", words)[1].replace(",", "")) for words in page.evaluate("window.said")]
    assert len(set(steps)) >= len(wire.answers) / 2 and steps == sorted(steps), "said anew with the points"
    drawn = page.evaluate("document.querySelector('.chart').data.find(one => one.uid.endsWith('-raw-loss')).x.at(-1)")
    assert abs(drawn - steps[-1]) <= max(steps[-1] - steps[-3], 64), "and of the same step"
    assert re.search(r"Time left\s+\d", page.locator(".live-curves .figures").inner_text()), "the time left is a figure"
    page.route("**/points?*", with_another_mark)
    wire.clear()
    page.wait_for_timeout(3000)
    page.unroute("**/points?*")
    looks = sum(length > 2000 for length in wire.frames)  # the first message of each names every page
    assert looks >= 2, "something else is to be said of the run: the page looks at once, not at its next turn"
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped").first.wait_for()


def with_another_mark(route):
    """The feed's answer as if the diagnosis had changed."""
    answer = route.fetch()
    route.fulfill(response=answer, body=re.sub(rb'"told":"[0-9a-f]{8}"', b'"told":"ffffffff"', answer.body()))


def test_little_travels_on_the_page_of_a_race(app, open_page):
    page = open_page(None, errors=True)
    wire = Wire(page)
    race(page, app.url)
    wire.holds_its_limit()
    page.get_by_role("button", name="Stop the race").click()
    page.get_by_text(re.compile("· out")).first.wait_for()


def test_another_axis_a_logarithmic_loss_and_a_prediction_drawn_in_at_the_end(app, open_page, settle):
    page = open_page(f"{app.url}/runs?lang=en&runs={RECORDED}&x=macs&log=1&guess=ygwk2ijufr.93", errors=True)
    settle(page)
    wait_for(page, "document.querySelector('.chart')?.data?.length > 8")
    found = page.evaluate("""() => {
      const { _fullLayout: layout, data } = document.querySelector('.chart')
      const last = id => data.find(trace => trace.uid === `${id}-raw-loss`).x.at(-1)
      return { type: layout.yaxis2.type, first: last('ygwk2ijufr'), second: last('j5yjgmume8') }
    }""")
    assert found["type"] == "log"
    page.get_by_text(re.compile("It was LeNet with batch norm")).wait_for()
    lines = page.evaluate(
        "document.querySelector('.chart').layout.shapes.map(shape => [shape.yref, shape.y0, shape.y1])"
    )
    assert ["y", 93, 93] in lines
    forward = 28 * 28 * 25 * 6 + 10 * 10 * 25 * 6 * 16 + 400 * 120 + 120 * 84 + 84 * 10
    assert found["first"] == pytest.approx(3 * forward * 180_000, rel=1e-4), "3 forward passes of 3 epochs"
    assert found["second"] < found["first"], "without padding the maps are smaller"


@pytest.mark.soak
def test_a_race_on_the_page_ends_with_its_winners(app, open_page, settle):
    page = open_page(f"{app.url}/race?lang=en&kind=own&networks=lenet,lenet_bn", errors=True)
    amount = page.get_by_role("spinbutton", name="Seconds of training for each")
    amount.fill("2")
    amount.press("Enter")
    page.get_by_text("LeNet with batch norm", exact=True).last.click()
    page.get_by_role("button", name="Start the race").click()
    page.wait_for_url(re.compile("race="))
    page.get_by_text(re.compile("Predicted right|Predicted: |Ahead")).first.wait_for(timeout=120_000)
    expect(page.get_by_text("Equal seconds")).to_be_visible()
    expect(page.locator(".chart").first).to_be_visible()


def test_a_phone_shows_the_runs_without_scrolling_sideways(app, open_page, settle):
    page = open_page(f"{app.url}/runs?lang=es&runs={RECORDED}", locale="es-AR", viewport=(390, 844), touch=True,
                     errors=True)  # fmt: skip
    settle(page)
    page.wait_for_selector(".live-curves[data-draws]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    table = page.get_by_test_id("stTable").first
    assert table.evaluate("one => one.querySelector('table').scrollWidth <= one.clientWidth"), "nor the table in itself"
