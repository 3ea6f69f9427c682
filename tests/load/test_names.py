"""What somebody may call themselves or a run: names are text on every page, whatever is in them, and name no file."""

import pytest

from cnnviz.classroom import Classroom
from cnnviz.training import RunStore
from tests.load.visitor import Visitor, run_in_link

pytestmark = pytest.mark.timeout(300)
NAMES = (
    "../../etc/passwd", "..\\..\\x", "%2e%2e/", "a\0b", "x" * 100_000, "\u202egnp.exe", "line\nbreak", "C:\\x|y",
    "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "=1+1", "$(reboot)", "{0.__class__}", "👩‍🔬",
)  # fmt: skip


def files(app):
    """Everything beside the server and in its folder, but what grows by itself."""
    return {path for folder in (app.home, app.home.parent) for path in folder.glob("*") if path.suffix != ".log"}


def test_a_nickname_is_text_or_refused(app):
    with Visitor(app.url) as onlooker:
        onlooker.open("class")
        before = files(app)
        for number, name in enumerate(NAMES):
            with Visitor(app.url, cookie=f"somebody {number}") as visitor:
                visitor.join_class(name)
                assert "root:" not in visitor.said
                assert "You take part as" in visitor.said or "A nickname has 1 to 24 characters" in visitor.said, name
        onlooker.open("class")
        assert not onlooker.exceptions
    store = RunStore(app.home)
    kept = [person.nickname for person in Classroom(store).people()]
    store.close()
    assert len(kept) >= 8 and all(1 <= len(name) <= 24 and name.isprintable() for name in kept)
    assert files(app) == before


def test_what_a_person_calls_a_run_is_text_on_every_page_and_names_no_file(app):
    with Visitor(app.url) as visitor, Visitor(app.url) as onlooker:
        visitor.join_class("Namer")
        visitor.open("training", net="lenet", epochs="1", train_images="640", test_images="100")
        visitor.press("Start")
        run_id, before = run_in_link(visitor), files(app)
        visitor.open("training", run=run_id)
        visitor.open_drawers()
        for name in NAMES:
            visitor.set("Name", name, "string_value")
            visitor.set("Notes", name, "string_value")
            assert not visitor.exceptions
            for page, query in (
                ("training", {"run": run_id}),
                ("runs", {"runs": run_id}),
                ("results", {"run": run_id}),
            ):
                onlooker.open(page, **query)
                assert not onlooker.exceptions, (page, name)
                written = [text for text in onlooker.texts if text not in onlooker.plain]
                assert not [text for text in written if "<img src" in text and "\\<img" not in text]
                assert not [text for text in written if "[x](javascript" in text]
        store = RunStore(app.home)
        record = store.record(run_id)
        store.close()
        assert record.name == NAMES[-1] and record.notes == NAMES[-1]
        assert files(app) == before
