"""A class in a real browser: a script in a nickname stays text, and no page asks for more than its policy allows."""

import pytest

from cnnviz.classroom import Classroom
from cnnviz.events import Evaluated, Finished, Started
from cnnviz.training import RunStore, TrainingConfig
from cnnviz.ui.places import ARCHITECTURE, AUGMENTATION, CLASSROOM, HOME, KERNEL, PLACES, TRAINING
from tests.browser.server import ROOT

pytestmark = pytest.mark.browser
SCRIPT = "<img src onerror=h=1>"
MARKDOWN = "[x](javascript:h=1) **b"


@pytest.fixture(scope="module")
def app(start_server):
    server = start_server(ROOT / "app.py", env={"CNNVIZ_CLASS": "1", "CNNVIZ_TEACHER": "tea"})
    store = RunStore(server.home)
    desk = Classroom(store)
    for owner, nickname, seconds in (("1", SCRIPT, 10.0), ("2", MARKDOWN, 20.0)):
        desk.join(owner, nickname)
        run = store.create(TrainingConfig(architecture="lenet"), owner=owner, name=SCRIPT)
        store.append(run, [
            Started(total_steps=469, steps_per_epoch=469, parameters=61_706, train_images=1, test_images=1,
                    device="cpu", device_name="one", precision="float32", threads=1),
            Evaluated(step=469, seconds=seconds, test_loss=0.4, test_accuracy=0.8 + seconds / 1000, train_loss=0.4,
                      train_accuracy=0.8, learning_rate=0.1, images_per_second=1.0, test_images=1),
            Finished(step=469, seconds=seconds),
        ])  # fmt: skip
    store.close()
    return server


def test_a_script_in_a_nickname_stays_text_on_the_board_and_on_the_wall(app, open_page):
    for view in ("class", "wall"):
        page = open_page(f"{app.url}/class?lang=en&view={view}", errors=True)
        page.get_by_text(SCRIPT).first.wait_for()
        page.get_by_text(MARKDOWN).first.wait_for()
        assert page.locator("img[onerror]").count() == 0
        assert page.get_by_role("link", name="x", exact=True).count() == 0
        assert page.evaluate("typeof window.h") == "undefined"


def test_the_board_names_the_leader_and_the_code_leads_to_the_class(app, open_page):
    page = open_page(f"{app.url}/class?lang=en", errors=True)
    page.get_by_text("leads: 81.0").wait_for()
    page.get_by_role("button", name="Invite").click()
    code = page.get_by_role("img", name="QR code of http://")
    code.wait_for()
    assert code.get_attribute("alt").endswith(CLASSROOM.url_path)
    assert code.bounding_box()["width"] >= 150


# Those with components of every kind each time; all others as well in `make soak`.
WITH_COMPONENTS = (HOME, ARCHITECTURE, AUGMENTATION, TRAINING, KERNEL)


@pytest.mark.parametrize(
    "place",
    [place if place in WITH_COMPONENTS else pytest.param(place, marks=pytest.mark.soak) for place in PLACES],
    ids=lambda place: place.url_path,
)
def test_no_page_asks_for_more_than_its_policy_allows(app, open_page, settle, place):
    page = open_page(None, errors=True)
    said = []
    page.on("console", lambda entry: said.append(entry.text))
    page.goto(f"{app.url}/{place.url_path}")
    settle(page)
    page.wait_for_timeout(500)
    assert not [text for text in said if "Content Security Policy" in text]
