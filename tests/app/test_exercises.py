"""Every exercise's links open the right page, and the settings they ask for are there."""

import pytest

from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.exercises import CHAPTERS, EXERCISES, GARMENTS, RECORDED, Target
from cnnviz.ui.exercises import target_words
from cnnviz.ui.links import encode
from cnnviz.ui.places import EXERCISES as PAGE
from cnnviz.ui.places import place_at

TARGETS = sorted(
    {
        (target.url_path, tuple(target.parameters.items()))
        for exercises in EXERCISES.values()
        for exercise in exercises
        for target in exercise.targets
    }
)


def test_every_network_of_the_chapter_has_its_exercises():
    """The chapter lists 5 for LeNet and AlexNet, 4 for VGG, 5 NiN, 6 GoogLeNet, 6 BN, 5 ResNet, 4 DenseNet, 3 last."""
    assert list(EXERCISES) == list(CHAPTERS)
    assert [len(exercises) for exercises in EXERCISES.values()] == [5, 5, 4, 5, 6, 6, 5, 4, 3]


@pytest.mark.parametrize(("url_path", "parameters"), TARGETS, ids=lambda part: str(part)[:60])
def test_a_link_opens_the_page_with_its_settings(open_page, url_path, parameters):
    app = open_page(place_at(url_path), "en", **dict(parameters))
    assert not app.exception
    assert not app.warning and not app.error, "nothing of the link is refused"
    for name, text in parameters:
        assert encode(app.session_state[f"{url_path}.{name}"]) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_says_in_words_what_it_sets(language):
    for url_path, parameters in TARGETS:
        label, settings = target_words(Target(url_path, dict(parameters)), Language(language))
        assert label and "_" not in label + settings and "~" not in label + settings, "no name of the code"


@pytest.mark.parametrize(("chapter", "language"), [*((chapter, "en") for chapter in CHAPTERS), ("lenet", "es")])
def test_the_page_lists_them(open_page, chapter, language):
    app = open_page(PAGE, language, network=chapter)
    assert not app.exception and not app.warning
    said = " ".join(element.value for element in app.markdown)
    assert all(Language(language)(exercise.text) in said for exercise in EXERCISES[chapter])


def test_the_garments_and_runs_of_an_exercise_are_what_it_says():
    from cnnviz.data import CLASS_NAMES, fashion_mnist
    from cnnviz.training.recorded import recordings

    labels = fashion_mnist("test").labels
    assert {number: CLASS_NAMES[int(labels[int(number)])] for number in GARMENTS} == GARMENTS
    ours = {recording.id: recording for recording in recordings()}
    assert {run: ours[run].config.architecture.key for run in RECORDED} == RECORDED
    assert all(ours[run].weights for run in RECORDED)


def test_lenets_exercises_look_into_lenet(open_page):
    for target in EXERCISES["lenet"][3].targets + EXERCISES["lenet"][4].targets:
        app = open_page(place_at(target.url_path), "en", **target.parameters)
        key = {"inside": "inside.network", "kernel": "kernel.run"}[target.url_path]
        assert "LeNet" in app.selectbox(key=key).format_func(app.selectbox(key=key).value), target


def test_how_much_memory_predicting_takes_is_said_where_the_exercise_leads(open_page):
    (first, *_others) = EXERCISES["nin"][3].targets
    app = open_page(place_at(first.url_path), "en", **first.parameters)
    assert {"To predict", "To train"} <= {metric.label for metric in app.metric}
