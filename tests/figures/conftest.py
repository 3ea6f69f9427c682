"""Reports of the catalogue, each made once for all tests of this folder: they are plain and immutable."""

from functools import cache

import pytest

from cnnviz.architectures import architecture
from cnnviz.inspection import report_of
from cnnviz.rows import Report


@cache
def _report(key: str, preset: str = "") -> Report:
    entry = architecture(key)
    named = entry.preset(preset)
    return report_of(entry.spec(**(named.options if named else {})))


@pytest.fixture(scope="session")
def report_by_key():
    """The report of a network's default spec, by its key, or of one of its presets."""
    return _report
