"""Runs laid over one another: where steps lie on an axis, who is ahead, colours, references, tables."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from cnnviz.data.published import published_results, published_spreads
from cnnviz.events import Evaluated
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.presets import preset_named
from cnnviz.training.comparing import settings_of
from cnnviz.training.records import RunRecord
from cnnviz.training.same import config_hash
from cnnviz.ui import overlay
from cnnviz.ui.overlay import published_references, settings_table, tell_apart, value_text, verdict
from cnnviz.ui.runs import positions

ASSETS = Path(__file__).resolve().parents[2] / "assets"
EN = Language("en")


def record(run_id="a", key="lenet", accuracy=0.8, seed=1, **fields):
    config = preset_named(key, "class").config.replace(seed=seed)
    return RunRecord(
        id=run_id, owner="me", group=None, name="", config=config, state="finished", created=0.0, step=1407,
        total_steps=1407, seconds=30.0, test_accuracy=accuracy, config_hash=config_hash(config), **fields,
    )  # fmt: skip


def measured(step, seconds):
    return Evaluated(step=step, seconds=seconds, test_loss=1, test_accuracy=0.5, train_loss=1, train_accuracy=0.5,
                     learning_rate=0.1, images_per_second=1, test_images=10)  # fmt: skip


def test_seconds_are_the_runs_own_and_images_those_it_has_seen():
    tests = [measured(100, 4.0), measured(1407, 30.0)]
    assert positions(record(), tests, "seconds") == ((0, 0.0), (100, 4.0), (1407, 30.0))
    assert positions(record(), tests, "images")[-1] == (1407, 3 * 60_000)
    assert positions(record(), tests, "steps") == ()
    many = [measured(step, step / 10) for step in range(1, 1001)]
    assert len(positions(record(), many, "seconds")) < 60, "a few corners travel, not a thousand"


def test_macs_are_three_forward_passes_of_every_image():
    # LeNet's form of the chapter: 28²·25·6 + 10²·25·6·16 + 400·120 + 120·84 + 84·10 MACs for one image
    forward = 28 * 28 * 25 * 6 + 10 * 10 * 25 * 6 * 16 + 400 * 120 + 120 * 84 + 84 * 10
    assert positions(record(), [], "macs")[-1] == (1407, pytest.approx(3 * forward * 180_000))


def test_who_is_ahead_and_whether_it_means_anything():
    ahead = verdict([record("a", "lenet", 0.80), record("b", "lenet_bn", 0.88)], EN)
    assert "LeNet with batch norm is ahead" in ahead and "8 points" in ahead
    level = verdict([record("a", "lenet", 0.801), record("b", "lenet_bn", 0.804)], EN)
    assert "level" in level, "0.3 points of 10,000 pictures are less than twice their error, 0.56"
    assert verdict([record()], EN) == ""


def test_seeds_decide_where_they_lie_further_apart_than_the_means():
    def runs(key, accuracies):
        return [record(f"{key}{seed}", key, accuracy, seed=seed) for seed, accuracy in enumerate(accuracies, 1)]

    apart = verdict([*runs("lenet", (0.80, 0.81, 0.82)), *runs("lenet_bn", (0.87, 0.88, 0.89))], EN)
    assert "ahead over all its seeds" in apart and "88.0" in apart.replace("\u202f", " ")
    mixed = verdict([*runs("lenet", (0.80, 0.85, 0.90)), *runs("lenet_bn", (0.81, 0.86, 0.90))], EN)
    assert "not real" in mixed


def test_runs_of_one_family_have_different_colours_and_seeds_of_one_run_the_same():
    runs = [record("a", "lenet"), record("b", "lenet_bn"), record("c", "lenet_bn", seed=2), record("d", "resnet18")]
    colours = tell_apart(runs)
    assert colours["b"] == colours["c"]
    assert len({colours[name] for name in "abd"}) == 3
    assert colours["a"][0] == "#0072b2" and colours["d"][0] == "#d55e00", "the first of each keeps its own"


def test_published_marks_are_the_tables_figures():
    rows = {row["network"]: row for row in csv.DictReader((ASSETS / "published_spread.csv").open(encoding="utf-8"))}
    assert set(published_spreads()) == set(rows) and len(rows) == 8
    (mark,) = published_references([record("a", "lenet"), record("b", "lenet")], EN)
    assert mark.value == pytest.approx(0.802) and mark.spread == (pytest.approx(0.761), pytest.approx(0.826))
    assert all(spread.lowest <= spread.median <= spread.highest for spread in published_spreads().values())
    results = list(csv.DictReader((ASSETS / "published_results.csv").open(encoding="utf-8")))
    assert [row.test_accuracy for row in published_results()] == [float(row["test_accuracy"]) for row in results]


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_table_of_settings_tints_what_differs_and_nothing_else(code):
    configs = [preset_named(key, "class").config for key in ("lenet", "lenet_bn")]
    settings = settings_of(configs)
    table = settings_table(settings, ["one", "two"], Language(code))
    assert len(table) == len(settings)
    for setting, (_label, row) in zip(settings, table.iterrows(), strict=True):
        assert all(("blue-background" in text) == setting.differs for text in row)


def test_values_in_words():
    _ = Language("es")
    assert value_text(0.05, _) == "0,05" and value_text((6, 16), _) == "6, 16" and value_text(None, _) == "–"
    assert value_text(True, EN) == "Yes" and value_text("adam", EN) == "Adam"


def test_a_run_keeps_its_text_in_the_list_while_it_trains_and_no_two_share_one(monkeypatch):
    monkeypatch.setattr(overlay.st, "session_state", {})
    going = replace(record("aaaaaaaaaa", accuracy=None), state="running")
    first = overlay.option_text(going, EN)
    later = replace(going, state="finished", test_accuracy=0.5, best_test_accuracy=0.5)
    assert overlay.option_text(later, EN) == first
    assert overlay.option_text(replace(going, id="bbbbbbbbbb"), EN) != first
