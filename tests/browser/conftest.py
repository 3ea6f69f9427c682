"""What every browser test stands on: a browser, servers, and pages that fail a test when something goes wrong in them.

    def test_title(start_server, open_page):
        server = start_server(ROOT / "app.py")
        page = open_page(server.url, locale="es-AR", theme="dark", viewport=(390, 844))

A page's console errors, uncaught exceptions and tracebacks fail the test that opened it.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, MISSING, find_chromium
from tests.browser.server import ROOT, Server

_WITHOUT = pytest.StashKey[bool]()
_SERVERS = pytest.StashKey[list[Server]]()
_CHROMIUM = pytest.StashKey[Path | None]()


@pytest.hookimpl(trylast=True)  # after -m has taken out what was not asked for
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser: one failure in CI, elsewhere one message instead of many skips."""
    needing = [item for item in items if item.get_closest_marker("browser")]
    if not needing or config.option.collectonly:
        return
    try:
        config.stash[_CHROMIUM] = find_chromium()
    except FileNotFoundError as error:
        raise pytest.UsageError(str(error)) from error
    if config.stash[_CHROMIUM]:
        return
    if os.environ.get("CI"):
        raise pytest.UsageError(MISSING)
    config.stash[_WITHOUT] = True
    items[:] = [item for item in items if item not in needing]
    config.hook.pytest_deselected(items=needing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say it once, plainly, at the end, where it is seen."""
    if config.stash.get(_WITHOUT, False):
        terminalreporter.section("browser tests")
        terminalreporter.write_line(MISSING)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Nothing to run because there is no browser is not a failure outside CI."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.stash.get(_WITHOUT, False):
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure shows what the servers of this session have written last."""
    report = yield
    if report.failed and item.get_closest_marker("browser"):
        for server in item.session.config.stash.get(_SERVERS, []):
            report.sections.append((f"log of {server.script.name}", server.tail()))
    return report


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """One Chromium for all tests; pages live in contexts of their own."""
    path = pytestconfig.stash.get(_CHROMIUM, None)
    if path is None:
        pytest.fail("a test that opens a page needs the mark `browser`", pytrace=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield launched
        launched.close()


class Contexts:
    """Contexts to open pages in, one after the other: who comes second finds Chromium's caches warm and nothing else.

    A fresh one would fetch and compile Streamlit's four megabytes of script again, which takes a second of a core.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = defaultdict(list)
        self._lent: dict[BrowserContext, str] = {}

    def lend(self, **options: Any) -> BrowserContext:
        """One with these options that nobody uses now."""
        key = repr(sorted(options.items()))
        context = self._free[key].pop() if self._free[key] else self._browser.new_context(**options)
        self._lent[context] = key
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        return context

    def take_back(self, context: BrowserContext) -> None:
        """Without its pages, and without what they left: cookies, what scripts have stored, permissions."""
        for page in context.pages:
            if page.url.startswith("http"):
                page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")
            page.close()
        context.clear_cookies()
        context.clear_permissions()
        self._free[self._lent.pop(context)].append(context)


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    """One pool for all tests."""
    return Contexts(browser)


@pytest.fixture(scope="session")
def start_server(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Callable[..., Server]]:
    """`start_server(script, env={}, options=())` → a running `Server`; all of them end with the session."""
    servers = pytestconfig.stash.setdefault(_SERVERS, [])

    def start(script: Path, **keywords: object) -> Server:
        server = Server(script, tmp_path_factory.mktemp("server"), **keywords)  # type: ignore[arg-type]
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def app(start_server: Callable[..., Server]) -> Server:
    """The app, warm after its first page; tests that change what others see start one of their own."""
    return start_server(ROOT / "app.py")


def said_by(entry: ConsoleMessage) -> str:
    """A line of the browser's console with the address that it is about."""
    return f"{entry.text} {entry.location.get('url', '')}".rstrip()


@pytest.fixture
def open_page(contexts: Contexts) -> Iterator[Callable[..., Page]]:
    """`open_page(url, …)` → a page whose script has run; it is closed, and its errors are raised, after the test."""
    opened: list[tuple[Page, list[str]]] = []

    def open_one(
        url: str | None,
        *,
        locale: str = "en-US",
        theme: Literal["light", "dark"] = "light",
        viewport: tuple[int, int] = (1280, 800),
        touch: bool = False,
        reduced_motion: Literal["reduce", "no-preference"] = "no-preference",
        errors: bool = False,
    ) -> Page:
        """Open a page in a context of its own, while the test lasts.

        Args:
            url: where to go and wait for the script to end; None stays on a blank page.
            locale: the browser's language.
            theme: what the system prefers.
            viewport: width and height in CSS px.
            touch: a phone's coarse pointer.
            reduced_motion: what the system prefers.
            errors: whether errors on the page are part of the test.
        """
        context = contexts.lend(
            locale=locale,
            color_scheme=theme,
            viewport={"width": viewport[0], "height": viewport[1]},
            has_touch=touch,
            is_mobile=touch,
            reduced_motion=reduced_motion,
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        problems: list[str] = []
        if not errors:
            page.on("console", lambda entry: problems.append(said_by(entry)) if entry.type == "error" else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
        opened.append((page, problems))
        if url is not None:
            page.goto(url)
            settle(page)
        return page

    yield open_one
    found: list[str] = []
    for page, problems in opened:
        found += problems
        if not page.is_closed():
            found += page.locator('[data-testid="stException"]').all_inner_texts()
        contexts.take_back(page.context)
    assert not found, "errors on the page:\n" + "\n".join(found)


def settle(page: Page) -> None:
    """Wait until the script has run and what it drew is there."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector('[data-testid="stSkeleton"]', state="detached")


def wait_for(page: Page, expression: str, arg: object = None, *, timeout: float = 20_000) -> Any:
    """Wait until something holds in the page; returns its value.

    Playwright's own `wait_for_function` has the page compile text, which the app's policy forbids.

    Args:
        page: where.
        expression: JavaScript, as for `Page.evaluate`.
        arg: its argument, where it is a function.
        timeout: ms.
    """
    end = time.monotonic() + timeout / 1000
    while not (found := page.evaluate(expression, arg)):
        assert time.monotonic() < end, f"it never held: {expression}"
        page.wait_for_timeout(20)
    return found


@pytest.fixture(name="settle")
def settle_fixture() -> Callable[[Page], None]:
    """`settle(page)`: wait until the script has run and what it drew is there."""
    return settle
