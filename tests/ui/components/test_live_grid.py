"""The live grid's Python side: what it sends, what it believes, and the words and files that it needs."""

import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnviz.augmentation import Pipeline
from cnnviz.data import cat
from cnnviz.language import Language
from cnnviz.specs.augmentation import CHAPTER_PIPELINES, GROUPS, OPERATIONS, PICTURE_OPERATIONS, PipelineSpec, Rotation
from cnnviz.ui.components import live_grid as module
from cnnviz.ui.components.grid_fields import fields_of, menu_of, parameters_of
from cnnviz.ui.components.live_grid import live_chain, live_labels, live_values, overrule
from cnnviz.ui.components.live_pictures import draw_live

FOLDER = Path(module.__file__).parent / "grid"
HARNESS = Path(__file__).parents[2] / "browser" / "components" / "harness"
COMBINED = CHAPTER_PIPELINES["combined"].pipeline
HUE = CHAPTER_PIPELINES["hue"].pipeline


@pytest.fixture
def session(monkeypatch):
    """A session's state as a plain dictionary."""
    state: dict = {}
    monkeypatch.setattr(module.st, "session_state", state)
    return state


def sent(chain, version="1 random", edits=1, **changes):
    """What a browser sends, with the settings of the first operation changed."""
    operations = [
        {
            "kind": operation.kind,
            "enabled": operation.enabled,
            "settings": operation.model_dump(mode="json", exclude={"kind", "enabled"}),
        }
        for operation in chain.operations
    ]
    operations[0]["settings"].update(changes)
    return {"chain": {"version": version, "edits": edits, "operations": operations}}


def test_the_pages_run_in_apptest():
    for _ in range(2):
        app = AppTest.from_file(str(HARNESS / "grid_page.py"), default_timeout=30).run()
        assert not app.exception
        app.button[0].click().run()
        assert not app.exception


def test_whoever_changed_the_chain_last_decides(session):
    assert live_chain("live", COMBINED) == COMBINED
    session["live"] = sent(COMBINED, p=0.9)
    mine = live_chain("live", COMBINED)
    assert mine.operations[0].p == 0.9
    assert live_chain("live", mine) == mine, "the page may pass the browser's own chain on"
    assert live_chain("live", HUE) == HUE, "another preset overrules the browser"
    assert live_chain("live", HUE) == HUE, "and what the browser said before stays overruled"
    session["live"] = sent(HUE, version="2 random", hue=0.1)
    assert live_chain("live", HUE).operations[0].hue == 0.1


@pytest.mark.parametrize(
    "forged",
    [
        {"version": "1 random", "edits": 1, "operations": [{"kind": "os.system", "enabled": True, "settings": {}}]},
        {"version": "1 random", "edits": 1, "operations": [{"kind": "hue", "enabled": True, "settings": {"hue": 9}}]},
        {"version": "1 random", "edits": 1, "operations": [{"kind": "hue", "enabled": True, "settings": {"hue": "x"}}]},
        {"version": "1 random", "edits": 1, "operations": "hue"},
        {"version": "1 random", "edits": "many", "operations": []},
        {"version": "1 random"},
        {"version": "0 random", "edits": 1, "operations": []},
        "hue",
        None,
    ],
)
def test_what_is_no_chain_is_ignored(session, forged):
    live_chain("live", COMBINED)
    session["live"] = {"chain": forged}
    assert live_chain("live", COMBINED) == COMBINED


def test_an_operation_that_the_browser_adds_gets_its_own_settings(session):
    live_chain("live", HUE)
    message = sent(HUE)
    message["chain"]["operations"].append({"kind": "rotation", "enabled": True, "settings": {}})
    session["live"] = message
    assert live_chain("live", HUE).operations == (*HUE.operations, Rotation())
    assert live_values("live")[1] == {"angle": 0}


def test_a_chain_that_was_there_before_can_be_asked_for_again(session):
    live_chain("live", COMBINED)
    session["live"] = sent(COMBINED, p=0.9)
    assert live_chain("live", COMBINED).operations[0].p == 0.9, "the page has asked for nothing new"
    overrule("live")
    assert live_chain("live", COMBINED) == COMBINED
    assert live_chain("live", COMBINED, ({"flipped": 1.0}, {}, {})) == COMBINED
    assert live_values("live")[0] == {"flipped": 1.0}


def test_another_chain_keeps_what_the_hand_has_set(session):
    live_chain("live", COMBINED)
    message = sent(COMBINED)
    message["chain"]["operations"][1]["exact"] = {"hue": 0.25}
    session["live"] = message
    live_chain("live", COMBINED)
    changed = PipelineSpec(operations=(COMBINED.operations[1].replace(brightness=0), HUE.operations[0]))
    live_chain("live", changed)
    assert live_values("live")[0]["hue"] == 0.25 and live_values("live")[1] == {"hue": 0}


def test_the_menu_holds_every_operation_once_under_what_it_changes():
    menu = menu_of(Language("en"))
    assert [title for title, _kinds in menu] == list(GROUPS.values())
    kinds = [kind for _title, entries in menu for kind, _name in entries]
    assert sorted(kinds) == sorted(kind.model_fields["kind"].default for kind in OPERATIONS)
    assert ("cutmix", "CutMix") in menu[-1][1]


