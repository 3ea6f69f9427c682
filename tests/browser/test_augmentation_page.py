"""The augmentation page as a person uses it: keys, links, pictures of one's own, and what can be taken along."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import wait_for

pytestmark = pytest.mark.browser


@pytest.fixture
def open_augmentation(app, open_page):
    """`open_augmentation("chain=hue", …)` → the page with torchvision's pictures on it."""

    def open_it(query="", language="en", **keywords):
        page = open_page(f"{app.url}/augmentation?lang={language}&{query}", errors=True, **keywords)
        page.wait_for_selector(".live-grid[data-exact=true]")
        return page

    return open_it


def titles(page):
    return page.locator(".card .title").all_inner_texts()


def released(page, pattern):
    """Wait until the link matches and torchvision's pictures are there."""
    page.wait_for_url(re.compile(pattern))
    page.wait_for_selector(".live-grid[data-exact=true]")


def test_a_chain_is_made_with_the_keyboard_alone_and_a_link_brings_it_back(open_augmentation, settle):
    page = open_augmentation("chain=horizontal_flip&count=2")
    menu = page.get_by_label("Another operation")
    menu.select_option("rotation")
    page.get_by_role("button", name="Add", exact=True).press("Enter")
    expect(page.locator(".card .title")).to_have_text(["Horizontal flip", "Rotation"])
    expect(page.get_by_role("switch", name="Rotation")).to_be_focused()
    expect(page.locator(".spoken")).to_have_text("Rotation is added as step 2.")
    assert page.get_by_text("It teaches:").nth(1).is_visible(), "a new card says what it is for"
    page.get_by_role("slider", name="Angle, largest").press("End")
    released(page, r"rotation-degrees--30\.0\.\.180\.0")
    page.get_by_role("button", name="Move up: Rotation").press("Enter")
    released(page, "chain=rotation-.*~horizontal_flip")
    page.get_by_role("switch", name="Horizontal flip").press("Space")
    released(page, "horizontal_flip-enabled-0")
    address = page.url
    page.reload()
    settle(page)
    page.wait_for_selector(".live-grid[data-exact=true]")
    assert page.url == address
    assert titles(page) == ["Rotation", "Horizontal flip"]
    assert not page.get_by_role("switch", name="Horizontal flip").is_checked()
    page.get_by_role("button", name="Remove: Horizontal flip").press("Enter")
    page.get_by_role("button", name="Remove: Rotation").press("Enter")
    released(page, "chain=none")
    page.get_by_role("button", name="Take it away").click()
    expect(page.get_by_text(re.compile(r"augmentation\?.*chain=none"))).to_be_visible()


def test_a_card_is_dragged_to_another_place_and_the_browser_goes_back(open_augmentation):
    page = open_augmentation("chain=horizontal_flip~hue~brightness&count=2")
    page.locator(".card .head").nth(2).drag_to(page.locator(".card .head").nth(0), target_position={"x": 60, "y": 4})
    released(page, "chain=brightness~horizontal_flip~hue")
    assert titles(page) == ["Brightness", "Horizontal flip", "Hue"]
    expect(page.locator(".spoken")).to_have_text("Brightness is now step 1 of 3.")
    page.locator(".card input[data-field=p]").press("End")
    released(page, "horizontal_flip-p-1")
    page.go_back()
    released(page, "chain=brightness~horizontal_flip~hue")
    expect(page.locator(".card output").nth(1)).to_have_text("50\u202f%")
    page.get_by_role("button", name="Remove: Hue").press("Enter")
    released(page, "chain=brightness~horizontal_flip&")
    page.go_back()
    released(page, "chain=brightness~horizontal_flip~hue")
    expect(page.locator(".card .title")).to_have_text(["Brightness", "Horizontal flip", "Hue"])


def test_back_to_a_link_without_a_chain_is_back_to_the_chapters(open_augmentation):
    page = open_augmentation()
    page.get_by_role("button", name="Remove: Colour jitter").press("Enter")
    released(page, "chain=horizontal_flip~random_resized_crop")
    page.go_back()
    expect(page.locator(".card .title")).to_have_text(["Horizontal flip", "Colour jitter", "Random resized crop"])
    assert "chain" not in page.url


