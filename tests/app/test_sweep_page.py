"""A sweep on the page: started with one press, found again by its settings alone, opened cell by cell, stopped."""

import hashlib
import time

import pytest

from cnnviz.events import Failed, Finished
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.presets import preset_named
from cnnviz.specs.sweep import SweepSpec, around, quick_settings
from cnnviz.training import OwnedRuns
from cnnviz.training.sweep import cells_of
from cnnviz.ui.engine import classroom, engine, teachers
from cnnviz.ui.places import CLASSROOM, RUNS, SWEEP, TRAINING
from cnnviz.ui.sweep import sweep_parameters

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
TINY = {"train_images": 1024, "test_images": 200, "evaluations": 1}
SPEC = SweepSpec(
    base=quick_settings("lenet_bn").replace(**TINY), learning_rates=(0.1, 1.0), batch_sizes=(32, 64)
)  # fmt: skip
LINK = {name: str(value) for name, value in TINY.items()} | {"learning_rates": "0.1,1", "batch_sizes": "32,64"}


def wait(condition, seconds=90):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def found(spec=SPEC):
    return engine().store.find_each(spec.configs())


def said(app):
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.info))


@pytest.fixture(scope="module")
def swept():
    """A sweep that somebody else has run."""
    OwnedRuns(engine(), "somebody else").submit_all(SPEC.configs(), group="sweep test")
    wait(lambda: all(run is not None and run.ended for run in found()))
    return cells_of(SPEC, found())


def test_one_press_starts_every_run_and_the_map_fills(open_page):
    spec = SPEC.replace(base=SPEC.base.replace(seed=5))
    app = open_page(SWEEP, "en", **LINK, seed="5")
    assert not app.exception and not app.error and not app.warning
    assert "one after the other" in said(app) and "No run of this sweep yet" in said(app)
    assert app.button(key="start_sweep").label == "Start 4 runs"
    app.button(key="start_sweep").click().run()
    assert not app.exception and not app.error
    runs = found(spec)
    assert all(runs) and len({run.group for run in runs}) == 1 and runs[0].group.startswith("sweep ")
    assert [run.name for run in runs] == [f"LeNet with batch norm · {rate} · {size}" for rate in ("0.1", "1")
                                          for size in (32, 64)]  # fmt: skip
    assert app.button(key="start_sweep").disabled
    wait(lambda: all(run.ended for run in found(spec)))
    app.run()
    assert not app.exception and " is best: " in said(app)
    assert app.button(key="start_sweep").label == "All runs are there"
    assert "stop_sweep" not in {button.key for button in app.button}


@EVERY_LANGUAGE
def test_the_same_settings_find_the_same_runs_whoever_trained_them(open_page, swept, language):
    _ = Language(language)
    app = open_page(SWEEP, language, **LINK)
    assert not app.exception and not app.error and not app.warning
    best = max(swept, key=lambda cell: cell.accuracy)
    assert _.percent(best.accuracy, 1) in said(app)
    assert app.button(key="start_sweep").disabled and app.button(key="start_sweep").label == _("All runs are there")
    app.session_state["every_cell"] = True
    app.run()
    table = app.table[0].value
    assert list(table.columns) == [_(name) for name in (
        "Learning rate", "Batch size", "Best test accuracy", "Time", "Images per second", "Memory"
    )]  # fmt: skip
    first = table[_("Best test accuracy")][0]
    assert _.percent(swept[0].accuracy, 1) in first and f"run={swept[0].runs[0].id}" in first


@EVERY_LANGUAGE
@pytest.mark.parametrize(
    ("link", "sentence"),
    [({"measure": "speed"}, "Batches of {size} go fastest: {speed} images per second, {factor} times as many as with "
                            "batches of {other}."),
     ({"measure": "memory"}, "A run is expected to need {memory}, whatever its batches."),
     ({"measure": "memory", "net": "vgg11", "batch_sizes": "8,512"},
      "A run with batches of {size} is expected to need {memory}, one with batches of {other} {less}.")],
    ids=["speed", "memory", "memory of a large network"],
)  # fmt: skip
def test_the_map_also_shows_what_a_batch_size_costs(open_page, swept, language, link, sentence):
    app = open_page(SWEEP, language, **(LINK | link))
    assert not app.exception and not app.error and not app.warning
    assert Language(language)(sentence).partition("{")[0] in said(app)
    assert "".join(app.query_params["measure"]) == link["measure"]


