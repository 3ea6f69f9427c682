"""The diagram and the table of one network in a real browser: unfolding, the keyboard, and one selection for both.

What a tree must do follows https://www.w3.org/WAI/ARIA/apg/patterns/treeview/.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnnviz.architectures import architecture
from cnnviz.figures.diagram_layout import layout
from cnnviz.inspection import report_of

pytestmark = pytest.mark.browser

HARNESS = Path(__file__).parent / "harness"
CONV = "stage3.block2.body.conv2"


@pytest.fixture(scope="module")
def url(start_server):
    return start_server(HARNESS / "explorer_app.py").url


@pytest.fixture
def page(url, open_page) -> Page:
    page = open_page(url)
    expect(box(page, "stem")).to_be_visible()
    return page


def box(scope, path: str):
    return scope.locator(f'.box[data-path="{path}"]')


def line(scope, path: str):
    return scope.locator(f'tbody tr[data-row="{path}"]')


def unfold(page: Page, *ids: str) -> None:
    for one in ids:
        page.locator(f'.box[data-id="{one}"] .twisty').click()


def shown(page: Page) -> list[str]:
    return page.locator(".box:visible").evaluate_all("boxes => boxes.map(box => box.dataset.id)")


def focused(page: Page) -> str:
    return page.evaluate(
        """() => {
          let active = document.activeElement
          while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement
          return active.dataset.id ?? active.tagName
        }"""
    )


def press(page: Page, *keys: str) -> str:
    for key in keys:
        page.keyboard.press(key)
    return focused(page)


def test_it_unfolds_in_place_where_python_would_draw_it(url, open_page):
    """One layout: the browser's boxes stand where the layout that draws the SVG puts them."""
    for net, ids in {
        "googlenet": ("stage3", "stage3.inception3a"),
        "densenet": ("block1", "block1.layer1*4", "block1.layer1"),
        "lenet": (),
    }.items():
        page = open_page(f"{url}?nets={net}&height=20000")
        expect(page.locator(".box").first).to_be_visible()
        unfold(page, *ids)
        expected = layout(
            report_of(architecture(net).spec()),
            frozenset(ids or ("conv1", "conv2", "dense1", "dense2")),
        )
        places = page.locator(".tree").evaluate(
            """tree => {
              const from = tree.getBoundingClientRect()
              return [...tree.querySelectorAll(".box")].filter(box => !box.closest("[hidden]")).map(box => {
                const place = box.getBoundingClientRect()
                return [box.dataset.id, place.left - from.left - 2, place.top - from.top - 2, place.height]
              })
            }"""
        )
        assert [place[0] for place in places] == [node.id for node in expected.nodes]
        for place, node in zip(places, expected.nodes, strict=True):
            assert place[1:] == pytest.approx([node.x, node.y, node.height], abs=1), node.id


def test_a_click_in_the_diagram_is_seen_in_the_table_before_the_server_answers(page):
    unfold(page, "stage3", "stage3.block2")
    # the server is held: nothing that it could say arrives
    page.evaluate("() => { window.held = WebSocket.prototype.send; WebSocket.prototype.send = () => {} }")
    box(page, CONV).click()
    expect(line(page, CONV)).to_have_attribute("aria-selected", "true")
    expect(line(page, "stage3.block2")).to_have_attribute("aria-expanded", "true")
    assert inside(page, line(page, CONV), page.locator("tbody").locator("xpath=ancestor::div[1]"))
    page.evaluate("() => { WebSocket.prototype.send = window.held }")
    box(page, "stage3.block2.add").click()
    expect(page.get_by_text("resnet18: 'stage3.block2.add'")).to_be_visible()
    expect(line(page, CONV)).to_have_attribute("aria-selected", "false")
    assert page.locator("[aria-selected=true]").count() == 2, "one in each view"


def inside(page: Page, target, scroller) -> bool:
    """Whether the component has scrolled it into view by itself."""
    page.wait_for_timeout(500)  # smooth scrolling
    place, frame = target.bounding_box(), scroller.bounding_box()
    return frame["y"] - 1 <= place["y"] and place["y"] + place["height"] <= frame["y"] + frame["height"] + 1


def test_a_click_in_the_table_opens_the_diagram_down_to_the_layer(page, settle):
    page.get_by_role("button", name="Expand all").last.click()
    line(page, CONV).locator("td").first.click()
    expect(box(page, CONV)).to_have_attribute("aria-selected", "true")
    assert inside(page, box(page, CONV), page.locator(".network-diagram .scroller"))
    expect(page.get_by_text(f"resnet18: '{CONV}'")).to_be_visible()
    line(page, "stage3.block2.body").locator("td").first.click()
    expect(page.locator(".box.within")).to_have_count(5)  # a branch is marked by its layers
    expect(page.get_by_text("resnet18: 'stage3.block2.body'")).to_be_visible()
    settle(page)
    assert page.locator('.box[data-path="stage3.block2"][aria-expanded="true"]').count() == 1


def test_python_selects_too_and_the_choice_survives_reruns_and_knobs(page, settle):
    page.get_by_role("button", name="From Python").click()
    expect(box(page, CONV)).to_have_attribute("aria-selected", "true")
    expect(line(page, CONV)).to_have_attribute("aria-selected", "true")
    assert inside(page, box(page, CONV), page.locator(".network-diagram .scroller"))
    before = box(page, CONV).get_attribute("aria-label")
    for button in ("Rerun", "Knob"):
        page.get_by_role("button", name=button).click()
        settle(page)
    expect(box(page, CONV)).not_to_have_attribute("aria-label", before)  # half as many channels
    expect(box(page, CONV)).to_have_attribute("aria-selected", "true")
    expect(line(page, CONV)).to_have_attribute("aria-selected", "true")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0