def test_the_link_and_the_picture_taken_along_are_those_on_the_screen(open_augmentation):
    page = open_augmentation("chain=brightness&count=4&original=0")
    page.get_by_role("slider", name="Brightness").press("End")
    released(page, "chain=brightness-brightness-1.0")
    page.get_by_role("button", name="Take it away").click()
    expect(page.get_by_text(re.compile(r"augmentation\?.*brightness-1\.0"))).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Pictures as PNG").click()
    with Image.open(waiting.value.path()) as sheet:
        assert sheet.size == (4 * 451 + 3 * 8, 300) and sheet.format == "PNG" and not sheet.info
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Python script").click()
    assert "v2.ColorJitter(brightness=1.0)" in waiting.value.path().read_text("utf-8")


def test_a_picture_of_ones_own_and_a_file_that_is_none(open_augmentation):
    page = open_augmentation("chain=horizontal_flip&picture=upload&count=1")
    expect(page.get_by_text("the cat stands in")).to_be_visible()
    picture = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # a camera held upright
    Image.new("RGB", (300, 200), (200, 80, 40)).save(picture, "JPEG", exif=exif)
    chooser = page.locator("input[type=file]")
    chooser.set_input_files({"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()})
    item = page.locator(".tiles > div").first
    expect(item).to_have_attribute("aria-label", re.compile("^Your own picture: "))
    box = item.bounding_box()
    assert box["height"] > box["width"], "turned upright"
    chooser.set_input_files({"name": "text.jpg", "mimeType": "image/jpeg", "buffer": b"hello"})
    expect(page.get_by_text("This file is not a picture that can be read")).to_be_visible()
    expect(item).to_have_attribute("aria-label", re.compile("^Your own picture: "))


def test_a_picture_from_the_camera_once_the_browser_allows_it(open_augmentation):
    """No header of the server forbids what the page offers."""
    page = open_augmentation("chain=horizontal_flip&count=1")
    page.context.grant_permissions(["camera"])
    page.get_by_text("Camera", exact=True).click()
    wait_for(page, "document.querySelector('video')?.readyState >= 3")  # there is a picture to take
    page.get_by_role("button", name="Take Photo").click()
    expect(page.locator(".tiles > div").first).to_have_attribute("aria-label", re.compile("^Your own picture: "))
    page.wait_for_selector(".live-grid[data-exact=true]")


def test_a_chain_that_does_not_fit_says_so_above_the_last_good_pictures(open_augmentation):
    page = open_augmentation("chain=center_crop&picture=garment&count=1")
    note = page.locator(".note.problem")
    expect(note).to_contain_text("The largest crop is 28 px")
    assert note.bounding_box()["y"] < page.locator(".stage").bounding_box()["y"]
    slider = page.get_by_role("slider", name="Output size")
    slider.press("Home")
    released(page, "chain=center_crop-size-1")
    expect(note).to_be_hidden()


def test_the_original_stands_first_and_unchanged(open_augmentation):
    page = open_augmentation("chain=invert-p-1.0&count=1")
    original, draw = page.get_by_role("img", name="Original"), page.locator(".tiles > div").first
    boxes = [(box["y"], box["x"]) for box in (original.bounding_box(), draw.bounding_box())]
    assert boxes[0] < boxes[1]
    means = [np.asarray(Image.open(io.BytesIO(one.screenshot())).convert("RGB")).mean() for one in (original, draw)]
    assert sum(means) == pytest.approx(255, abs=15), "one is the other's negative"


def test_on_a_phone_nothing_is_cut_off_and_the_drawers_open(open_augmentation, settle):
    page = open_augmentation(
        "chain=random_resized_crop~cutmix&count=2", "es", viewport=(390, 844), touch=True, theme="dark"
    )
    for icon_name in ("steps", "draws", "channels", "batch", "code"):
        page.locator(f".st-key-augmentation-{icon_name} summary").click()
        settle(page)
    expect(page.locator(".chart-of-figure svg")).to_have_count(2)
    expect(page.get_by_role("img", name=re.compile(r"^\d+.%")).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.evaluate("[...document.querySelectorAll('img')].filter(e => !e.alt).length")