def test_another_learning_rate_leaves_only_its_own_runs_to_train(open_page, swept):
    app = open_page(SWEEP, "en", **LINK)
    app.pills(key="sweep.learning_rates").select(10.0).run()
    assert not app.exception and app.button(key="start_sweep").label == "Start the 2 missing runs"
    assert "".join(app.query_params["learning_rates"]) == "0.1,1,10"
    app.number_input(key="sweep.seeds").set_value(2).run()
    assert app.button(key="start_sweep").label == "Start the 8 missing runs"


def test_a_cell_that_is_chosen_opens_its_run_and_several_seeds_lie_over_one_another(open_page, swept):
    app = open_page(SWEEP, "en", **LINK)
    app.session_state["sweep picked"] = "1 64"
    app.run()
    assert app.session_state["page_current"] == TRAINING.url_path
    assert "".join(app.query_params["run"]) == swept[3].runs[0].id
    OwnedRuns(engine(), "somebody else").submit(SPEC.configs()[0].replace(seed=2))
    wait(lambda: all(run.ended for run in found(SPEC.replace(seeds=2)) if run))
    app = open_page(SWEEP, "en", **LINK, seeds="2")
    app.session_state["sweep picked"] = "0.1 32"
    app.run()
    assert app.session_state["page_current"] == RUNS.url_path
    assert len("".join(app.query_params["runs"]).split(",")) == 2


@pytest.mark.parametrize("picked", ["<script>", "9 9", "0.1", 7, None])
def test_a_forged_choice_of_a_cell_leads_nowhere(open_page, swept, picked):
    app = open_page(SWEEP, "en", **LINK)
    app.session_state["sweep picked"] = picked
    app.run()
    assert not app.exception and app.session_state["page_current"] == SWEEP.url_path


def test_every_part_of_a_forged_link_is_named_and_the_page_works(open_page):
    app = open_page(SWEEP, "en", net="zzz", learning_rates="fast", batch_sizes="1e9x", seeds="-4", measure="both")
    assert not app.exception
    warned = " ".join(warning.value for warning in app.warning)
    assert all(word in warned for word in ("zzz", "fast", "1e9x", "-4", "both"))
    assert app.button(key="start_sweep").label == "Start 9 runs"


@pytest.mark.parametrize(
    ("link", "words"),
    [({"learning_rates": "0.1,99"}, "the largest allowed is 10"), ({"batch_sizes": "0"}, "0 is too small"),
     ({"learning_rates": "0.1,0.2,0.3,0.4,0.5,0.6", "batch_sizes": "1,2,3,4,5"}, "30 runs are too many"),
     ({"schedule": "range_test"}, "A range test tries every learning rate"),
     ({"batch_sizes": "1100"}, "is larger than the 1")],
)  # fmt: skip
def test_what_cannot_be_swept_is_a_sentence_and_nothing_starts(open_page, link, words):
    app = open_page(SWEEP, "en", **(LINK | link))
    assert not app.exception
    assert any(words in error.value for error in app.error)


def test_nothing_chosen_is_a_sentence(open_page):
    app = open_page(SWEEP, "en", **LINK)
    app.pills(key="sweep.batch_sizes").set_value([]).run()
    assert not app.exception and any("at least one learning rate" in error.value for error in app.error)


