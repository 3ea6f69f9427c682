"""No key, token or password is in the repository: what such things look like, searched for in every text file."""

import re

from tests.project.sources import texts

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


def test_the_search_would_find_one():
    examples = {
        "private key": "-----BEGIN RSA PRIVATE " + "KEY-----",
        "cloud key": "AKIA" + "A1" * 8,
        "token": "ghp_" + "a1" * 18,
        "address with a password": "https:" + "//me:mine@example",
        "assigned": "api_key = '" + "x1" * 8 + "'",
    }
    assert {kind for kind, text in examples.items() if LOOKS[kind].search(text)} == set(LOOKS)
