"""Pages without a browser are opened here too."""

from tests.packages import packages_scanned_once  # noqa: F401
