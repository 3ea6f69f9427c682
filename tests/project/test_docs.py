"""What the documents name exists: tests that hold a claim, files, and settings that the program reads."""

import re

import pytest

from tests.project.sources import ROOT, texts

DOCUMENTS = {path: text for path, text in texts() if path.startswith("docs/") or path == "README.md"}


@pytest.mark.parametrize("path", DOCUMENTS)
def test_files_that_are_named_exist(path):
    named = re.findall(r"`((?:cnnviz|pages|tests|assets|docs|deploy|benchmarks)/[\w/.-]+?)/?`", DOCUMENTS[path])
    assert not [file for file in named if not (ROOT / file).exists()]


def test_settings_that_are_named_are_read_and_those_that_are_read_are_named():
    named = {name for text in DOCUMENTS.values() for name in re.findall(r"CNNVIZ_[A-Z_]+", text)}
    read = {
        name
        for path, text in texts()
        if path.startswith("cnnviz/") and path.endswith(".py")
        for name in re.findall(r"CNNVIZ_[A-Z_]+", text)
    }
    assert named == read


def test_what_is_deployed_sets_only_what_is_read():
    documented = {name for text in DOCUMENTS.values() for name in re.findall(r"CNNVIZ_[A-Z_]+", text)}
    own = {"CNNVIZ_PORT", "CNNVIZ_MEMORY"}  # compose's own
    for path, text in texts():
        if path.startswith("deploy/"):
            assert set(re.findall(r"CNNVIZ_[A-Z_]+", text)) <= documented | own, path


def test_every_event_of_the_log_is_named():
    table = DOCUMENTS["docs/deployment.md"].partition("| level | event |")[2].partition("\n\n")[0]
    calls = [
        call
        for path, text in texts()
        if path.startswith("cnnviz/") and path.endswith(".py")
        for call in re.findall(r'\b(?:note|Trouble)\(\s*("[^)]*)', text)
    ]
    written = {event for call in calls for event in re.findall(r'(?:^|, )"([a-z ]+)"', call)}
    assert len(written) > 15 and not [event for event in written if event not in table]


def test_every_threat_names_a_test_that_holds_it():
    table = DOCUMENTS["docs/threat-model.md"].split("## What could happen")[1].split("## What does not")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) >= 10
    assert not [row for row in rows if "`tests/" not in row.split("|")[3]]