def test_what_came_to_nothing_is_said_in_words_and_can_be_started_again(open_page):
    spec = SPEC.replace(base=SPEC.base.replace(seed=31))
    store = engine().store
    ends = {"loss_not_finite": {"step": 1, "learning_rate": 1.0, "suggested": 0.1}, "worker_lost": {"step": 1}}
    for config, (code, parameters) in zip(spec.configs(), ends.items(), strict=False):
        run_id = store.create(config, owner="somebody else", state="running")
        store.append(run_id, [Failed(step=1, seconds=1.0, code=code, parameters=parameters)])
    store.set_state(store.create(spec.configs()[2], owner="somebody else", state="running"), "paused")
    try:
        app = open_page(SWEEP, "en", **LINK, seed="31")
        assert not app.exception
        assert "In one cell the loss was no longer a number." in said(app)
        assert "In one cell a run failed: open it to read why" in said(app)
        assert app.button(key="start_sweep").label == "Start the 2 missing runs"
        app.session_state["every_cell"] = True
        shown = app.run().table[0].value["Best test accuracy"]
        assert [text.partition("]")[0].strip("[") for text in shown] == ["diverged", "failed", "paused", "–"]
    finally:
        for run in filter(None, found(spec)):
            store.append(run.id, [] if run.ended else [Finished(reason="stopped")])
            store.delete(run.id)
    app.run()
    assert not app.exception and app.button(key="start_sweep").label == "Start 4 runs", "they are forgotten"


def test_more_than_may_wait_starts_nothing_at_all(open_page):
    many = {"epochs": "200", "train_images": "60000", "seed": "78", "batch_sizes": "16,32,64,128,256"}
    app = open_page(SWEEP, "en", **(LINK | many | {"learning_rates": "0.1,0.3,1"}))
    engine().hold(True)
    try:
        app.button(key="start_sweep").click().run()
        assert app.button(key="start_sweep").label == "The runs are on their way"
        assert "The teacher is holding the queue." in said(app)
        app.pills(key="sweep.learning_rates").set_value([0.01, 3.0, 10.0]).run()
        app.button(key="start_sweep").click().run()
        assert any(
            "15 runs at once and 15 of yours that are waiting are too many" in error.value for error in app.error
        )
        assert app.button(key="start_sweep").label == "Start 15 runs"
        app.pills(key="sweep.learning_rates").set_value([0.1, 0.3, 1.0]).run()
        app.button(key="stop_sweep").click().run()
        assert not app.exception and app.button(key="start_sweep").label == "Start 15 runs"
    finally:
        engine().clear()
        engine().hold(False)


