"""The labs as a reader uses them: every view draws, its question is answered, and its answer can be seen."""

import re

import pytest

from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.labs import activations, batch_norm, by_hand, dense, inception, inside, kernel, residual, resnext
from cnnviz.ui.links import encode
from cnnviz.ui.places import ACTIVATIONS, BATCH_NORM, BY_HAND, DENSE, INCEPTION, INSIDE, KERNEL, RESIDUAL, RESNEXT
from cnnviz.ui.steps import LAB_STEPS, LAB_VIEWS, STEPS

VIEWS = {
    BATCH_NORM: batch_norm.VIEWS,
    ACTIVATIONS: activations.VIEWS,
    KERNEL: kernel.VIEWS,
    RESIDUAL: residual.VIEWS,
}
EVERY_VIEW = pytest.mark.parametrize(
    ("place", "view"), [(place, view) for place, views in VIEWS.items() for view in views],
    ids=lambda part: getattr(part, "url_path", part),
)  # fmt: skip


def opened(open_page, place, view, language="en", **query):
    return open_page(place, language, **({} if view == next(iter(VIEWS[place])) else {"view": view}), **query)


@EVERY_VIEW
def test_the_question_is_answered_and_the_answer_can_be_seen(open_page, answer, place, view):
    question = VIEWS[place][view].question
    app = opened(open_page, place, view)
    assert not app.exception and not app.error and not app.warning
    assert not app.success, "nothing is revealed before somebody has chosen"
    answer(app, f"{place.url_path}.{view}", question.right)
    assert not app.exception
    (said,) = [success.value for success in app.success]
    assert not re.search(r"\{\w*\}|nan", said), "every placeholder is filled"
    shows = [button for button in app.button if button.key == f"{place.url_path}.{view} show"]
    if shows:
        shows[0].click().run()
        assert not app.exception
        assert not [button for button in app.button if button.key == shows[0].key], "what was offered is shown now"
        link = {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}
        assert any(link.get(name) == encode(value) for name, value in question.shows.items())


@EVERY_VIEW
def test_a_lab_speaks_spanish(open_page, place, view):
    app = opened(open_page, place, view, "es")
    assert not app.exception and not app.warning
    assert Language("es")(VIEWS[place][view].text) in [element.value for element in app.markdown]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_knobs_of_a_lab_come_from_its_link(open_page, language):
    app = open_page(BATCH_NORM, language, view="noise", batch_size="64", channel="3", layer="dense_layer")
    assert not app.exception and not app.warning
    assert app.select_slider(key="batch-norm.batch_size").value == 64
    assert app.slider(key="batch-norm.channel").value == 3
    assert app.selectbox(key="batch-norm.layer").value == "dense_layer"


def test_a_race_that_somebody_has_run_is_there_for_everybody(open_page, monkeypatch):
    """The settings find the runs: one racer is there, so only the other one can still be started."""
    import time

    from cnnviz.specs.lab import Racer
    from cnnviz.specs.presets import preset_named
    from cnnviz.ui import lab_batch_norm as page
    from cnnviz.ui.engine import engine

    small = {"epochs": 1, "train_images": 256, "test_images": 100, "evaluations": 1, "seed": 4321}
    racers = tuple(
        Racer(title, preset_named(key, "class").config.replace(**small), number)
        for number, (key, title) in enumerate({"lenet_bn": "with batch norm", "lenet": "without"}.items())
    )
    monkeypatch.setattr(page, "racers", lambda _rate: racers)
    run_id = engine().submit(racers[0].config, owner="somebody else")
    limit = time.monotonic() + 60
    while not engine().store.record(run_id).ended and time.monotonic() < limit:
        time.sleep(0.05)
    app = opened(open_page, BATCH_NORM, "race")
    assert not app.exception
    assert any("of the test images right" in element.value for element in app.markdown)
    assert [button.label for button in app.button if button.key == "race"] == ["Start the missing ones"]
    app.button(key="race").click().run()
    assert not app.exception and not app.error
    assert engine().store.find_same(racers[1].config) is not None


SPECS = {
    BATCH_NORM: batch_norm.BatchNormSpec,
    ACTIVATIONS: activations.ActivationsSpec,
    KERNEL: kernel.KernelSpec,
    RESIDUAL: residual.ResidualLabSpec,
    INCEPTION: inception.InceptionLabSpec,
    RESNEXT: resnext.ResNeXtLabSpec,
    DENSE: dense.DenseLabSpec,
    INSIDE: inside.InsideLabSpec,
    BY_HAND: by_hand.ByHandSpec,
}
REVEALED = {"inside.cam": "the untrained network's maps always stand beside, so that nobody reads too much into one"}


def test_no_lab_begins_where_its_question_is_answered():
    """Predict, then touch, then read: the knobs begin somewhere else than where the answer is seen."""
    asked = 0
    for name in LAB_STEPS:
        step = STEPS[name]
        shows = LAB_VIEWS[step.place][step.parameters["view"]].question.shows
        if not shows or name in REVEALED:
            continue
        asked += 1
        start = SPECS[step.place]()
        assert any(getattr(start, field) != value for field, value in shows.items()), name
    assert asked > 15


@pytest.mark.parametrize("layer", ["convolution", "dense_layer"])
@pytest.mark.parametrize("view", batch_norm.VIEWS)
@pytest.mark.parametrize("size", [1, 2, 512])
def test_batch_norm_shows_every_layer_with_the_smallest_and_largest_batches(open_page, layer, view, size):
    app = open_page(BATCH_NORM, "en", view=view, layer=layer, batch_size=str(size), batches="0")
    assert not app.exception and not app.error and not app.warning
    if (view, layer, size) == ("modes", "dense_layer", 1):
        assert any("PyTorch refuses" in caption.value for caption in app.caption), "torch itself raises here"
