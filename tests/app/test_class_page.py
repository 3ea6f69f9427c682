"""The class on the page, as people and the teacher use it: joining, caps, the panel, what every screen shows."""

import pytest

from cnnviz.classroom.hand import PINS
from cnnviz.errors import CnnvizError
from cnnviz.events import Finished
from cnnviz.language import LANGUAGES
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import LocalExecutor
from cnnviz.training.pace import PersonLimit
from cnnviz.training.settings import class_mode
from cnnviz.ui.engine import classroom, engine, joining
from cnnviz.ui.places import ARCHITECTURE, CLASSROOM, HOME, KERNEL, RACE, TRAINING
from cnnviz.ui.shown import page_of
from cnnviz.ui.steps import STEPS
from cnnviz.ui.teacher import SHOWN_RUNS
from tests.training.fakes import FakeWorker, until

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
NASTY = "<script>*x*</script>"


@pytest.fixture
def lesson(monkeypatch):
    """A class on this server, forgotten afterwards."""
    monkeypatch.setenv("CNNVIZ_CLASS", "1")
    monkeypatch.setenv("CNNVIZ_TEACHER", "tea")
    desk = classroom()
    yield desk
    for person in desk.people():
        desk.leave(person.owner)
    with engine().store.database.writing() as connection:
        connection.execute("DELETE FROM classroom")
    engine().hold(False)


def said(app):
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.info, *app.error))


def join(app, name):
    app.text_input(key="nickname").set_value(name)
    return press(app, "Join the class")


def press(app, label):
    next(button for button in app.button if button.label == label).click()
    return app.run()


def unlocked(open_page):
    app = open_page(CLASSROOM, "en")
    app.session_state["teacher"] = True  # the drawer, as a click opens it
    app.run()
    app.text_input(key="secret").set_value("tea")
    app = press(app, "Unlock")
    assert not app.exception and not app.error
    return app


@pytest.mark.parametrize(("value", "expected"), [("", False), ("0", False), ("1", True), ("yes", True)])
def test_a_class_shares_the_server_if_the_environment_says_so(monkeypatch, value, expected):
    monkeypatch.setenv("CNNVIZ_CLASS", value)
    assert class_mode() is expected


def test_or_if_the_command_line_says_so(monkeypatch):
    monkeypatch.delenv("CNNVIZ_CLASS", raising=False)
    monkeypatch.setattr("sys.argv", ["app.py", "--class"])
    assert class_mode()


@EVERY_LANGUAGE
@pytest.mark.parametrize("view", ["class", "wall"])
def test_the_page_runs_with_a_class_in_both_languages(open_page, lesson, language, view):
    app = open_page(CLASSROOM, language, view=view)
    assert not app.exception and not app.error and app.title


def test_joining_shows_a_name_as_it_was_typed(open_page, lesson):
    app = join(open_page(CLASSROOM, "en"), NASTY)
    assert not app.exception and not app.error
    (person,) = lesson.people()
    assert person.nickname == NASTY
    shown = next(element.value for element in app.markdown if "take part as" in element.value)
    assert "<script>" not in shown and "\\<script\\>" in shown, "every sign that Markdown reads is escaped"


def test_somebody_who_joins_too_often_is_told_when_to_try_again(open_page, lesson, monkeypatch):
    limit = PersonLimit(1, 1, 60)
    monkeypatch.setattr("cnnviz.ui.classroom.joining", lambda: limit)
    assert not join(open_page(CLASSROOM, "en"), "Ana").error
    app = join(open_page(CLASSROOM, "en"), "Ben")
    assert any("too often" in error.value for error in app.error)
    assert [person.nickname for person in lesson.people()] == ["Ana"]


def test_sixty_people_behind_one_proxy_join_and_change_their_names():
    limit = joining.__wrapped__()
    for number in range(120):
        limit.use(f"person {number % 60}", "a proxy")
    with pytest.raises(CnnvizError, match="too often"):
        limit.use("one more", "a proxy")


