"""What the charts are drawn from."""

import pytest

from tests.reports import report


@pytest.fixture(scope="session")
def report_by_key():
    """The report of a network's default spec, by its key, or of one of its presets."""
    return report
