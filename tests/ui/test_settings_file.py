"""The settings of several runs in a spreadsheet: what the table says, without its Markdown, and nothing is computed."""

import csv

import pytest

from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.presets import preset_named
from cnnviz.training.comparing import settings_of
from cnnviz.ui.settings_file import settings_csv


@pytest.mark.parametrize("code", LANGUAGES)
def test_names_and_settings_are_plain_text(code):
    settings = settings_of([preset_named(key, "class").config for key in ("lenet", "lenet_bn")])
    names = ['=HYPERLINK("http://x","y")', 'a, *b*"; (c)']
    lines = list(csv.reader(settings_csv(settings, names, Language(code)).splitlines()))
    assert lines[0][1:] == [f"'{names[0]}", names[1]]
    assert len(lines) == len(settings) + 1 and {len(line) for line in lines} == {3}
    assert ["LeNet-5", "LeNet with batch norm"] in [line[1:] for line in lines] or code != "en"
    assert not any("background" in cell or "\\" in cell for line in lines for cell in line)


@pytest.mark.parametrize("name", ["+1", "-1", "@x", "=1"])
def test_what_a_spreadsheet_would_compute_stays_text(name):
    assert settings_csv((), [name], Language()).splitlines() == [f"Setting,'{name}"]