def test_the_tree_by_keyboard(page):
    box(page, "stem").focus()
    assert press(page, "ArrowDown", "ArrowDown") == "stage2"
    assert press(page, "ArrowRight") == "stage2", "right opens"
    assert press(page, "ArrowRight") == "stage2.block1", "right on an open one goes inside"
    assert press(page, "ArrowRight", "ArrowRight") == "stage2.block1.body.conv1"
    assert press(page, "ArrowDown") == "stage2.block1.body.norm1"
    assert press(page, "Enter") == "stage2.block1.body.norm1"
    expect(page.get_by_text("resnet18: 'stage2.block1.body.norm1'")).to_be_visible()
    assert press(page, "ArrowLeft") == "stage2.block1", "left in a block goes to its heading"
    assert press(page, "ArrowLeft") == "stage2.block1"
    assert "stage2.block1.body.conv1" not in shown(page), "left folds"
    assert press(page, "End") == "head"
    assert press(page, "Home") == "stem"
    assert press(page, "ArrowUp") == "stem"
    assert press(page, "*") == "stem"
    opened = page.locator('.box[aria-level="1"][aria-expanded="true"]')
    expect(opened).to_have_count(6)
    assert press(page, "ArrowDown", "Space") == "stem.conv"
    expect(box(page, "stem.conv")).to_have_attribute("aria-selected", "true")
    assert page.locator('.box[tabindex="0"]').count() == 1, "one stop for Tab"


def test_a_screen_reader_hears_what_each_box_is(page):
    tree = page.get_by_role("tree", name="Diagram of ResNet-18")
    stage = tree.get_by_role("treeitem", name="stage2, 2 residual blocks")
    expect(stage).to_have_attribute("aria-level", "1")
    expect(stage).to_have_attribute("aria-setsize", "6")
    expect(stage).to_have_attribute("aria-expanded", "false")
    unfold(page, "stage1", "stage1.block1*2", "stage1.block1")
    expect(tree.get_by_role("treeitem", name="2 times, block1 – block2")).to_have_attribute("aria-level", "2")
    expect(tree.get_by_role("treeitem", name="sum, add, output 64×24×24")).to_have_attribute("aria-level", "4")


def test_two_explorers_on_one_page_do_not_mix(url, open_page):
    page = open_page(f"{url}?nets=resnet18,resnet18&height=300")
    first, second = page.locator(".network-diagram").nth(0), page.locator(".network-diagram").nth(1)
    tables = page.locator(".layer-tree")
    expect(box(second, "stage4")).to_be_visible()
    box(first, "stage1").locator(".title").click()
    expect(line(tables.nth(0), "stage1")).to_have_attribute("aria-selected", "true")
    expect(line(tables.nth(1), "stage1")).to_have_attribute("aria-selected", "false")
    line(tables.nth(1), "stage2").locator("td").first.click()
    expect(box(second, "stage2")).to_have_attribute("aria-selected", "true")
    expect(box(first, "stage2")).to_have_attribute("aria-selected", "false")
    expect(box(first, "stage1")).to_have_attribute("aria-selected", "true")
    expect(page.locator("[data-testid=stText]")).to_have_text(["resnet18: 'stage1'", "resnet18: 'stage2'"])


def test_the_layer_that_cannot_work_is_marked_while_folded_and_open(url, open_page):
    page = open_page(f"{url}?failed={CONV}")
    expect(box(page, "stage3")).to_have_class("box part broken")
    expect(box(page, "stage3")).to_have_attribute("aria-label", "Cannot work: " + label(page, "stage3"))
    unfold(page, "stage3", "stage3.block2")
    expect(box(page, "stage3")).to_have_class("box part")
    expect(page.locator(".box.broken:visible")).to_have_count(1)
    expect(box(page, CONV)).to_have_class("box inner weights broken")
    expect(page.locator("tr.failed")).to_contain_text("does not fit")


def label(page: Page, path: str) -> str:
    return box(page, path).evaluate("box => box.words")


def test_densenet201_unfolds_at_once_and_a_phone_scrolls_inside_the_diagram_only(url, open_page):
    page = open_page(f"{url}?nets=densenet201&height=500", viewport=(390, 844), touch=True, theme="dark")
    expect(box(page, "block3")).to_be_visible()
    milliseconds = page.locator(".network-diagram").evaluate(
        """async root => {
          const start = performance.now()
          root.querySelector(".expand-all").click()
          root.querySelector(".tree").getBoundingClientRect()
          await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))
          return performance.now() - start
        }"""
    )
    assert milliseconds < 2000, f"{milliseconds:.0f} ms"
    leaves = {row.path for row in report_of(architecture("densenet201").spec()).leaves}
    boxes = page.locator(".box:not(.part)").evaluate_all("boxes => boxes.map(box => box.dataset.path)")
    assert sorted(boxes) == sorted(leaves)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".network-diagram .scroller").evaluate("one => one.scrollWidth <= one.clientWidth")
    sizes = page.locator(".box span:visible, .shape:visible").evaluate_all(
        "texts => Math.min(...texts.slice(0, 300).map(text => parseFloat(getComputedStyle(text).fontSize)))"
    )
    assert sizes >= 12
    page.get_by_role("button", name="Collapse all").first.click()
    assert len(shown(page)) == 9
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(box(page, "block3")).to_be_visible()


def test_what_is_open_survives_a_changed_knob_and_another_network_starts_folded(page, settle):
    unfold(page, "stage2", "stage2.block1")
    before = shown(page)
    page.get_by_role("button", name="Knob").click()
    settle(page)
    expect(box(page, "stage2.block1.body.conv1")).to_contain_text("64")
    assert shown(page) == before
