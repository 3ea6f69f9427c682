"""A still chart is plotly's picture: the same places in the same panels; and it answers pointer, keys and a phone."""

import pytest

from tests.browser.components.test_treemap import HARNESS
from tests.browser.conftest import wait_for
from tests.figures.chart_figures import figures

pytestmark = pytest.mark.browser

# Boxes of the marks in shares of their panel, from plotly's drawing and from ours: panel → kind → boxes.
MEASURE = """
const shares = panel => element => {
  const box = element.getBoundingClientRect()
  return [(box.left - panel.left) / panel.width, (box.right - panel.left) / panel.width,
          (box.top - panel.top) / panel.height, (box.bottom - panel.top) / panel.height]
}"""
PLOTLY = """() => {
  const gd = document.querySelector(".js-plotly-plot")
  const found = {}
  for (const [id, { plotgroup }] of Object.entries(gd._fullLayout._plots)) {
    const panel = gd.querySelector(`.nsewdrag[data-subplot="${id}"]`).getBoundingClientRect()
    const all = selector => [...plotgroup.node().querySelectorAll(selector)].map(shares(panel))
    found[id] = { bars: all(".barlayer .point > path"), lines: all(".scatterlayer path.js-line"),
                  pictures: all(".imagelayer image, .heatmaplayer image") }
  }
  return found
}"""
OWN = """() => {
  const find = node => node.querySelector(".chart-of-figure svg")
    ?? [...node.querySelectorAll("*")].map(one => one.shadowRoot && find(one.shadowRoot)).find(Boolean)
  const svg = find(document)
  const found = {}
  for (const clip of svg.querySelectorAll("clipPath")) {
    const { left, top } = svg.getBoundingClientRect()
    const [x, y, width, height] = ["x", "y", "width", "height"].map(name => +clip.firstChild.getAttribute(name))
    const panel = { left: left + x + 1, top: top + y + 1, width: width - 2, height: height - 2 }
    const all = selector =>
      [...svg.querySelectorAll(`g[data-panel="${clip.id}"] > ${selector}`)].map(shares(panel))
    found[clip.id.replace("-", "")] =
      { bars: all("rect"), lines: all("path:not(.point)"), pictures: all("image") }
  }
  return found
}"""


def measured(page, script):
    return page.evaluate(f"(() => {{ {MEASURE}; return ({script})() }})()")


@pytest.fixture(scope="module")
def url(start_server):
    return start_server(HARNESS / "chart_app.py").url


COMPARED = ("lines", "branches", "distributions", "draws", "logarithms", "memory", "rates", "sweep", "tensor")


@pytest.mark.parametrize(
    "name", [*COMPARED[:4], *(pytest.param(name, marks=pytest.mark.soak) for name in COMPARED[4:])]
)
def test_marks_lie_where_plotly_has_them(url, open_page, settle, name):
    page = open_page(f"{url}/?figure={name}")
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.locator(".chart-of-figure svg").wait_for()
    settle(page)
    theirs, ours = measured(page, PLOTLY), measured(page, OWN)
    assert set(ours) <= set(theirs)
    compared = 0
    for panel, marks in ours.items():
        for kind, boxes in marks.items():
            assert len(boxes) == len(theirs[panel][kind]), (panel, kind)
            for own, other in zip(sorted(boxes), sorted(theirs[panel][kind]), strict=True):
                assert own == pytest.approx(other, abs=0.045), (panel, kind)
                compared += 1
    assert compared


def test_pointer_keys_and_a_phone(url, open_page):
    page = open_page(f"{url}/?figure=distances&alone=1")
    chart = page.get_by_role("img", name="The figure distances")
    chart.wait_for()
    assert page.locator(".js-plotly-plot").count() == 0
    page.goto(f"{url}/?figure=lines&alone=1")
    chart = page.get_by_role("img", name="The figure lines")
    tip = page.locator(".chart-of-figure .tip")
    chart.focus()
    page.keyboard.press("Home")
    assert tip.inner_text() == "its slope: 0 → 1", "the lines are read in the order in which they are drawn"
    page.keyboard.press("ArrowRight")
    assert tip.inner_text().startswith("its slope: 0.25 → ")
    page.keyboard.press("End")
    assert tip.inner_text() == "tanh: 10 → 1"
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    page.set_viewport_size({"width": 390, "height": 844})
    wait_for(page, "document.documentElement.scrollWidth <= innerWidth")
    assert chart.bounding_box()["width"] < 390
    texts = page.locator(".chart-of-figure svg text").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().right)"
    )
    assert max(texts) <= 390, "the lines' names are within the screen"


# Pairs of texts that lie over one another, turned ones left out: their boxes are larger than they are.
TOUCHING = """all => {
  const placed = all.filter(one => !one.getAttribute("transform").includes("rotate"))
    .flatMap(one => [...one.children]).map(one => [one.textContent, one.getBoundingClientRect()])
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom - 4 <= b.top || b.bottom - 4 <= a.top
  const touching = (a, others) => others.filter(([, b]) => !apart(a, b)).map(([other]) => other)
  return placed.flatMap(([text, a], n) => touching(a, placed.slice(n + 1)).map(other => [text, other]))
}"""


@pytest.mark.parametrize("figure", ["confusion", "budget", "map"])
def test_numbers_in_a_row_do_not_touch_on_a_phone_nor_shrink_where_there_is_room(url, open_page, figure):
    page = open_page(f"{url}/?figure={figure}&alone=1", viewport=(390, 844))
    texts = page.locator(".chart-of-figure svg text")
    texts.first.wait_for()
    assert texts.evaluate_all(TOUCHING) == []
    sizes = "all => all.map(one => parseFloat(one.getAttribute('font-size')))"
    small = texts.evaluate_all(sizes)
    assert min(small) >= 8
    page.set_viewport_size({"width": 1000, "height": 844})
    wait_for(page, "document.querySelector('.stMain').clientWidth > 600")
    page.wait_for_timeout(300)
    assert min(texts.evaluate_all(sizes)) >= min(small), "what fits on a phone, as bars may, is as large there"
    assert texts.evaluate_all(TOUCHING) == []


@pytest.mark.parametrize("width", [390, 1000])
def test_the_label_of_a_bar_that_ends_at_the_edge_stands_in_it_as_plain_as_the_others(url, open_page, width):
    page = open_page(f"{url}/?figure=recognised&alone=1", viewport=(width, 844))
    labels = page.locator(".chart-of-figure svg text[fill='#ffffff']")
    labels.first.wait_for()
    assert labels.count() == 10
    assert set(labels.evaluate_all("all => all.map(one => one.getAttribute('stroke-width'))")) == {"0"}
    bars = page.locator(".chart-of-figure svg rect[height]").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().right)"
    )
    ends = labels.evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert all(any(3 <= bar - end <= 9 for bar in bars) for end in ends)


CUT = """all => all.map(one => [one.textContent, one.getBoundingClientRect()])
  .filter(([_text, { left, right }]) => left < 0 || right > innerWidth).map(([text]) => text)"""


@pytest.mark.soak
def test_every_figure_is_drawn(url, open_page):
    for name in figures():
        page = open_page(f"{url}/?figure={name}&alone=1", errors=True)
        page.locator(".chart-of-figure svg").wait_for()
        assert page.locator(".chart-of-figure svg text").evaluate_all(CUT) == [], name
        page.close()
