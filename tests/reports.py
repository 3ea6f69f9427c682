"""Reports of the catalogue, each made once for all tests of a process: they are plain and immutable."""

from functools import cache

from cnnviz.architectures import architecture
from cnnviz.inspection import report_of
from cnnviz.rows import Report


@cache
def report(key: str, preset: str = "") -> Report:
    """The report of a network's default spec, or of one of its presets."""
    entry = architecture(key)
    named = entry.preset(preset)
    return report_of(entry.spec(**(named.options if named else {})))
