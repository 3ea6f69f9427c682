"""The chapter's presets are the published settings, and the class's say truthfully what they reduce."""

import csv
from pathlib import Path

import pytest

from cnnviz.architectures import catalog
from cnnviz.language import Language
from cnnviz.specs.presets import chapter_config, presets, relative_of

ROWS = list(csv.DictReader((Path(__file__).parents[2] / "assets" / "published_results.csv").open(encoding="utf-8")))
PUBLISHED = [row for row in ROWS if row["source"] == "d2l-0.17.5"]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["network"])
def test_the_chapters_settings_are_the_published_ones(row):
    config = chapter_config(row["network"])
    assert relative_of(row["network"]) == row["network"]
    found = (config.optimizer, config.learning_rate, config.batch_size, config.architecture.image_size, config.epochs)
    published = (
        row["optimizer"],
        *(float(row[name]) for name in ("learning_rate", "batch_size", "input_px", "epochs")),
    )
    assert found == published


@pytest.mark.parametrize("key", [entry.key for entry in catalog()])
def test_what_is_reduced_is_said(key):
    small, full, *_ = presets(key)
    assert small.reductions(Language("en")) and not full.reductions(Language("es"))
    said = " ".join(small.reductions(Language("en")))
    assert ("px instead" in said) == (small.config.architecture.image_size < full.config.architecture.image_size)
    assert ("epochs instead" in said) == (small.config.epochs < full.config.epochs)
    assert ("training images" in said) == (small.config.train_images < full.config.train_images)
