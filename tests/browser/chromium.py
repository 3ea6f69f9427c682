"""Where a Chromium is on this machine, and how the tests start it.

The headless shell is the same engine without a window, tabs and buttons: it opens a page in a third of the time.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

VARIABLE = "CNNVIZ_CHROMIUM"
NAMES = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "msedge",
)  # fmt: skip
USUAL = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"Google\Chrome\Application\chrome.exe",
        r"Chromium\Application\chrome.exe",
        r"Microsoft\Edge\Application\msedge.exe",
    ),
}
ARGUMENTS = (
    "--no-sandbox",  # the tests often run as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a test picture, on machines that have none
    "--use-fake-ui-for-media-stream",  # and somebody who allows it
)
MISSING = (
    "No Chromium or Chrome was found, so the browser tests do not run. Install one (Debian: "
    "apt install chromium-headless-shell; "
    f"elsewhere: python -m playwright install chromium) or set {VARIABLE} to its path."
)


def candidates() -> Iterator[Path]:
    """Places to look at, best first; Playwright's own browser comes last, since asking for it takes a second."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            yield Path(found)
    roots = [""]
    if sys.platform == "win32":
        roots = [os.environ.get(name, "") for name in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")]
    for place in USUAL.get(sys.platform, ()):
        yield from (Path(root, place) for root in roots)
    with sync_playwright() as playwright:
        yield Path(playwright.chromium.executable_path)


def find_chromium() -> Path | None:
    """The browser that `CNNVIZ_CHROMIUM` names, or the first that exists, or None.

    Raises:
        FileNotFoundError: if `CNNVIZ_CHROMIUM` names a file that does not exist: a wish is not quietly ignored.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return next((path for path in candidates() if path.is_file()), None)
    if not Path(named).is_file():
        raise FileNotFoundError(f"{VARIABLE} is {named}, and there is no such file.")
    return Path(named)
