"""Reports of the catalogue, each made once for all tests of this folder: they are plain and immutable."""

from functools import cache

import pytest

from cnnviz.architectures import architecture
from cnnviz.inspection import report_of
from cnnviz.rows import Report


@cache
def _report(key: str) -> Report:
    return report_of(architecture(key).spec())


@pytest.fixture(scope="session")
def report_by_key():
    """The report of a network's default spec, by its key."""
    return _report


@pytest.fixture(scope="session")
def shelf():
    """The report of a network of torchvision, by torchvision's name for it."""
    return lambda name: _report(f"torchvision/{name}")
