"""Every exercise's links open the right page, and the settings they ask for are there."""

import pytest

from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.exercises import CHAPTERS, EXERCISES
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
    assert not app.warning, "nothing of the link is refused"
    for name, text in parameters:
        assert encode(app.session_state[f"{url_path}.{name}"]) == text
    if dict(parameters).get("image_size") == "16":
        assert app.error, "this exercise asks for what cannot work, and the page says what can"
    else:
        assert not app.error


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_page_lists_them(open_page, chapter, language):
    app = open_page(PAGE, language, network=chapter)
    assert not app.exception and not app.warning
    said = " ".join(element.value for element in app.markdown)
    assert all(Language(language)(exercise.text) in said for exercise in EXERCISES[chapter])
