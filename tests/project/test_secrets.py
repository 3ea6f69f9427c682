"""No key, token or password is in the repository: what such things look like, searched for in every text file.

What was committed once can be read for ever, so the lines that the history has added are searched as well. A clone
without its history has one commit, which adds every line; what lies in no clone at all has no history.
"""

import math
import re
import subprocess
from collections import Counter
from functools import cache

from tests.project.sources import ROOT, texts

LOOKS = {
    "private key": re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY-----"),
    "cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "token": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{50,}|xox[abprs]-[\w-]{10,}|sk-[A-Za-z0-9]{32,})"
    ),
    "address with a password": re.compile(r"\b[a-z]{3,10}://[^\s/:@\"'{}$]+:[^\s/@\"'{}$]+@"),
    "assigned": re.compile(
        r"(?i)\b(?:password|passwd|api_?key|secret_?key|access_?token)\s*[:=]\s*[\"'][^\"'\s]{8,}[\"']"
    ),
}


def test_nothing_looks_like_a_secret():
    found = [f"{path}: {kind}" for path, text in texts() for kind, look in LOOKS.items() if look.search(text)]
    assert not found


@cache
def added_lines():
    """Every line that a commit has added to a text file, each once; of a folder that is no clone its lines now."""
    if not (ROOT / ".git").exists():
        return {line for _path, text in texts() for line in text.splitlines()}
    command = ["git", "log", "--cc", "--patch", "--no-color", "--no-ext-diff", "--unified=0", "--format="]
    log = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120).stdout
    added = (line for line in log.decode(errors="replace").split("\n") if line.startswith("+"))
    return {line[1:].removeprefix("+") for line in added}  # a merge marks with two what none of its parents has


def test_no_commit_has_ever_added_a_secret():
    lines = added_lines()
    text = "\n".join(lines)
    assert not [(kind, found[0][:80]) for kind, look in LOOKS.items() if (found := look.findall(text))]
    assert not [word for word in set(WORD.findall(text)) if looks_random(word)]


def test_the_history_holds_what_the_files_hold():
    """So a search that looked at nothing would be noticed; lines that are not committed yet may be missing."""
    for path in ("LICENSE", "app.py", "tests/project/test_secrets.py", "pyproject.toml"):
        lines = {line for line in (ROOT / path).read_text("utf-8").splitlines() if line}
        assert len(lines & added_lines()) > len(lines) / 2, path


def test_the_search_would_find_one():
    examples = {
        "private key": "-----BEGIN RSA PRIVATE " + "KEY-----",
        "cloud key": "AKIA" + "A1" * 8,
        "token": "ghp_" + "a1" * 18,
        "address with a password": "https:" + "//me:mine@example",
        "assigned": "api_key = '" + "x1" * 8 + "'",
    }
    assert {kind for kind, text in examples.items() if LOOKS[kind].search(text)} == set(LOOKS)


# The digests that pin a file's contents are as random as a key and are none: they are in hexadecimal.
WORD = re.compile(r"(?<![\w/+.-])[A-Za-z0-9+_-]{32,}={0,2}(?![\w/+.-])")


def looks_random(word):
    """Whether a word has the variety of a key: over 4.5 bits a letter, of three kinds of letters."""
    kinds = [any(map(kind, word)) for kind in (str.islower, str.isupper, str.isdigit)]
    entropy = -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values())
    return all(kinds) and entropy > 4.5


def test_no_word_is_as_random_as_a_key():
    found = [f"{path}: {word}" for path, text in texts() for word in WORD.findall(text) if looks_random(word)]
    assert not found


def test_a_random_word_would_be_found():
    key = "Zq8vK2mX7pR4" + "tL9wB3nY6cF1" + "hJ5dG0sA"
    assert WORD.fullmatch(key) and looks_random(key)
    assert not looks_random("2aa21fa52f4a8a8d6f4a4c0d4e2a4f9e") and not looks_random(
        "this_is_a_long_name_of_a_test_of_ours"
    )