def test_the_teacher_takes_away_the_nicknames_of_all_who_do_nothing(open_page, lesson):
    lesson.join("ana", "Ana")
    lesson.count_start("ana", 0)
    for number in range(5):
        lesson.join(str(number), f"invented {number}")
    app = unlocked(open_page)
    app.session_state["teacher_tabs"] = "People"
    app.run()
    app.button(key="take_away_idle").click().run()
    assert not app.exception and [person.nickname for person in lesson.people()] == ["Ana"]


def test_a_name_that_is_taken_is_refused_at_its_field(open_page, lesson):
    lesson.join("somebody", "Ana")
    app = join(open_page(CLASSROOM, "en"), "ANA")
    assert any("Somebody else" in error.value for error in app.error)


def test_a_run_without_a_nickname_and_one_beyond_a_cap_are_refused_at_the_button(open_page, lesson):
    app = open_page(TRAINING, "en", net="lenet", epochs="5")
    app.button(key="start").click().run()
    assert any("nickname" in error.value for error in app.error)
    lesson.change(most_epochs=2)
    app.button(key="start").click().run()
    assert any("at most 2 epochs" in error.value for error in app.error)
    assert engine().store.counts().get("queued", 0) == 0


def test_a_race_needs_a_nickname_and_keeps_to_the_caps(open_page, lesson):
    app = open_page(RACE, "en", kind="own", networks="lenet,lenet_bn")
    app.button(key="start_race").click().run()
    assert not app.exception and any("Choose a nickname" in error.value for error in app.error)
    lesson.change(most_seconds=5, most_epochs=1, most_runs=1)
    app = app.switch_page(CLASSROOM.script).run()
    app = join(app, "Ana").switch_page(RACE.script).run()
    app.button(key="start_race").click().run()
    assert not app.exception and any("at most 5 s, and 15 s" in error.value for error in app.error)
    app.number_input(key="race.own.amount seconds").set_value(4.0).run()
    app.button(key="start_race").click().run()
    assert not app.exception and any("This takes 2 runs, and of the 1" in error.value for error in app.error)
    assert [person.started for person in lesson.people()] == [0] and "race" not in app.query_params


def test_what_is_frozen_cannot_be_chosen(open_page, lesson):
    lesson.change(frozen={"epochs": 7, "optimizer": "adamw"})
    app = open_page(TRAINING, "en", net="lenet", epochs="5")
    field = app.number_input(key="training.epochs")
    assert field.value == 7 and field.disabled
    assert app.selectbox(key="training.optimizer").value == "adamw"
    assert not app.number_input(key="training.batch_size").disabled


def test_a_wrong_secret_opens_nothing(open_page, lesson):
    app = open_page(CLASSROOM, "en")
    app.session_state["teacher"] = True
    app.run()
    app.text_input(key="secret").set_value("coffee")
    app = press(app, "Unlock")
    assert any("not the secret" in error.value for error in app.error)
    assert not [button for button in app.button if button.key == "hold"]


def test_the_teacher_holds_the_queue_stops_a_run_and_clears_what_waits(open_page, lesson):
    app = unlocked(open_page)
    app.button(key="hold").click().run()
    assert engine().held and lesson.rules().queue_held
    config = TrainingConfig(architecture="lenet")
    one, other = (engine().submit(config, owner=owner) for owner in ("ana", "ben"))
    app.run()
    app.button(key=f"stop {one}").click().run()
    assert engine().store.record(one).state == "stopped"
    app.button(key="clear").click().run()
    assert engine().store.record(other).state == "stopped"
    app.button(key="release").click().run()
    assert not engine().held and not lesson.rules().queue_held
    assert not app.exception


