"""The map of a sweep in a real browser: a cell is opened with a click and with the keyboard, on a phone too."""

import re

import pytest

from cnnviz.events import Evaluated, Finished, Started
from cnnviz.specs.sweep import SweepSpec, quick_settings
from cnnviz.training import RunStore

pytestmark = pytest.mark.browser
SPEC = SweepSpec(base=quick_settings("lenet_bn"), learning_rates=(0.1, 1.0), batch_sizes=(32, 64))
LINK = "sweep?lang=en&learning_rates=0.1,1&batch_sizes=32,64"


@pytest.fixture(scope="module")
def runs(app):
    """The ids of three finished runs; the fourth cell has none."""
    store, ids = RunStore(app.home), []
    for number, config in enumerate(SPEC.configs()[:3]):
        ids.append(store.create(config, owner="somebody"))
        steps = config.total_steps
        store.append(ids[-1], [
            Started(total_steps=steps, steps_per_epoch=steps, parameters=61_706, train_images=1, test_images=1,
                    device="cpu", device_name="one", precision="float32", threads=1),
            Evaluated(step=steps, seconds=2.0, test_loss=0.4, test_accuracy=0.6 + number / 10, train_loss=0.4,
                      train_accuracy=0.8, learning_rate=0.1, images_per_second=1.0, test_images=1),
            Finished(step=steps, seconds=2.0),
        ])  # fmt: skip
    store.close()
    return ids


def test_a_click_and_enter_open_the_run_of_a_cell(app, runs, open_page):
    page = open_page(f"{app.url}/{LINK}", errors=True)
    page.get_by_text("1 with batches of 32 is best: 80.0").wait_for()
    chart = page.get_by_role("img", name=re.compile("Learning rate against batch size"))
    texts = page.locator(".chart-of-figure svg text")
    texts.filter(has_text="80.0").first.wait_for()
    box = texts.filter(has_text="70.0").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile(rf"/training\?.*run={runs[1]}"))
    page.go_back()
    chart.wait_for()
    chart.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert "/sweep" in page.url, "the cell without a run leads nowhere"
    page.keyboard.press("Home")
    frame = page.locator(".chart-of-figure svg .here rect").last.bounding_box()
    label = texts.filter(has_text="60.0").first.bounding_box()
    assert frame["x"] < label["x"] and label["x"] + label["width"] < frame["x"] + frame["width"], "the cell is framed"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/training\?.*run={runs[0]}"))


def test_on_a_phone_the_map_comes_first_and_nothing_is_cut(app, runs, open_page):
    page = open_page(f"{app.url}/{LINK}&lang=es", errors=True, viewport=(390, 844))
    texts = page.locator(".chart-of-figure svg text")
    texts.first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = texts.evaluate_all("all => all.map(one => one.getBoundingClientRect()).map(one => [one.left, one.right])")
    assert all(left >= 0 and right <= 390 for left, right in boxes)
    above = page.locator(".chart-of-figure").bounding_box()["y"]
    assert above < page.get_by_role("button", name=re.compile("Comenzar|corrida")).first.bounding_box()["y"]