def test_while_the_board_is_closed_a_sweep_shows_ones_own_runs_alone(open_page, swept, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CLASS", "1")
    classroom().change(board_open=False)
    try:
        app = open_page(SWEEP, "en", **LINK)
        assert not app.exception and app.button(key="start_sweep").label == "Start 4 runs"
        classroom().change(board_open=True)
        assert app.run().button(key="start_sweep").label == "All runs are there"
    finally:
        with engine().store.database.writing() as connection:
            connection.execute("DELETE FROM classroom")


def test_whoever_leads_the_class_stops_anybodys_sweep(open_page, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CLASS", "1")
    monkeypatch.setenv("CNNVIZ_TEACHER", "tea")
    spec = SPEC.replace(base=SPEC.base.replace(epochs=200, train_images=60_000, seed=79))
    hers = OwnedRuns(engine(), "somebody else")
    runs = hers.submit_all(spec.configs(), group="sweep test")
    try:
        app = open_page(SWEEP, "en", **LINK | {"epochs": "200", "train_images": "60000", "seed": "79"})
        assert "stop_sweep" not in {button.key for button in app.button}
        me = hashlib.sha256(app.session_state["owner_key"].encode()).hexdigest()[:20]
        teachers().unlock(me, "tea")
        app.run().button(key="stop_sweep").click().run()
        teachers().lock(me)
        assert not app.exception
        wait(lambda: all(run.state == "stopped" for run in found(spec)), 20)
    finally:
        for run in runs[::-1]:
            hers.command(run, "stop")


def test_stop_ends_what_trains_and_what_waits(open_page):
    link = LINK | {"epochs": "200", "train_images": "60000", "seed": "77"}
    spec = SPEC.replace(base=SPEC.base.replace(epochs=200, train_images=60_000, seed=77))
    app = open_page(SWEEP, "en", **link)
    app.button(key="start_sweep").click().run()
    wait(lambda: found(spec)[0].state == "running")
    assert app.button(key="start_sweep").label == "The runs are on their way"
    other = open_page(SWEEP, "en", **link)
    assert "stop_sweep" not in {button.key for button in other.button}, "somebody else's"
    app.run()
    app.button(key="stop_sweep").click().run()
    assert not app.exception
    wait(lambda: all(run.state == "stopped" for run in found(spec)))
    app.run()
    assert app.button(key="start_sweep").label == "Start 4 runs"


@pytest.mark.parametrize(("key", "preset"), [("lenet_bn", "class"), ("lenet_bn", "fastest"), ("resnet18", "class")])
def test_a_runs_settings_arrive_whole(open_page, key, preset):
    config = preset_named(key, preset).config.replace(seed=9, momentum=0.5)
    app = open_page(SWEEP, "en", **sweep_parameters(config, "none"))
    assert not app.exception and not app.error and not app.warning
    values = app.session_state
    fields = [name for name in type(config).model_fields if name not in ("architecture", "augmentation",
                                                                         "learning_rate", "batch_size")]  # fmt: skip
    assert {name: values[f"sweep.{name}"] for name in fields} == {name: getattr(config, name) for name in fields}
    rates, sizes = around(config)
    assert (values["sweep.learning_rates"], values["sweep.batch_sizes"]) == (list(rates), list(sizes))
    assert values["sweep.image_size"] == config.architecture.image_size
    assert app.button(key="start_sweep").label == "Start 9 runs"


def test_a_range_test_leads_to_a_sweep_that_can_be_started(open_page):
    config = preset_named("lenet_bn", "class").config.replace(schedule="range_test")
    app = open_page(SWEEP, "en", **sweep_parameters(config, "none"))
    assert not app.exception and not app.error and app.button(key="start_sweep").label == "Start 9 runs"


def test_the_training_page_leads_to_a_sweep_of_its_settings(open_page):
    app = open_page(TRAINING, "en", net="lenet", learning_rate="0.01", seed="3")
    (link,) = [link for link in app.page_link if link.label == "Sweep these settings"]
    assert "seed=3" in link.proto.query_string and "net=lenet" in link.proto.query_string
    assert "learning_rates=0.001%2C0.01%2C0.1" in link.proto.query_string


def test_in_a_class_a_sweep_keeps_to_the_rules(open_page, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CLASS", "1")
    link = LINK | {"seed": "55"}
    desk = classroom()
    try:
        app = open_page(SWEEP, "en", **link)
        app.button(key="start_sweep").click().run()
        assert any("Choose a nickname" in error.value for error in app.error)
        app = app.switch_page(CLASSROOM.script).run()
        app.text_input(key="nickname").set_value("Ana")
        next(button for button in app.button if button.label == "Join the class").click()
        app = app.run().switch_page(SWEEP.script).run()
        desk.change(most_runs=3)
        app.button(key="start_sweep").click().run()
        assert any("This takes 4 runs, and of the 3" in error.value for error in app.error)
        desk.change(frozen={"learning_rate": 0.2}, most_seconds=7)
        app.run()
        assert app.pills(key="sweep.learning_rates").disabled
        assert app.pills(key="sweep.learning_rates").value == [0.2]
        app.button(key="start_sweep").click().run()
        assert not app.exception and not app.error
        (person,) = desk.people()
        mine = engine().store.records(owner=person.owner)
        assert {(run.config.learning_rate, run.config.time_budget) for run in mine} == {(0.2, 7.0)}
        assert person.started == len(mine) == 2
        wait(lambda: all(engine().store.record(run.id).ended for run in mine))
        desk.change(most_epochs=0, frozen={"optimizer": "adamw", "learning_rate": 0.2}, frozen_network="lenet")
        app.run()
        assert not app.exception and app.button(key="start_sweep").disabled
        assert any("The class works with LeNet" in error.value for error in app.error)
    finally:
        for person in desk.people():
            desk.leave(person.owner)
        with engine().store.database.writing() as connection:
            connection.execute("DELETE FROM classroom")
