"""A run's card is complete for every network and preset, says what was recorded, and is the same data everywhere."""

import json
from dataclasses import replace

import pytest

from cnnviz.architectures import catalog
from cnnviz.augmentation import Pipeline
from cnnviz.data import DATA_MD5
from cnnviz.language import Language
from cnnviz.specs.augmentation import HorizontalFlip
from cnnviz.specs.presets import presets
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.card import TRAINING_PASSES, card
from cnnviz.training.records import RunRecord

STARTED = {
    "parameters": 44_878, "device": "cpu", "device_name": "Some | Processor", "precision": "float32", "threads": 2,
    "channels_last": False, "fused_optimizer": True, "versions": {"python": "3.11.1", "torch": "2.14.1"},
    "data_md5": dict(DATA_MD5), "train_images": 60_000, "test_images": 10_000,
}  # fmt: skip
CHOSEN = ("data_md5", "computed_on", "computed_in", "computed_threads", "versions", "parameters", "channels_last")
OUTCOME = ("seconds", "test_accuracy", "best_test_accuracy", "train_accuracy", "images_per_second")


def record(config, *, done=True):
    figures = {
        "step": config.total_steps, "seconds": 12.5, "train_accuracy": 0.9, "test_accuracy": 0.871,
        "best_test_accuracy": 0.8755, "images_per_second": 9000.0, "choices": STARTED, "state": "finished",
    }  # fmt: skip
    return RunRecord(
        id="aaaaaaaaaa", owner="o", group=None, name="", config=config, created=0.0, total_steps=config.total_steps,
        **(figures if done else {"state": "queued"}),
    )  # fmt: skip


@pytest.mark.parametrize("key", [entry.key for entry in catalog()])
def test_the_card_of_every_preset_is_complete(key):
    for preset in presets(key):
        run = record(preset.config)
        english, spanish = (card(run, None, Language(code), macs=1_000_000) for code in ("en", "es"))
        assert [row.name for row in english.rows] == [row.name for row in spanish.rows]
        assert len({row.name for row in english.rows}) == len(english.rows)
        assert all(row.text and row.label for row in (*english.rows, *spanish.rows))
        for name in TrainingConfig.model_fields:
            if name != "architecture":
                english.row(name)
        assert all(english.row(name).value is not None for name in (*CHOSEN, *OUTCOME))
        assert english.to_dict() == {**spanish.to_dict(), "title": english.title}, "plain data is in no language"
        changed = english.row("changed").value
        assert set(changed) == {name for name, value in run.config.architecture if value != _default(key, name)}


def _default(key, name):
    return getattr(next(entry for entry in catalog() if entry.key == key).spec(), name)


def test_it_says_what_was_recorded_and_what_it_cost():
    config = TrainingConfig(architecture="lenet_bn", epochs=2, seed=7)
    found = card(record(config))
    values = found.to_dict()
    assert values["data_md5"] == DATA_MD5 and values["seed"] == 7 and values["network"] == "lenet_bn"
    assert values["macs"] == 281_640 and values["changed"] == {}
    assert values["training_macs"] == TRAINING_PASSES * 281_640 * 120_000
    assert found.row("test_accuracy").text.startswith("87.10")
    assert all(md5 in found.row("data_md5").text for md5 in DATA_MD5.values())
    elsewhere = card(record(config), {**STARTED, "threads": 8})
    assert elsewhere.row("computed_threads").value == 8, "what `Started` says, not this machine"


def test_every_knob_that_differs_from_the_entry_is_named():
    config = TrainingConfig(architecture={"key": "lenet_bn", "channels": (16, 48), "pooling": "max"})
    found = card(record(config), macs=5)
    assert found.row("changed").value == {"channels": [16, 48], "pooling": "max"}
    assert "16, 48" in found.row("changed").text and "max" in found.row("changed").text
    assert card(record(config)).row("macs").value is None, "a changed network's MACs are its report's"
    assert (
        "Maximum" in card(record(config), choice=lambda value: {"max": "Maximum"}.get(value, value)).row("changed").text
    )


def test_a_run_that_only_waits_has_a_card_without_figures():
    found = card(record(TrainingConfig(architecture="lenet"), done=False))
    assert found.row("test_accuracy").text == found.row("computed_on").text == "–"
    assert found.row("training_macs").value == 0
    json.loads(found.json())


def test_augmentation_is_written_as_torchvision_calls():
    pipeline = Pipeline(operations=(HorizontalFlip(p=0.25),))
    found = card(record(TrainingConfig(architecture="lenet", augmentation=pipeline)))
    assert found.row("augmentation").text == "RandomHorizontalFlip(p=0.25)"
    assert found.row("augmentation").value[0]["kind"] == "horizontal_flip"


def test_the_exports_hold_every_row_whatever_a_run_is_called():
    run = replace(record(TrainingConfig(architecture="lenet_bn")), name="a | b <script> *x*\nc")
    found = card(run)
    assert json.loads(found.json()) == found.to_dict()
    lines = found.markdown().splitlines()
    assert lines[0] == r"# a \| b \<script\> \*x\* c"
    table = lines[4:]
    assert len(table) == len(found.rows)
    assert all(line.replace(r"\|", "").count("|") == 3 for line in table), "a bar in a value is no column"
