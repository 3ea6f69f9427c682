"""Every page in both languages: it runs, it speaks the reader's language, and a forged link ends in a sentence."""

import pytest

from cnnviz.language import LANGUAGES, Language
from cnnviz.language import _messages as messages
from cnnviz.ui.places import ARCHITECTURE, AUGMENTATION, COMPARE, PLACES, TRAINING

EVERY_PAGE = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.url_path)
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def words(app):
    """Every text of the page that a reader sees, as far as AppTest knows it."""
    kinds = ("title", "subheader", "caption", "markdown", "info", "warning", "error", "metric", "button", "selectbox",
             "number_input", "slider", "toggle", "checkbox", "expander")  # fmt: skip
    found = []
    for kind in kinds:
        for element in getattr(app, kind, []):
            seen = ("label",) if kind == "selectbox" else ("value", "label")  # its value is not what it shows
            texts = [getattr(element, name, None) for name in seen] + list(getattr(element, "options", []))
            found += [text for text in texts if isinstance(text, str)]
    return found


@EVERY_PAGE
@EVERY_LANGUAGE
def test_every_page_runs(open_page, place, language):
    app = open_page(place, language)
    assert not app.exception
    assert not app.error
    assert app.title, "a page has a heading"


@EVERY_PAGE
def test_no_english_sentence_is_left_on_a_spanish_page(open_page, place):
    spanish = messages("es")
    untranslated = {english for english, text in spanish.items() if text != english} - set(spanish.values())
    seen = set(words(open_page(place, "es")))
    assert sorted(seen & untranslated) == []


@EVERY_PAGE
def test_the_language_stays_in_the_link(open_page, place):
    app = open_page(place, "en", lang="es")
    assert app.query_params["lang"] == "es"
    assert words(app) != words(open_page(place, "en"))


@pytest.mark.parametrize("place", [ARCHITECTURE, TRAINING], ids=lambda place: place.url_path)
def test_an_unknown_network_in_a_link_is_named(open_page, place):
    app = open_page(place, "en", net="perceptron9000")
    assert not app.exception
    assert any("perceptron9000" in warning.value for warning in app.warning)
    assert app.selectbox, "the page works all the same"


def test_an_unknown_network_to_compare_is_named(open_page):
    app = open_page(COMPARE, "en", networks="vgg11,perceptron9000")
    assert not app.exception
    assert any("perceptron9000" in warning.value for warning in app.warning)


def test_an_unknown_run_in_a_link_is_named(open_page):
    app = open_page(TRAINING, "en", run="../../etc/passwd")
    assert not app.exception
    assert app.warning


@EVERY_LANGUAGE
def test_too_small_an_input_is_a_sentence_with_a_way_out(open_page, language):
    app = open_page(ARCHITECTURE, language, net="vgg11", image_size="20")
    assert not app.exception
    assert any("32" in error.value for error in app.error)
    app.button(key="architecture.image_size mend").click().run()
    assert not app.error
    assert app.number_input(key="architecture.image_size").value == 32


def test_totals_of_resnet_18(open_page):
    app = open_page(ARCHITECTURE, "en", net="resnet18")
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Parameters"] == Language("en").compact(11_178_378)


@EVERY_LANGUAGE
def test_a_missing_file_is_named_and_no_traceback_shown(open_page, language, monkeypatch):
    import cnnviz.data
    from cnnviz.errors import CnnvizError

    def missing():
        raise CnnvizError("data_missing", file="assets/cat.png")

    monkeypatch.setattr(cnnviz.data, "cat", missing)
    app = open_page(AUGMENTATION, language)
    assert not app.exception
    assert any("assets/cat.png" in error.value for error in app.error)


def test_every_part_of_a_forged_link_is_named(open_page):
    app = open_page(AUGMENTATION, "en", chain="zzz", seed="-4", picture="dog", mode="both")
    assert not app.exception
    said = " ".join(warning.value for warning in app.warning)
    assert all(word in said for word in ("zzz", "-4", "dog", "both"))
