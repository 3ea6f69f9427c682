"""The lab that looks inside: every view in both languages, with a trained run and without, and forged links."""

import pytest
import torch

from cnnviz.insight.inside import untrained
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.labs.inside import VIEWS
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.checkpoints import Position, Saved, write
from cnnviz.ui.engine import engine
from cnnviz.ui.places import INSIDE

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def run():
    """A run of somebody else whose LeNet says "bag" to everything."""
    config = TrainingConfig(architecture="lenet")
    model = untrained(config.architecture, seed=3)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    weights["output.bias"] = 50.0 * torch.nn.functional.one_hot(torch.tensor(8), 10).float()
    run_id = engine().store.create(config, owner="somebody else", name="Bags <b>*everywhere*</b>", state="finished")
    write(engine().store.run_folder(run_id) / "best.safetensors", Saved(Position({}, 1, 0.0, 0.1), model=weights))
    return run_id


def said(app):
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.success))


@EVERY_LANGUAGE
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("trained", [True, False])
def test_every_view_draws_and_answers(open_page, answer, run, view, language, trained):
    app, _ = (
        open_page(INSIDE, language, view=view, network=f"run:{run}" if trained else "untrained:lenet"),
        Language(language),
    )
    assert not app.exception and not app.error and not app.warning
    assert _(VIEWS[view].text) in said(app)
    assert ("learnt nothing" in said(app)) == (not trained) or language != "en"
    question = VIEWS[view].question
    answer(app, f"inside.{view}", question.right)
    assert not app.exception
    (answer,) = [success.value for success in app.success]
    assert "{" not in answer and "nan" not in answer


def test_the_weights_are_those_of_the_run(open_page, run):
    app = open_page(INSIDE, "en", view="cam", network=f"run:{run}", garment="0")
    assert "The network says: bag 100" in said(app)
    assert "It was shown: ankle boot." in said(app)


def test_lenets_receptive_field_is_the_questions_answer(open_page, answer):
    app = open_page(INSIDE, "en", view="field", network="untrained:resnet18")
    answer(app, "inside.field", 0)
    app.button(key="inside.field show").click().run()
    assert not app.exception
    assert "Behind pool2 a cell sees 16×16 px" in said(app)


def test_another_network_brings_its_own_stages(open_page):
    app = open_page(INSIDE, "en", network="untrained:lenet", stage="conv2")
    assert "Behind conv2: 16 maps of 10×10 cells" in said(app)
    app.selectbox(key="inside.network").set_value("untrained:resnet18").run()
    assert not app.exception and not app.warning
    assert "Behind stem: 64 maps of 24×24 cells" in said(app)


@pytest.mark.parametrize(
    "query",
    [{"network": "run:zzzzzzzzzz"}, {"network": "../etc"}, {"stage": "<b>"}, {"garment": "-7"}, {"other": "11"}],
)
def test_a_forged_link_is_named(open_page, query):
    app = open_page(INSIDE, "en", **({"view": "cam"} if "other" in query else {}), **query)
    assert not app.exception
    assert any(value in warning.value for value in query.values() for warning in app.warning)


def test_a_run_whose_weights_are_gone_is_not_offered(open_page):
    run_id = engine().store.create(TrainingConfig(architecture="lenet"), owner="somebody else", state="finished")
    app = open_page(INSIDE, "en", network=f"run:{run_id}")
    assert not app.exception
    assert app.warning and f"run:{run_id}" not in app.selectbox(key="inside.network").options


def test_published_weights_on_disk_are_offered_and_name_imagenets_classes(open_page, tmp_path, monkeypatch):
    from safetensors.torch import save_file
    from torchvision.models import get_model

    weights = get_model("mobilenet_v3_large", weights=None).state_dict()
    weights["classifier.3.bias"][281] = 50
    save_file(weights, tmp_path / "mobilenet_v3_large.safetensors")
    monkeypatch.setenv("CNNVIZ_WEIGHTS", str(tmp_path))
    app = open_page(INSIDE, "en", view="cam", network="imagenet:mobilenet_v3_large", picture="cat", other="285")
    assert not app.exception and not app.warning
    assert "The network says: tabby 100" in said(app) and "Egyptian cat" in said(app)
    assert "learnt nothing" not in said(app)


def test_without_published_weights_one_reads_how_they_get_here(open_page, monkeypatch):
    monkeypatch.delenv("CNNVIZ_WEIGHTS", raising=False)
    app = open_page(INSIDE, "en")
    assert not any("safetensors" in code.value for code in app.code), (
        "what colours code is a large script: nobody has asked for it yet"
    )
    app.session_state["fetching"] = True
    app.run()
    assert any("CNNVIZ_WEIGHTS" in caption.value for caption in app.caption)
    assert any("safetensors" in code.value for code in app.code)


def test_weights_that_cannot_be_used_are_a_sentence(open_page, tmp_path, monkeypatch):
    (tmp_path / "resnet18.safetensors").write_bytes(b"")
    monkeypatch.setenv("CNNVIZ_WEIGHTS", str(tmp_path))
    app = open_page(INSIDE, "en", network="imagenet:resnet18")
    assert not app.exception
    assert any("do not fit" in error.value for error in app.error)


def test_recorded_runs_are_offered_however_many_runs_are_newer(open_page, run, monkeypatch):
    """The question on filters turns the knob to one of them."""
    from cnnviz.specs.labs.inside import NIN_RUN
    from cnnviz.ui import inside as page

    monkeypatch.setattr(page, "RUNS", 1)
    app = open_page(INSIDE, "en", view="filters", network=f"run:{run}")
    assert not app.exception and not app.warning
    app.selectbox(key="inside.network").set_value(f"run:{NIN_RUN}").run()
    assert not app.exception and not app.warning
    assert "behind block1" in said(app)


@EVERY_LANGUAGE
def test_a_search_says_that_it_begins_before_it_has_found_anything(open_page, monkeypatch, language):
    from cnnviz.insight.excitement import Searches
    from cnnviz.ui import inside_views

    drawn, fresh, draw = [], Searches(), inside_views.Sheet.draw
    monkeypatch.setattr(inside_views, "searches", lambda: fresh)
    monkeypatch.setattr(inside_views.Sheet, "draw", lambda sheet, *what: (drawn.append(what), draw(sheet, *what)))
    app, _ = open_page(INSIDE, language, view="filters", network="untrained:lenet"), Language(language)
    assert not app.exception
    first, second = drawn[:2]
    assert len(first[1]) == len(second[1]) == 9, "nothing jumps when the pictures come"
    assert {alt for _png, _caption, alt in first[1]} == {_("Not searched yet.")}
    assert first[2] == _(
        "Searched so far: {count} of the {all} pictures of the test set.", count="0", all=_.number(10_000)
    )
    assert _("Not searched yet.") not in {alt for _png, _caption, alt in second[1]}
    assert [words for words, *_rest in drawn[:2] if words in said(app)] == [second[0]], "and it makes way for them"
    drawn.clear()
    app.run()
    assert len(drawn) == 1 and not app.exception, "no blank pictures once there are real ones"
