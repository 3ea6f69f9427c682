"""What is taken apart here."""

import pytest

from tests.reports import report


@pytest.fixture(scope="session")
def report_by_key():
    """The report of a network's default spec, by its key."""
    return report


@pytest.fixture(scope="session")
def shelf():
    """The report of a network of torchvision, by torchvision's name for it."""
    return lambda name: report(f"torchvision/{name}")