def test_values_set_by_hand_stay_within_their_bounds(session):
    live_chain("live", HUE)
    message = sent(HUE)
    for asked, believed in (({"hue": 0.2}, 0.2), ({"hue": 7}, 0.5), ({"hue": "x"}, 0), ({"other": 1}, 0), ("x", 0)):
        message["chain"]["operations"][0]["exact"] = asked
        message["chain"]["edits"] += 1
        session["live"] = {"chain": {**message["chain"]}}
        live_chain("live", HUE)
        assert live_values("live") == ({"hue": believed},)


def test_the_sheet_holds_torchvisions_pictures_and_the_draws_are_those_of_the_pipeline():
    pictures = draw_live(COMBINED, cat(), count=5, seed=3)
    samples = Pipeline.of(COMBINED).samples(cat(), count=5, seed=3)
    assert pictures.drawn == tuple(sample.drawn for sample in samples)
    sheet = np.asarray(Image.open(BytesIO(pictures.sheet)), np.int16)
    for place, sample in enumerate(samples):
        row, column = divmod(place, pictures.columns)
        top, left = row * pictures.pitch[1], column * pictures.pitch[0]
        shown = sheet[top : top + pictures.size[1], left : left + pictures.size[0]]
        assert np.abs(shown - np.asarray(sample.image)).mean() < 1


def test_random_numbers_are_those_that_the_samples_come_from():
    """A flip is drawn where its number is below p, so its first number is the p at which it turns."""
    for index in range(4):
        first = Pipeline.units(7, index, "horizontal_flip", 0)[0]
        for p, flipped in ((first - 1e-9, False), (first + 1e-9, True)):
            chain = PipelineSpec.parse({"operations": [{"kind": "horizontal_flip", "p": p}]})
            sample = Pipeline.of(chain).samples(cat(), count=index + 1, seed=7)[index]
            assert sample.drawn[0].values == {"flipped": flipped}
    before = torch.get_rng_state()
    Pipeline.units(7, 0, "hue", 1)
    assert torch.equal(before, torch.get_rng_state())


def test_exact_mode_shows_the_values_themselves():
    values = ({"flipped": 1.0}, {"hue": 0.25}, {"area": 0.5})
    pictures = draw_live(COMBINED, cat(), exact=values)
    assert len(pictures.drawn) == 1
    (_, flip), (_, colour), (_, crop) = pictures.drawn[0]
    assert flip["flipped"] is True
    assert colour["hue"] == 0.25
    assert crop["area"] == pytest.approx(0.5, abs=0.01)
    off = COMBINED.replace(operations=(COMBINED.operations[0].replace(enabled=False), *COMBINED.operations[1:]))
    assert [kind for kind, _ in draw_live(off, cat(), exact=values).drawn[0]] == ["color_jitter", "random_resized_crop"]


@pytest.mark.parametrize("count", [0, 17])
def test_one_to_sixteen_pictures(count):
    with pytest.raises(ValueError, match="outside 1 to 16"):
        draw_live(COMBINED, cat(), count=count)


@pytest.mark.parametrize("kind", OPERATIONS, ids=lambda kind: kind.__name__)
def test_every_setting_has_a_slider_a_switch_or_a_choice_and_its_value_lies_on_it(kind):
    _ = Language("es")
    operation = kind()
    fields = {field["name"]: field for field in fields_of(operation, _)}
    assert set(fields) == set(kind.model_fields) - {"kind", "enabled"}
    for name, field in fields.items():
        value = getattr(operation, name)
        if field["type"] == "choice":
            assert value in [option for option, _label in field["options"]]
        elif field["type"] != "switch":
            values = value if field["type"] == "range" else [value]
            assert all(field["low"] <= one <= field["high"] for one in values)
            assert field["scale"] == "linear" or field["low"] > 0
            assert 2 <= (field["high"] - field["low"]) / field["step"] <= 1100, "steps that a hand can feel"


@pytest.mark.parametrize("kind", PICTURE_OPERATIONS, ids=lambda kind: kind.__name__)
def test_every_value_set_by_hand_has_a_slider(kind):
    operation = kind()
    fields = {field["name"]: field for field in parameters_of(operation, Language("en"))}
    assert set(fields) == {parameter.name for parameter in operation.parameters()}


def test_every_word_that_the_browser_asks_for_is_there_and_none_is_left_over():
    source = "\n".join(file.read_text("utf-8") for file in FOLDER.glob("*.js"))
    assert set(re.findall(r"\blabels\.([a-z_]+)", source)) - {"alt"} == set(live_labels(Language("en")))


def test_every_file_is_served_and_the_address_changes_with_it():
    served = {route.path.rpartition("/")[2] for route in module.grid_routes()}
    assert {file.name for file in FOLDER.iterdir()} - {"loader.js"} == served
    assert len(module._SCRIPTS.loader().encode()) < 600, "it travels with every message"
