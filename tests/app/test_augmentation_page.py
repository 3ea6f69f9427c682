"""The augmentation page without a browser, in both languages: its link, its sentences, and the way to training."""

import time

import pytest

from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.augmentation import (
    CHAPTER_PIPELINES,
    GROUPS,
    OPERATIONS,
    HorizontalFlip,
    MixUp,
    PipelineSpec,
    RandomResizedCrop,
)
from cnnviz.ui.engine import engine
from cnnviz.ui.places import AUGMENTATION, TRAINING

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
CHAIN = "hue-hue-0.1~random_resized_crop-size-64~horizontal_flip-enabled-0"


def said(app):
    """What stands on the page outside the component."""
    kinds = ("caption", "markdown", "warning", "error", "info")
    return " ".join(element.value for kind in kinds for element in getattr(app, kind))


@EVERY_LANGUAGE
def test_the_link_holds_the_whole_chain(open_page, language):
    app = open_page(
        AUGMENTATION, language, chain=CHAIN, count="3", seed="5", mode="exact", hand="hue-0.1", picture="garment"
    )
    assert not app.exception and not app.error
    wanted = {"chain": CHAIN, "count": "3", "seed": "5", "mode": "exact", "picture": "garment", "hand": "hue-0.1"}
    assert {name: app.query_params[name] for name in wanted} == wanted
    assert app.selectbox(key="augmentation.chain start").value == "", "a chain of one's own"


@EVERY_LANGUAGE
def test_the_chapters_chains_are_starting_points(open_page, language):
    app = open_page(AUGMENTATION, language)
    menu = app.selectbox(key="augmentation.chain start")
    assert menu.value == "combined" and "chain" not in app.query_params
    for name in CHAPTER_PIPELINES:
        menu = app.selectbox(key="augmentation.chain start")
        menu.select(name).run()
        assert not app.exception
        assert app.query_params.get("chain", "combined") == name
    app.selectbox(key="augmentation.chain start").select("").run()
    assert app.selectbox(key="augmentation.chain start").value == "combined", "nothing begins anew"


@EVERY_LANGUAGE
@pytest.mark.parametrize("source", ["upload", "camera"])
def test_until_a_picture_of_ones_own_is_there_the_cat_stands_in(open_page, language, source):
    app = open_page(AUGMENTATION, language, picture=source)
    assert not app.exception and not app.error
    assert Language(language)("Until there is one, the cat stands in.") in said(app)


def test_other_draws_have_another_seed(open_page):
    app = open_page(AUGMENTATION, "en", seed="7")
    app.button(key="again").click().run()
    assert app.query_params["seed"] == "8"


@EVERY_LANGUAGE
def test_what_does_nothing_to_a_grey_garment_is_said(open_page, language):
    _ = Language(language)
    for picture, expected in (("garment", True), ("cat", False)):
        app = open_page(AUGMENTATION, language, chain="hue~saturation~brightness", picture=picture)
        told = [caption.value for caption in app.caption if _("Saturation") in caption.value]
        assert bool(told) is expected
        assert not any(_("Brightness") in words for words in told)


@EVERY_LANGUAGE
def test_a_chain_that_does_not_fit_leaves_the_page_standing(open_page, language):
    app = open_page(AUGMENTATION, language, chain="center_crop-size-300", picture="garment")
    assert not app.exception
    assert app.query_params["chain"] == "center_crop-size-300"


@pytest.mark.parametrize("group", GROUPS)
def test_every_operation_can_stand_in_a_link(open_page, group):
    kinds = [str(kind.model_fields["kind"].default) for kind in OPERATIONS if kind.group == group]
    app = open_page(AUGMENTATION, "en", chain="~".join(kinds), count="1")
    assert kinds and not app.exception and not app.error and not app.warning
    assert app.query_params["chain"] == "~".join(kinds)


@EVERY_LANGUAGE
def test_training_takes_the_chain_and_says_what_it_makes_of_it(open_page, language):
    _ = Language(language)
    chain = "horizontal_flip~hue~random_resized_crop"
    app = open_page(TRAINING, language, augmentation=chain)
    assert not app.exception and not app.error
    words = said(app)
    for title in ("Horizontal flip", "Hue", "Random resized crop"):
        assert _(title) in words
    assert "28 px" in words.replace("\u202f", " "), "the crop gives the network's input"
    assert app.query_params["augmentation"] == chain
    app.button(key="no augmentation").click().run()
    assert "augmentation" not in app.query_params
    assert _("Horizontal flip") not in said(app)


def test_a_run_keeps_the_chain_that_it_was_started_with(open_page):
    small = {
        "net": "lenet",
        "epochs": "1",
        "train_images": "256",
        "test_images": "100",
        "evaluations": "1",
        "seed": "5",
    }
    app = open_page(TRAINING, "en", augmentation="horizontal_flip~random_resized_crop-scale-0.5..1~mixup", **small)
    app.button(key="start").click().run()
    assert not app.exception and not app.error
    run_id = app.query_params["run"]
    record = engine().store.record(run_id if isinstance(run_id, str) else run_id[0])
    assert record.config.augmentation == PipelineSpec(
        operations=(HorizontalFlip(), RandomResizedCrop(size=28, scale=(0.5, 1)), MixUp())
    )
    end = time.monotonic() + 60
    while not record.ended and time.monotonic() < end:
        time.sleep(0.05)
        record = engine().store.record(record.id)
    assert record.state == "finished"


def test_a_chain_that_garments_do_not_fit_is_said_and_the_run_goes_without(open_page):
    app = open_page(TRAINING, "en", augmentation="center_crop-size-200")
    assert not app.exception
    assert any("28" in error.value and "trains without it" in error.value for error in app.error)
    forged = open_page(TRAINING, "en", augmentation="hue-hue-7")
    assert any("7 is too large" in warning.value for warning in forged.warning)
