"""The tree of layers in a real browser: the treegrid pattern by keyboard, search, sorting, and what survives new data.

What a treegrid must do follows https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_for

pytestmark = pytest.mark.browser

HARNESS = Path(__file__).parent / "harness"
STAGES = ["LeNet", "stem", "body", "head"]


@pytest.fixture(scope="module")
def url(start_server):
    return start_server(HARNESS / "tree_app.py").url


@pytest.fixture
def page(url, open_page) -> Page:
    page = open_page(url)
    expect(rows(page).first).to_be_visible()
    return page


def rows(page: Page):
    return page.locator("tbody tr")


def row(page: Page, name: str):
    return page.locator("tbody tr", has=page.locator(".text", has_text=re.compile(f"^{re.escape(name)}$")))


def names(page: Page) -> list[str]:
    return page.locator("tbody .text").all_inner_texts()


def focused(page: Page) -> str:
    """The name of the focused row, with the number of the focused cell if it is one."""
    return page.evaluate(
        """() => {
          let active = document.activeElement
          while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement
          const line = active.closest("tr")
          if (!line) return active.tagName
          const name = line.querySelector(".text").textContent
          return active === line ? name : `${name}/${[...line.children].indexOf(active)}`
        }"""
    )


def press(page: Page, *keys: str) -> str:
    for key in keys:
        page.keyboard.press(key)
    return focused(page)


def test_is_a_treegrid_with_levels_positions_and_sizes(page):
    grid = page.get_by_role("treegrid")
    expect(grid).to_have_count(1)
    assert names(page) == STAGES
    wanted = {"LeNet": ("1", "1", "1", "true"), "stem": ("2", "1", "3", "false"), "head": ("2", "3", "3", "false")}
    for name, (level, place, size, expanded) in wanted.items():
        line = row(page, name)
        expect(line).to_have_attribute("aria-level", level)
        expect(line).to_have_attribute("aria-posinset", place)
        expect(line).to_have_attribute("aria-setsize", size)
        expect(line).to_have_attribute("aria-expanded", expanded)
        expect(line).to_have_attribute("aria-selected", "false")
    row(page, "stem").locator(".twisty").click()
    leaf = row(page, "activation")
    expect(leaf).to_have_attribute("aria-level", "3")
    assert leaf.get_attribute("aria-expanded") is None, "a leaf has nothing to open"
    assert page.locator("tbody tr[tabindex='0']").count() == 1, "one row is reached by Tab"


def test_keyboard_walk(page):
    page.get_by_label("Find a layer by name or type").focus()
    assert press(page, "ArrowDown") == "LeNet"
    assert press(page, "ArrowDown") == "stem"
    assert press(page, "ArrowRight") == "stem"
    assert names(page) == ["LeNet", "stem", "conv", "activation", "pool", "body", "head"]
    assert press(page, "ArrowRight") == "stem/0", "right on an open row goes to its first cell"
    assert press(page, "ArrowRight", "ArrowRight") == "stem/2"
    assert press(page, "ArrowDown") == "conv/2", "down in a cell stays in its column"
    assert press(page, "End") == "conv/5"
    assert press(page, "ArrowRight") == "conv/5"
    assert press(page, "Home") == "conv/0"
    assert press(page, "ArrowLeft") == "conv", "left from the first cell goes to the row"
    assert press(page, "ArrowLeft") == "stem", "left on a leaf goes to its parent"
    assert press(page, "ArrowLeft") == "stem"
    assert names(page) == STAGES
    assert press(page, "End") == "head"
    assert press(page, "Home") == "LeNet"
    assert press(page, "ArrowUp") == "LeNet"
    assert press(page, "ArrowDown", "*") == "stem"
    assert len(names(page)) == 13, "* opens all siblings"
    assert press(page, "PageDown") not in ("stem", "LeNet")
    assert press(page, "Control+Home") == "LeNet"
    assert press(page, "Control+End") == "3"


def test_enter_and_space_select_and_the_focus_stays(page, settle):
    page.get_by_label("Find a layer by name or type").focus()
    press(page, "ArrowDown", "ArrowDown", "Enter")
    expect(page.get_by_text("Selected: 'stem'")).to_be_visible()
    expect(row(page, "stem")).to_have_attribute("aria-selected", "true")
    settle(page)
    assert focused(page) == "stem"
    press(page, "ArrowDown", "Space")
    expect(page.get_by_text("Selected: 'body'")).to_be_visible()
    assert page.locator("tr[aria-selected='true']").count() == 1


def test_a_click_selects_and_a_click_on_the_twisty_only_opens(page):
    row(page, "head").locator(".twisty").click()
    expect(row(page, "2")).to_be_visible()
    expect(page.get_by_text("Selected: None")).to_be_visible()
    row(page, "2").locator("td").nth(1).click()
    expect(page.get_by_text("Selected: 'head.2'")).to_be_visible()
    row(page, "LeNet").click()
    expect(page.get_by_text("Selected: ''", exact=True)).to_be_visible()


def test_the_last_of_two_quick_clicks_wins(page, settle):
    row(page, "stem").click()
    row(page, "head").click()
    expect(page.get_by_text("Selected: 'head'")).to_be_visible()
    settle(page)
    expect(row(page, "head")).to_have_attribute("aria-selected", "true")
    expect(row(page, "stem")).to_have_attribute("aria-selected", "false")


def test_search_keeps_ancestors_and_says_how_many(page):
    field = page.get_by_label("Find a layer by name or type")
    field.fill("conv2d")
    assert names(page) == ["LeNet", "stem", "conv", "body", "conv"]
    expect(page.locator(".found")).to_have_text("2 of 13 layers match")
    assert page.locator("mark").all_inner_texts() == ["Conv2d", "Conv2d"]
    field.fill("body sigmoid")
    assert names(page) == ["LeNet", "body", "<img src=x onerror=alert(1)>"]
    field.fill("head.2")
    assert names(page) == ["LeNet", "head", "2"], "a dot makes it an address"
    field.fill("head")
    assert names(page) == ["LeNet", "head"], "a block that matches starts closed"
    row(page, "head").locator(".twisty").click()
    assert names(page) == ["LeNet", "head", "1", "2", "3"], "and can be opened"
    field.fill("transformer")
    expect(page.get_by_text("No layer matches “transformer”.")).to_be_visible()
    assert names(page) == []
    page.keyboard.press("Escape")
    assert field.input_value() == ""
    assert names(page) == STAGES, "what was open before the search is open after it"


def test_sorting_stays_within_siblings(page):
    page.get_by_role("button", name="Expand all").click()
    assert page.locator("tbody img").count() == 0, "a name is text, not markup"
    heading = page.locator("thead th", has_text="Parameters")
    expect(heading).to_have_attribute("aria-sort", "none")
    page.get_by_role("button", name="Parameters").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert names(page)[:5] == ["LeNet", "head", "1", "2", "3"]
    assert names(page)[5:8] == ["body", "conv", "<img src=x onerror=alert(1)>"]
    page.get_by_role("button", name="Parameters").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert names(page)[:2] == ["LeNet", "stem"]
    assert names(page)[-4:] == ["head", "3", "2", "1"]
    page.get_by_role("button", name="Parameters").click()
    expect(heading).to_have_attribute("aria-sort", "none")
    assert names(page)[:3] == ["LeNet", "stem", "conv"]
    page.get_by_role("button", name="Collapse all").click()
    assert names(page) == ["LeNet"]
    page.get_by_role("button", name="Expand all").click()
    page.get_by_role("button", name="Memory").click()
    texts = row(page, "head").locator("xpath=following-sibling::tr[@aria-level='3']").locator("td:last-child")
    sizes = [text.replace("\u202f", " ") for text in texts.all_inner_texts()[:3]]
    assert sizes == ["188 KiB", "39.7 KiB", "3.32 KiB"], "sorted as numbers, not as text"


def test_open_rows_search_sort_and_scroll_survive_new_data(url, open_page, settle):
    page = open_page(f"{url}?height=200")
    row(page, "head").locator(".twisty").click()
    row(page, "body").locator(".twisty").click()
    page.get_by_role("button", name="Parameters").click()
    scroller = page.locator(".scroller")
    scroller.evaluate("element => (element.scrollTop = 60)")
    before = names(page)
    page.get_by_role("button", name="New data").click()
    expect(page.get_by_text("Softmax")).to_be_attached()
    settle(page)
    after = names(page)
    assert [name for name in after if name != "4"] == before
    assert len(after) == len(before) + 1
    assert scroller.evaluate("element => element.scrollTop") == 60
    page.get_by_label("Find a layer by name or type").fill("linear")
    page.get_by_role("button", name="Rerun").click()
    settle(page)
    assert names(page) == ["LeNet", "head", "1", "2", "3"]


def test_a_selection_made_elsewhere_is_revealed_inside_the_table_only(url, open_page):
    page = open_page(f"{url}?height=160")
    page.get_by_label("Find a layer by name or type").fill("conv")
    page.get_by_role("button", name="Select elsewhere").click()
    expect(row(page, "2")).to_have_attribute("aria-selected", "true")
    expect(row(page, "head")).to_have_attribute("aria-expanded", "true")
    wait_for(
        page,
        """() => {
          const host = [...document.querySelectorAll("*")].find(e => e.shadowRoot?.querySelector(".layer-tree"))
          const scroller = host.shadowRoot.querySelector(".scroller").getBoundingClientRect()
          const line = host.shadowRoot.querySelector("tr[aria-selected=true]").getBoundingClientRect()
          return line.top >= scroller.top && line.bottom <= scroller.bottom + 1
        }""",
    )
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    # and a click in the table overrules it again
    row(page, "1").click()
    expect(page.get_by_text("Selected: 'head.1'")).to_be_visible()


def test_the_layer_that_cannot_work_is_marked_in_words_and_shown(page):
    page.get_by_role("button", name="New data").click()
    expect(rows(page).first).to_be_visible()
    page.get_by_role("button", name="New data").click()
    failed = page.locator("tr.failed")
    expect(failed).to_be_visible()
    expect(failed.get_by_role("img", name="Cannot work")).to_be_visible()
    expect(failed).to_contain_text("does not fit on 1×1")
    expect(row(page, "body")).to_have_attribute("aria-expanded", "true")


def test_a_thousand_rows(url, open_page):
    page = open_page(f"{url}?size=large&height=420")
    expect(row(page, "DenseNet-201")).to_be_visible()
    assert rows(page).count() == 9, "what is closed is not in the document"
    milliseconds = page.evaluate(
        """async () => {
          const host = [...document.querySelectorAll("*")].find(e => e.shadowRoot?.querySelector(".layer-tree"))
          const start = performance.now()
          host.shadowRoot.querySelector(".expand-all").click()
          host.shadowRoot.querySelector(".scroller").getBoundingClientRect()
          await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))
          return performance.now() - start
        }"""
    )
    assert rows(page).count() == 1001
    assert milliseconds < 1000, f"{milliseconds:.0f} ms"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_scrolls_inside_the_table_only(url, open_page, theme):
    page = open_page(url, viewport=(390, 844), touch=True, theme=theme)
    expect(rows(page).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    headings = page.locator("thead th:visible").all_inner_texts()
    assert headings[0] == "Layer"
    assert "Parameters" in headings, "a column of priority 0 never leaves"
    assert "Kernel" not in headings, "the highest number leaves first"
    expect(page.locator(".hidden-columns")).to_contain_text("Kernel")
    size = row(page, "stem").locator(".twisty").bounding_box()
    assert size is not None and min(size["width"], size["height"]) >= 24, "WCAG 2.2, 2.5.8"
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("thead th:visible")).to_have_count(6)


def test_spanish_numbers_and_words(url, open_page):
    page = open_page(url, locale="es-AR")
    expect(rows(page).first).to_be_visible()
    assert "61,7" in row(page, "LeNet").inner_text()
    assert row(page, "LeNet").locator("td").nth(2).get_attribute("title").startswith("61.706 · 100")
