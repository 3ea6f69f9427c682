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
from cnnviz.specs.presets import preset_named
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


@pytest.fixture(scope="module")
def trained():
    """The id of a short run that has ended."""
    config = preset_named("lenet", "class").config.replace(epochs=1, train_images=256, test_images=100, evaluations=1)
    return ended(engine().submit(config, owner="somebody else")).id


def ended(run_id, seconds=60):
    limit = time.monotonic() + seconds
    while not (record := engine().store.record(run_id)).ended:
        assert time.monotonic() < limit, "the run ends"
        time.sleep(0.05)
    return record


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
    record = ended(run_id if isinstance(run_id, str) else run_id[0])
    assert record.state == "finished"
    assert record.config.augmentation == PipelineSpec(
        operations=(HorizontalFlip(), RandomResizedCrop(size=28, scale=(0.5, 1)), MixUp())
    )


@EVERY_LANGUAGE
def test_the_drawers_show_the_chain_closer(open_page, language, trained):
    _ = Language(language)
    app = open_page(AUGMENTATION, language, chain="random_resized_crop~rotation~hue~cutmix", picture="garment")
    closed = len(said(app))
    for drawer in ("steps", "draws", "channels", "batch", "boot", "code"):
        app.session_state[f"augmentation.{drawer}"] = True
    app.run()
    assert not app.exception and not app.error
    words = said(app)
    assert len(words) > closed + 300, "nothing of it was made before"
    for number, title in enumerate(("Random resized crop", "Rotation", "Hue"), 1):
        assert f"**{number}. {_(title)}**" in words
    assert _.number(1000) in words, "draws"
    assert _.percent(1) in words or "\u202f%" in words, "shares of the labels"
    menu = app.selectbox(key="augmentation.boot network")
    assert any(trained[:4] in option for option in menu.options)
    values = app.selectbox(key="augmentation.boot value")
    assert not any(_("Hue") in option for option in values.options), "it does nothing to a grey garment"
    assert "v2.RandomRotation" in app.code[-1].value


def test_every_value_that_is_drawn_can_be_counted(open_page):
    kinds = [str(kind.model_fields["kind"].default) for kind in OPERATIONS if kind.group != "place"]
    app = open_page(AUGMENTATION, "en", chain="~".join(kinds[:24]), count="1")
    app.session_state["augmentation.draws"] = True
    app.run()
    menu = app.selectbox(key="augmentation.draws of")
    assert len(menu.options) >= 20
    for place in range(0, len(menu.options), 5):
        app.selectbox(key="augmentation.draws of").select_index(place).run()
        assert not app.exception, menu.options[place]


def test_a_chain_that_garments_do_not_fit_is_said_and_the_run_goes_without(open_page):
    app = open_page(TRAINING, "en", augmentation="center_crop-size-200")
    assert not app.exception
    assert any("28" in error.value and "trains without it" in error.value for error in app.error)
    forged = open_page(TRAINING, "en", augmentation="hue-hue-7")
    assert any("7 is too large" in warning.value for warning in forged.warning)