def test_whatever_waits_the_teacher_sees_what_trains_first_and_then_who_comes_next(open_page, lesson, monkeypatch):
    monkeypatch.setattr("cnnviz.training.local.WorkerProcess", FakeWorker)
    monkeypatch.setattr(FakeWorker, "made", [])
    executor = LocalExecutor(engine().store, waiting_per_owner=30)
    monkeypatch.setattr("cnnviz.ui.teacher.engine", lambda: executor)
    config = TrainingConfig(architecture="lenet")
    first = executor.submit(config, owner="ana")
    many = [executor.submit(config, owner="ben") for _number in range(SHOWN_RUNS + 5)]
    last = executor.submit(config, owner="cam")
    try:
        app = unlocked(open_page)
        listed = [button.key.removeprefix("stop ") for button in app.button if str(button.key).startswith("stop ")]
        assert listed == [first, many[0], last, *many[1 : SHOWN_RUNS - 2]]
        assert "7 more runs come after these" in said(app)
    finally:
        executor.clear()
        executor.command(first, "stop")
        FakeWorker.made[0].finish("stopped")
        until(lambda: executor.store.record(first).ended)
        executor.close()


def test_the_teacher_shows_a_page_to_every_screen_until_it_is_hidden(open_page, lesson):
    lesson.show("architecture", {"net": "resnet18"})
    app = open_page(HOME, "en")
    assert "The teacher shows" in said(app)
    app.button(key="shown_hide").click().run()
    assert "The teacher shows" not in said(app)
    lesson.show("compare", {})
    app.run()
    assert "The teacher shows" in said(app), "something new is shown again"
    lesson.show("", {})
    assert "The teacher shows" not in said(app.run())


def test_a_lesson_that_the_teacher_shows_arrives_whole_and_hides_what_it_hides(open_page, lesson, answer):
    steps = ",".join(STEPS)
    place, query = page_of(f"http://teacher:8501/kernel?lang=es&hide=answers,padding&padding=0&lesson={steps}")
    assert (place, query["lesson"]) == (KERNEL, steps)
    lesson.show(place.url_path, query)
    shown = lesson.rules()
    app = open_page(KERNEL, "en", **shown.shown_query)
    assert not app.exception and not app.warning
    assert not [slider for slider in app.slider if slider.key == "kernel.padding"], "hidden"
    assert app.session_state["kernel.padding"] == 0, "and still as the teacher has set it"
    assert not app.multiselect, "what a lesson hides is the teacher's to choose"
    answer(app, "kernel.hand", 0)
    assert not app.success and app.info
    app.button(key="step next").click().run()
    assert not app.exception
    assert app.session_state["kernel.view"] == "trained" and "answers" in "".join(app.query_params["hide"])


def test_an_address_is_a_page_of_this_app_whatever_server_it_names():
    place, query = page_of("http://anywhere:8501/app/architecture?net=resnet18&lang=es&width=0.5")
    assert place is ARCHITECTURE and query == {"net": "resnet18", "width": "0.5"}
    assert page_of("http://anywhere/")[0] is HOME


@pytest.mark.parametrize(
    "address", ["", "   ", "javascript:alert(1)", "http://evil.example/steal", "http://[::1", "file:///architecture",
                "architecture?" + "&".join(f"a{i}=1" for i in range(100))],
)  # fmt: skip
def test_any_other_address_is_refused(address):
    with pytest.raises(CnnvizError) as caught:
        page_of(address)
    assert caught.value.code == "link_not_ours"


def test_with_a_closed_board_nobody_is_shown_the_run_of_somebody_else(open_page, lesson):
    lesson.change(board_open=False)
    app = open_page(CLASSROOM, "en")
    assert "closed the board" in said(app) and not app.table


def test_one_more_run_than_a_person_may_keep_is_refused_at_the_switch(open_page, lesson):
    app = join(open_page(CLASSROOM, "en"), "Ana")
    store, (person,) = engine().store, lesson.people()
    *kept, run_id = (store.create(TrainingConfig(architecture="lenet"), owner=person.owner) for _ in range(PINS + 1))
    for one in kept:
        store.update(one, pinned=True, pins=PINS)
    app.query_params["run"] = run_id
    app.switch_page(TRAINING.script).run()
    app.session_state["about"] = True  # the drawer, as a click opens it
    app.run()
    app.toggle(key=f"pinned of {run_id}").set_value(True).run()
    assert f"keep {PINS} runs already" in app.toast[0].value and not app.exception
    assert not app.toggle(key=f"pinned of {run_id}").value and not store.record(run_id).pinned
    for one in (*kept, run_id):
        store.append(one, [Finished()])
        store.delete(one)
