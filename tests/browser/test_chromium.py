"""Finding a browser, and what a machine without one is told. These tests need no browser themselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import MISSING, VARIABLE, find_chromium

ROOT = Path(__file__).resolve().parents[2]


def test_a_named_browser_comes_first(monkeypatch, tmp_path):
    named = tmp_path / "my-chromium"
    named.touch()
    monkeypatch.setenv(VARIABLE, str(named))
    assert find_chromium() == named


def test_a_named_browser_that_is_missing_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match=VARIABLE):
        find_chromium()


def test_the_usual_names_are_looked_for_in_their_order(monkeypatch, tmp_path):
    for name in ("chromium", "google-chrome"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_chromium() == tmp_path / "chromium"
    (tmp_path / "chromium").unlink()
    assert find_chromium() == tmp_path / "google-chrome"


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("1", 4)], ids=["elsewhere", "in CI"])
def test_without_a_browser_one_message_and_only_ci_fails(ci, status):
    """The whole way through pytest, with no candidates at all."""
    hidden = (
        "import sys, pytest; from tests.browser import chromium; chromium.candidates = lambda: iter(());"
        "sys.exit(pytest.main(['-m', 'browser', 'tests/browser/components/test_layer_tree.py']))"
    )
    env = {name: value for name, value in os.environ.items() if name not in (VARIABLE, "CI")}
    env |= {"CI": ci} if ci else {}
    run = subprocess.run(
        [sys.executable, "-c", hidden], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == status, run.stdout + run.stderr
    assert (run.stdout + run.stderr).count(MISSING) == 1
    assert "skipped" not in run.stdout
