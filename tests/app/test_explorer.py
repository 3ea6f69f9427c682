"""The explorer as a reader uses it: variants, torchvision's shelf, a layer in the link, blocks, comparisons."""

import pytest

from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.block_catalog import BLOCKS
from cnnviz.ui.places import ARCHITECTURE, COMPARE, TRAINING
from cnnviz.ui.places import BLOCKS as BLOCKS_PAGE

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def said(app):
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def test_a_variant_is_reached_by_a_link(open_page):
    app = open_page(ARCHITECTURE, "en", net="lenet", variant="wide")
    assert not app.exception and not app.warning
    # 18 and 48 channels: 25·18 + 18, 25·18·48 + 48, then 1,200 → 120 → 84 → 10 with biases
    total = 25 * 18 + 18 + 25 * 18 * 48 + 48 + 1200 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10
    assert metrics(app)["Parameters"] == Language("en").compact(total)


@pytest.mark.parametrize(
    ("page", "on"), [(ARCHITECTURE, "Train it"), (TRAINING, "Sweep these settings")], ids=["architecture", "training"]
)
def test_what_is_chosen_is_carried_on_also_under_a_name_that_a_link_has_for_itself(open_page, page, on):
    app = open_page(page, "en", net="vgg11", width="0.75")
    assert not app.exception and not app.error
    query = next(link.proto.query_string for link in app.page_link if link.label == on)
    assert {"lang=en", "net=vgg11", "width=0.75"} <= set(query.split("&"))


def test_torchvisions_networks_say_that_they_are_and_what_is_published(open_page):
    app = open_page(ARCHITECTURE, "en", net="torchvision/resnet18")
    assert not app.exception
    assert metrics(app)["Parameters"] == Language("en").compact(11_689_512)  # torchvision's num_params
    assert "69.8" in said(app) and "torchvision" in said(app)


@EVERY_LANGUAGE
def test_a_layer_in_the_link_shows_its_formula(open_page, language):
    app = open_page(ARCHITECTURE, language, net="lenet", layer="conv1.conv")
    assert not app.exception
    assert any("156" in element.value for element in app.markdown), "(5·5·1 + 1)·6 = 156"


def test_a_layer_that_does_not_exist_is_no_error(open_page):
    app = open_page(ARCHITECTURE, "en", net="lenet", layer="<script>")
    assert not app.exception and not app.error


def test_the_batch_scales_the_memory_and_nothing_else(open_page):
    one, many = (metrics(open_page(ARCHITECTURE, "en", net="lenet", batch=batch)) for batch in ("1", "1024"))
    assert one["Parameters"] == many["Parameters"] and one["MACs per picture"] == many["MACs per picture"]
    assert one["Kept while training"] != many["Kept while training"]


@EVERY_LANGUAGE
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.key)
def test_every_block_has_its_page(open_page, block, language):
    app = open_page(BLOCKS_PAGE, language, block=block.key)
    assert not app.exception and not app.error and not app.warning
    assert Language(language)(block.idea) in said(app)


def test_a_block_that_cannot_work_is_a_sentence_at_its_knob(open_page):
    app = open_page(BLOCKS_PAGE, "en", **{"block": "resnext", "resnext.groups": "5"})
    assert not app.exception
    assert any("do not divide" in error.value for error in app.error)


def test_variants_of_one_network_are_compared(open_page):
    app = open_page(COMPARE, "en", networks="lenet,lenet~max_relu,torchvision/alexnet")
    assert not app.exception and not app.warning and not app.error


@EVERY_LANGUAGE
def test_before_a_run_one_reads_what_it_will_take(open_page, language):
    app = open_page(TRAINING, language, net="lenet")
    assert not app.exception
    assert any("MiB" in caption.value for caption in app.caption)


def test_what_cannot_fit_into_memory_is_refused_at_the_button_with_a_way_out(open_page, monkeypatch):
    monkeypatch.setattr("cnnviz.training.estimate.memory_available", lambda device: 900 * 2**20)
    app = open_page(TRAINING, "en", net="alexnet", preset="chapter")
    app.button(key="start").click().run()
    assert not app.exception
    assert any("Choose" in error.value for error in app.error)
    assert app.query_params.get("run") is None
